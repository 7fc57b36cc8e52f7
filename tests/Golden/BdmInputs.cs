using EDA.Kernels;
using static EDA.Tests.Golden.FormulaNumbers;

namespace EDA.Tests.Golden;

/// <summary>How large a problem is, and the seed of its numbers.</summary>
public sealed record BdmProblem(
    string Name,
    int Seed,
    int StateSize,
    int ActionSize,
    int Width,
    int Blocks,
    int Rows,
    int StateCount,
    int CandidateCount,
    float DropoutRate = 0.1f,
    int SampleStateCount = 3,
    int SampleCandidateCount = 2)
{
    public BdmShape Shape => new(StateSize, ActionSize, Width, Blocks);
}

/// <summary>Weights and inputs of a problem, as generate.py makes them (its streams stand at its top).</summary>
public sealed class BdmInputs
{
    private const double TimeMin = 1e-3;

    private readonly int _base;

    public BdmInputs(BdmProblem problem)
    {
        Problem = problem;
        Layout = new BdmLayout(problem.Shape);
        _base = 1000 * problem.Seed;
        Behavior = MakeBehavior();
        Policy = MakePolicy();

        int n = problem.Rows, a = problem.ActionSize, gaps = problem.StateCount * problem.CandidateCount;
        Actions = Fill(n * a, i => Uniform(_base + 400, i));
        States = MakeStates(401, n);
        Times = MakeTimes(402, n);
        Noise = Fill(n * a, i => Spread(_base + 403, i));
        double keptFrom = (2 * (double)problem.DropoutRate) - 1;
        Mask = Fill(n * problem.Blocks * problem.Width, i => Uniform(_base + 404, i) >= keptFrom ? 1 : 0);

        Candidates = Fill(gaps * a, i => Uniform(_base + 410, i));
        GapStates = MakeStates(411, problem.StateCount);
        GapTimes = MakeTimes(412, problem.StateCount);
        GapNoise = Fill(gaps * a, i => Spread(_base + 413, i));
        Labels = Fill(gaps, i => Spread(_base + 414, i));

        Diffused = Fill(n * a, i => 1.5 * Spread(_base + 420, i));
        Start = Fill(problem.SampleStateCount * problem.SampleCandidateCount * a, i => Spread(_base + 421, i));
        SampleStates = MakeStates(422, problem.SampleStateCount);
    }

    public BdmProblem Problem { get; }

    public BdmLayout Layout { get; }

    /// <summary>φ, and θ of the density, score and denoising.</summary>
    public float[] Behavior { get; }

    /// <summary>θ of gaps and alignment.</summary>
    public float[] Policy { get; }

    public float[] Actions { get; }

    public float[]? States { get; }

    public float[] Times { get; }

    public float[] Noise { get; }

    public float[] Mask { get; }

    public float[] Candidates { get; }

    public float[]? GapStates { get; }

    public float[] GapTimes { get; }

    public float[] GapNoise { get; }

    public float[] Labels { get; }

    /// <summary>a_t of the density and the score.</summary>
    public float[] Diffused { get; }

    public float[] Start { get; }

    public float[]? SampleStates { get; }

    private float[] MakeBehavior()
    {
        var values = new float[Layout.Length];
        for (int tensor = 0; tensor < Layout.Slices.Count; tensor++)
        {
            var slice = Layout.Slices[tensor];
            int stream = _base + tensor;
            Func<int, double> value = slice switch
            {
                { Name: "embed.0.W" } => i => 30 * Spread(stream, i),
                _ when slice.Name.EndsWith("layer_norm.weight", StringComparison.Ordinal) => i => 1 + (0.25 * Uniform(stream, i)),
                { Dimensions.Count: 1 } => i => 0.25 * Uniform(stream, i),
                _ => i => 1.5 / Math.Sqrt(slice.Dimensions[1]) * Uniform(stream, i),
            };
            Fill(slice.Length, value).CopyTo(values, slice.Offset);
        }

        return values;
    }

    private float[] MakePolicy()
    {
        var values = (float[])Behavior.Clone();
        for (int tensor = 0; tensor < Layout.Slices.Count; tensor++)
        {
            var slice = Layout.Slices[tensor];
            if (slice.Name == "embed.0.W")
                continue;
            int stream = _base + 100 + tensor;
            double size = slice.Dimensions.Count == 1 ? 0.125 : 0.5 / Math.Sqrt(slice.Dimensions[1]);
            for (int i = 0; i < slice.Length; i++)
                values[slice.Offset + i] = (float)(Behavior[slice.Offset + i] + (size * Uniform(stream, i)));
        }

        return values;
    }

    private float[]? MakeStates(int stream, int count) =>
        Problem.StateSize == 0 ? null : Fill(count * Problem.StateSize, i => Spread(_base + stream, i));

    private float[] MakeTimes(int stream, int count) => Fill(count, i => i switch
    {
        0 => TimeMin,
        1 => 1.0,
        _ => TimeMin + ((1 - TimeMin) * (0.5 + (0.5 * Uniform(_base + stream, i)))),
    });
}
