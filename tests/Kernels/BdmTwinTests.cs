using System.Collections.Concurrent;
using EDA.Kernels;
using EDA.Tests.Golden;
using EDA.Tests.Twin;

namespace EDA.Tests.Kernels;

/// <summary>Every device against the float64 twin, on shapes that leave tiles, vectors and lanes partly filled.</summary>
public class BdmTwinTests
{
    private static readonly BdmProblem[] Problems =
    [
        new("one row of everything", 101, 0, 1, 32, 1, Rows: 1, StateCount: 1, CandidateCount: 2),
        new("one row with a state", 102, 5, 3, 32, 2, Rows: 1, StateCount: 1, CandidateCount: 3),
        new("odd batch", 103, 4, 2, 64, 2, Rows: 31, StateCount: 11, CandidateCount: 3),
        new("bandit, four blocks", 104, 0, 2, 32, 4, Rows: 33, StateCount: 5, CandidateCount: 16),
        new("width 96", 105, 17, 6, 96, 3, Rows: 97, StateCount: 7, CandidateCount: 16, DropoutRate: 0.3f),
        new("fifty candidates", 106, 11, 3, 64, 1, Rows: 65, StateCount: 3, CandidateCount: 50),
        new("more actions than a vector", 107, 1, 19, 32, 1, Rows: 16, StateCount: 4, CandidateCount: 5),
        new("published width", 109, 17, 6, 256, 2, Rows: 21, StateCount: 5, CandidateCount: 3, DropoutRate: 0.2f),
        new("several tiles", 108, 3, 2, 32, 2, Rows: 523, StateCount: 33, CandidateCount: 16, SampleStateCount: 70, SampleCandidateCount: 4),
    ];

    private static readonly ConcurrentDictionary<string, Lazy<Truth>> Truths = new();

    // What the tensor cores add is accuracy, and that shows in a few. Not in the alignment of two candidates of one state: its
    // gradient is the difference of two that are nearly the same, and says more about them than about a device.
    private static readonly string[] ForPrecisions = ["one row with a state", "odd batch", "bandit, four blocks", "width 96"];

    public static TheoryData<string, string> Cases => TestDevices.WithPrecisions(Problems.Select(problem => problem.Name), ForPrecisions);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Density_and_score_are_the_twins(string deviceName, string name)
    {
        var truth = TruthOf(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, truth.Inputs);
        Deviation.AssertClose(truth.Density, run.Density(), Tolerances.Of(deviceName).Density, "f");
        Deviation.AssertClose(truth.Score, run.Score(), Tolerances.Of(deviceName).Score, "score");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Denoising_step_is_the_twins(string deviceName, string name)
    {
        var truth = TruthOf(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, truth.Inputs);
        AssertStep(deviceName, truth.Inputs, truth.Denoising, run.DenoisingStep(run.GivenDenoising(dropout: false)), "denoising");
        AssertStep(deviceName, truth.Inputs, truth.DenoisingWithDropout, run.DenoisingStep(run.GivenDenoising(dropout: true)), "denoising with dropout");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gaps_and_alignment_step_are_the_twins(string deviceName, string name)
    {
        var truth = TruthOf(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, truth.Inputs);
        var draws = run.GivenGaps();
        double scale = Math.Sqrt(truth.Density.Average(f => f * f) / truth.Gaps.Average(gap => gap * gap));
        Deviation.AssertClose(truth.Gaps, run.Gaps(draws), Tolerances.Of(deviceName).Density * Math.Max(1, scale), "gaps");
        AssertStep(deviceName, truth.Inputs, truth.Value, run.AlignmentStep(Truth.ValueObjective, draws), "value");
        AssertStep(deviceName, truth.Inputs, truth.Preference, run.AlignmentStep(Truth.PreferenceObjective, draws), "preference");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Solver_loop_does_what_the_table_says(string deviceName, string name)
    {
        var truth = TruthOf(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, truth.Inputs);
        Deviation.AssertClose(truth.Samples, run.Sample(SolverTables.EveryFeature), Tolerances.Of(deviceName).Score, "sample");
    }

    private static Truth TruthOf(string name) => Truths.GetOrAdd(
        name, key => new Lazy<Truth>(() => new Truth(new BdmInputs(Problems.Single(problem => problem.Name == key))))).Value;

    private static void AssertStep(
        string deviceName, BdmInputs inputs, (double Loss, double[] Gradient) truth, (float Loss, float[] Gradient) found, string what)
    {
        var tolerances = Tolerances.Of(deviceName);
        Deviation.AssertClose(truth.Loss, found.Loss, tolerances.Loss, what + " loss");
        Deviation.AssertGradient(inputs.Layout, truth.Gradient, found.Gradient, tolerances.Gradient, what + " gradient");
        foreach (var slice in new[] { inputs.Layout.Frequencies, inputs.Layout.OutputBias })
            Assert.All(found.Gradient[slice.Offset..(slice.Offset + slice.Length)], entry => Assert.Equal(0, entry));
    }

    /// <summary>What the twin finds for a problem, found once for all devices.</summary>
    private sealed class Truth
    {
        public static readonly AlignmentObjective ValueObjective = new(AlignmentLoss.Value, 0.7f, 3);
        public static readonly AlignmentObjective PreferenceObjective = new(AlignmentLoss.Preference, 1.5f, 3);

        public Truth(BdmInputs inputs)
        {
            Inputs = inputs;
            var twin = new TwinOperations(inputs.Problem.Shape);
            double[] behavior = Deviation.Widen(inputs.Behavior), policy = Deviation.Widen(inputs.Policy);
            Density = twin.Density(inputs.Behavior, inputs.Diffused, inputs.Times, inputs.States);
            Score = twin.Score(inputs.Behavior, Deviation.Widen(inputs.Diffused), inputs.Times, inputs.States);
            Denoising = twin.DenoisingStep(behavior, inputs.Actions, inputs.Times, inputs.Noise, inputs.States);
            DenoisingWithDropout = twin.DenoisingStep(
                behavior, inputs.Actions, inputs.Times, inputs.Noise, inputs.States, inputs.Mask, inputs.Problem.DropoutRate);
            Gaps = twin.Gaps(
                inputs.Policy, inputs.Behavior, inputs.Candidates, inputs.GapTimes, inputs.GapNoise, inputs.GapStates, inputs.Problem.CandidateCount);
            Value = Align(ValueObjective);
            Preference = Align(PreferenceObjective);
            Samples = twin.Sample(
                inputs.Behavior, inputs.SampleStates, inputs.Problem.SampleCandidateCount, SolverTables.EveryFeature, inputs.Start);

            (double Loss, double[] Gradient) Align(AlignmentObjective objective) => twin.AlignmentStep(
                policy, inputs.Behavior, inputs.Candidates, inputs.Labels, inputs.GapTimes, inputs.GapNoise, inputs.GapStates, inputs.Problem.CandidateCount, objective);
        }

        public BdmInputs Inputs { get; }

        public double[] Density { get; }

        public double[] Score { get; }

        public (double Loss, double[] Gradient) Denoising { get; }

        public (double Loss, double[] Gradient) DenoisingWithDropout { get; }

        public double[] Gaps { get; }

        public (double Loss, double[] Gradient) Value { get; }

        public (double Loss, double[] Gradient) Preference { get; }

        public double[] Samples { get; }
    }
}
