using EDA.Kernels;

namespace EDA.Tests.Golden;

/// <summary>The sizes and constants of a critic's test case.</summary>
public sealed record CriticProblem(
    string Name,
    int Seed,
    int StateSize,
    int ActionSize,
    int Width,
    int Count,
    int Rows,
    int CandidateCount,
    float Expectile = 0.7f,
    float Discount = 0.99f,
    float Temperature = 3,
    float Cap = 100,
    float InverseTemperature = 1)
{
    public CriticShape Shape => new(StateSize, ActionSize, Width);

    public ImplicitBackup Implicit => new(Discount, Expectile);

    public AdvantageWeighting Weighting => new(Temperature, Cap);
}

/// <summary>The weights, dataset and batches of a case, made by the formulas of generate_critics.py.</summary>
public sealed class CriticInputs
{
    /// <summary>Where the signs and positions of a layout's sketches begin.</summary>
    public const int TwinBase = 0, ValueBase = 20, PolicyBase = 40, TargetBase = 60;

    private readonly int _base;

    public CriticInputs(CriticProblem problem)
    {
        Problem = problem;
        _base = 1000 * problem.Seed;
        Layout = new CriticLayout(problem.Shape);
        Twin = Weights(Layout.Twin, TwinBase);
        Value = Weights(Layout.Value, ValueBase);
        Policy = Weights(Layout.Policy, PolicyBase);
        Target = Weights(Layout.Twin, TargetBase);
        int n = problem.Count;
        States = Spread(500, n * problem.StateSize);
        Actions = Uniform(501, n * problem.ActionSize);
        Rewards = Spread(502, n);
        Terminals = FormulaNumbers.Fill(n, i => FormulaNumbers.Uniform(_base + 503, i) > 0.5 ? 1 : 0);
        NextStates = Spread(504, n * problem.StateSize);
        Candidates = Uniform(550, problem.Rows * problem.CandidateCount * problem.ActionSize);
    }

    public CriticProblem Problem { get; }

    public CriticLayout Layout { get; }

    public float[] Twin { get; }

    public float[] Value { get; }

    public float[] Policy { get; }

    public float[] Target { get; }

    public float[] States { get; }

    public float[] Actions { get; }

    public float[] Rewards { get; }

    public float[] Terminals { get; }

    public float[] NextStates { get; }

    /// <summary>Actions for the first rows of <see cref="States"/> [rows×K×A].</summary>
    public float[] Candidates { get; }

    /// <summary>The rows of the dataset that make a step's batch.</summary>
    public int[] Indices(int step) =>
        [.. Enumerable.Range(0, Problem.Rows).Select(i => (int)(FormulaNumbers.Bits(_base + 510 + step, i) % (uint)Problem.Count))];

    /// <summary>The next actions of a step [rows×K×A].</summary>
    public float[] NextActions(int step) => Uniform(530 + step, Problem.Rows * Problem.CandidateCount * Problem.ActionSize);

    private float[] Weights(MlpLayout layout, int first)
    {
        var weights = new float[layout.Length];
        for (int i = 0; i < layout.Slices.Count; i++)
        {
            var slice = layout.Slices[i];
            int stream = _base + first + i;
            double size = slice.Dimensions.Count == 1 ? 0.25 : 2.5 / Math.Sqrt(slice.Dimensions[1]);
            FormulaNumbers.Fill(slice.Length, j => size * FormulaNumbers.Uniform(stream, j)).CopyTo(weights, slice.Offset);
        }

        return weights;
    }

    private float[] Uniform(int stream, int count) => FormulaNumbers.Fill(count, i => FormulaNumbers.Uniform(_base + stream, i));

    private float[] Spread(int stream, int count) => FormulaNumbers.Fill(count, i => FormulaNumbers.Spread(_base + stream, i));
}
