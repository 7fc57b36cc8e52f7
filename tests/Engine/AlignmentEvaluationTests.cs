using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Golden;
using EDA.Tests.Twin;

namespace EDA.Tests.Engine;

/// <summary>A policy's gaps on labelled candidates, beside the float64 twin's.</summary>
public sealed class AlignmentEvaluationTests : IDisposable
{
    private const int States = 5;
    private const int Candidates = 3;

    private static readonly BdmInputs Inputs = new(new BdmProblem("evaluation", 172, 3, 2, 32, 1, Rows: 4, StateCount: States, CandidateCount: Candidates));

    private readonly CpuDevice _device = new();

    public void Dispose() => _device.Dispose();

    [Fact]
    public void Gaps_are_those_of_the_twin_at_the_smallest_time()
    {
        var outcome = Measure(Labels(States, Inputs.Labels), new ValueObjective(1, 3));
        var twin = new TwinOperations(Inputs.Problem.Shape);
        var times = Enumerable.Repeat(0.001f, States).ToArray();
        double[] expected = twin.Gaps(Inputs.Policy, Inputs.Behavior, Inputs.Candidates, times, new float[Inputs.Candidates.Length], Inputs.GapStates, Candidates);
        Deviation.AssertClose(expected, outcome.Gaps, 1e-4, "gaps");

        // Labels that are the gaps themselves agree everywhere; their opposites only where none is largest, nowhere.
        Assert.Equal(1, Measure(Labels(States, outcome.Gaps), new PreferenceObjective(1)).Agreement);
        Assert.Equal(0, Measure(Labels(States, [.. outcome.Gaps.Select(gap => -gap)]), new PreferenceObjective(1)).Agreement);
    }

    [Fact]
    public void The_loss_is_the_objectives_on_the_draws_of_the_seed()
    {
        var labels = Labels(States, Inputs.Labels);
        var outcome = Measure(labels, new ValueObjective(0.5, 2));
        Assert.Equal(outcome.Loss, Measure(labels, new ValueObjective(0.5, 2)).Loss);
        Assert.NotEqual(outcome.Loss, Measure(labels, new ValueObjective(0.5, 2), seed: 1).Loss);
        var twin = new TwinOperations(Inputs.Problem.Shape);
        double expected = 0;
        for (uint step = 0; step < 8; step++)
        {
            var draw = new RandomDraw(0, RandomStage.Evaluation, step);
            float[] times = [.. Enumerable.Range(0, States).Select(i => VarianceSchedule.Published.Time(Philox.Uniform(Philox.Word(draw, RandomPurpose.DiffusionTime, (ulong)i))))];
            float[] noise = [.. Enumerable.Range(0, Inputs.Candidates.Length).Select(i => Philox.Normal(draw, RandomPurpose.Noise, (ulong)i))];
            double[] gaps = twin.Gaps(Inputs.Policy, Inputs.Behavior, Inputs.Candidates, times, noise, Inputs.GapStates, Candidates);
            expected += TwinObjective.Step(new AlignmentObjective(AlignmentLoss.Value, 0.5f, 2), [.. gaps.Select(gap => (float)gap)], Inputs.Labels, Candidates).Loss / 8;
        }

        Assert.Equal(expected, outcome.Loss, 1e-4);
    }

    [Fact]
    public void More_states_than_fit_at_once_are_measured_alike()
    {
        // The same five states over and over: gaps repeat whatever part they fall into.
        const int Times = 1300;
        float[] Repeated(float[] values) => [.. Enumerable.Repeat(values, Times).SelectMany(all => all)];
        var many = new UserLabels(
            "own.npz",
            new NamedTensor("states", [Times * States, 3], Repeated(Inputs.GapStates!)),
            new NamedTensor("candidates", [Times * States, Candidates, 2], Repeated(Inputs.Candidates)),
            new NamedTensor("q", [Times * States, Candidates], Repeated(Inputs.Labels)),
            null);
        var few = Measure(Labels(States, Inputs.Labels), new ValueObjective(1, 3));
        var outcome = Measure(many, new ValueObjective(1, 3));
        Assert.Equal(Repeated(few.Gaps), outcome.Gaps);
        Assert.Equal(few.Agreement, outcome.Agreement, 1e-12);
        Assert.True(Math.Abs(outcome.Loss - few.Loss) < 0.2, $"{outcome.Loss} beside {few.Loss}");
    }

    [Fact]
    public void Labels_of_another_size_are_refused()
    {
        var other = new UserLabels("own.npz", null, new NamedTensor("candidates", [1, 2, 2], new float[4]), new NamedTensor("q", [1, 2], new float[2]), null);
        Assert.Throws<InvalidFileException>(() => Measure(other, new ValueObjective(1, 3)));
    }

    private static UserLabels Labels(int states, float[] q) => new(
        "own.npz",
        new NamedTensor("states", [states, 3], Inputs.GapStates!),
        new NamedTensor("candidates", [states, Candidates, 2], Inputs.Candidates),
        new NamedTensor("q", [states, Candidates], q),
        null);

    private AlignmentOutcome Measure(UserLabels labels, PolicyObjective objective, ulong seed = 0)
    {
        using var policy = BottleneckDiffusionModel.FromWeights(_device, new BdmWeights(Inputs.Layout, Inputs.Policy));
        using var behavior = BottleneckDiffusionModel.FromWeights(_device, new BdmWeights(Inputs.Layout, Inputs.Behavior));
        return AlignmentEvaluation.Measure(policy, behavior, labels, objective, seed);
    }
}
