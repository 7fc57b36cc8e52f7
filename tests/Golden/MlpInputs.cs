using EDA.Kernels;

namespace EDA.Tests.Golden;

/// <summary>The sizes of a multi-layer perceptron's test case.</summary>
public sealed record MlpProblem(
    string Name,
    int Seed,
    int InputSize,
    int[] HiddenWidths,
    int OutputSize,
    MlpActivation Activation,
    MlpOutput Output,
    int Rows)
{
    public MlpShape Shape => new(InputSize, HiddenWidths, OutputSize, Activation, Output);
}

/// <summary>The weights and rows of a case, made by the formulas of generate_mlps.py.</summary>
public sealed class MlpInputs
{
    public MlpInputs(MlpProblem problem)
    {
        Problem = problem;
        Layout = new MlpLayout(problem.Shape, IMlpOperations.NetworkName);
        int first = 1000 * problem.Seed;
        Parameters = new float[Layout.Length];
        for (int i = 0; i < Layout.Slices.Count; i++)
        {
            var slice = Layout.Slices[i];
            int stream = first + i;
            double size = slice.Dimensions.Count == 1 ? 0.25 : 2.5 / Math.Sqrt(slice.Dimensions[1]);
            FormulaNumbers.Fill(slice.Length, j => size * FormulaNumbers.Uniform(stream, j)).CopyTo(Parameters, slice.Offset);
        }

        Inputs = FormulaNumbers.Fill(problem.Rows * problem.InputSize, i => FormulaNumbers.Spread(first + 500, i));
        OutputsGradient = FormulaNumbers.Fill(problem.Rows * problem.OutputSize, i => FormulaNumbers.Spread(first + 501, i) / problem.Rows);
    }

    public MlpProblem Problem { get; }

    public MlpLayout Layout { get; }

    public float[] Parameters { get; }

    /// <summary>x [n×in].</summary>
    public float[] Inputs { get; }

    /// <summary>∂L/∂y [n×out].</summary>
    public float[] OutputsGradient { get; }
}
