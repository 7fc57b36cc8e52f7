using EDA.Kernels;
using EDA.Tests.Kernels;
using EDA.Tests.Twin;

namespace EDA.Tests.Golden;

/// <summary>What PyTorch found for one multi-layer perceptron.</summary>
public sealed record GoldenMlp(
    string Name,
    int Seed,
    int InputSize,
    int[] HiddenWidths,
    int OutputSize,
    string Activation,
    string Output,
    int Rows,
    GoldenTensor[] Tensors,
    double[] Outputs,
    double[] InputsGradient,
    double[] ParametersGradient)
{
    public MlpProblem Problem => new(Name, Seed, InputSize, HiddenWidths, OutputSize, Enum.Parse<MlpActivation>(Activation), Enum.Parse<MlpOutput>(Output), Rows);
}

/// <summary>Every device's multi-layer perceptrons, and the twin's, against PyTorch's in float64: one for each activation.</summary>
public class MlpGoldenTests
{
    private static readonly GoldenMlp[] Golden = GoldenFiles.Read<GoldenMlp[]>("mlps");

    public static TheoryData<string, string> Cases => TestDevices.WithCpuPrecisions(Golden.Select(mlp => mlp.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_and_gradients_are_pytorchs(string deviceName, string name)
    {
        var golden = Golden.Single(mlp => mlp.Name == name);
        var inputs = new MlpInputs(golden.Problem);
        using var device = TestDevices.Create(deviceName);
        using var run = new MlpRun(device, inputs);
        var found = run.Everything()[0];
        Deviation.AssertClose(golden.Outputs, found["outputs"], Tolerances.OfPerceptron(deviceName).Density, "outputs");
        Deviation.AssertClose(golden.InputsGradient, found["inputs' gradient"], Tolerances.OfPerceptron(deviceName).Score, "inputs' gradient");
        Deviation.AssertGradient(inputs.Layout.Slices, golden.ParametersGradient, found["parameters' gradient"], Tolerances.OfPerceptron(deviceName).Gradient, "parameters' gradient");
    }

    [Fact]
    public void The_twin_and_the_layout_are_pytorchs()
    {
        Assert.Equal(Enum.GetValues<MlpActivation>(), Golden.Select(mlp => mlp.Problem.Activation));
        foreach (var golden in Golden)
        {
            var inputs = new MlpInputs(golden.Problem);
            Assert.Equal(golden.Tensors.Select(tensor => tensor.Name), inputs.Layout.Slices.Select(slice => slice.Name));
            Assert.Equal(golden.Tensors.SelectMany(tensor => tensor.Dimensions), inputs.Layout.Slices.SelectMany(slice => slice.Dimensions));
            var twin = new TwinMlp(inputs.Layout, inputs.Parameters);
            var x = Variable.Leaf(golden.Rows, golden.InputSize, inputs.Inputs);
            var y = twin.Forward(IMlpOperations.NetworkName, x);
            var loss = Matrices.Sum(y * Variable.Leaf(y.Rows, y.Columns, inputs.OutputsGradient));
            Deviation.AssertClose(golden.Outputs, y.Values, 1e-12, golden.Name);
            Deviation.AssertClose(golden.InputsGradient, Differentiation.Gradient(loss, x)[0].Values, 1e-12, golden.Name);
            Deviation.AssertClose(golden.ParametersGradient, twin.Gradient(loss), 1e-12, golden.Name);
        }
    }
}
