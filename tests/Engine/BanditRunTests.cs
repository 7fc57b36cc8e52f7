using System.Text.Json;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Engine;

/// <summary>The bandits from end to end on the processor, with a few seconds of work.</summary>
public sealed class BanditRunTests : IDisposable
{
    private static readonly RunSettings _tiny = RunBudgets.Get("smoke", BanditTask.Each[0]) with
    {
        Points = 2000,
        Width = 32,
        Blocks = 1,
        Behavior = new() { Batch = 64, Steps = 10, LearningRate = 1e-3, ReportEvery = 5 },
        Alignment = new() { States = 8, Candidates = 4, Steps = 10, LearningRate = 1e-3, ReportEvery = 5 },
        Evaluation = new() { HeldOut = 256, Samples = 256, DistancePoints = 200 },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-pipeline-").FullName;
    private readonly CpuDevice _device = new();

    public static TheoryData<string> Names => [.. Bandit.Table.Names];

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _device.Dispose();
    }

    [Fact]
    public void Training_learns()
    {
        var recorder = new Recorder();
        var result = Run(RunBudgets.Get("smoke", BanditTask.Each[0]), "run").Run(observer: recorder);
        Assert.True(result.Completed);
        Assert.Equal(["behavior", "alignment", "evaluation"], result.Stages.Select(stage => stage.Stage));

        // An untrained network predicts about no noise: E‖ε‖² = 2. Both losses fall.
        int behaviorReports = recorder.Events.IndexOf("finished behavior 300") - 1;
        Assert.True(recorder.Losses[behaviorReports - 1] < 0.75 * recorder.Losses[0]);
        Assert.True(recorder.Losses[^1] < recorder.Losses[behaviorReports]);

        var metrics = result.Exact!.Metrics;
        Assert.InRange(metrics.QCorrelation!.Value, 0.3, 1);
        Assert.True(metrics.PolicyMeanQ > metrics.BehaviorMeanQ + 0.05);
        Assert.InRange(metrics.BehaviorMeanQ, 0.4, 0.6);
        Assert.InRange(metrics.EnergyDistanceBehavior, -0.02, 0.5);

        // Uniform over i/7 weighted by e^{3 i/7}.
        double[] q = [.. Enumerable.Range(0, 8).Select(i => i / 7.0)];
        Assert.Equal(q.Sum(x => x * Math.Exp(3 * x)) / q.Sum(x => Math.Exp(3 * x)), metrics.TargetMeanQ, 0.01);
        Assert.Equal(1, result.Exact.TargetWeights.Sum(), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_bandit_runs(string name) => Assert.True(Run(_tiny with { Bandit = name }, "run").Run().Completed);

    [Theory]
    [InlineData("preference")]
    [InlineData("dpo")]
    public void Objectives_without_the_identity_report_none(string objective)
    {
        var metrics = Run(_tiny with { Alignment = _tiny.Alignment.With(ObjectiveKind.Table.Find(objective)) }, "run").Run().Exact!.Metrics;
        Assert.Null(metrics.QCorrelation);
        Assert.Null(metrics.QSlope);
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(metrics));
        Assert.Equal(
            ["behavior_mean_q", "energy_distance_behavior", "energy_distance_policy", "policy_mean_q", "q_correlation", "q_slope", "target_mean_q"],
            json.RootElement.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("q_slope").ValueKind);
    }

    [Fact]
    public void Same_seed_same_bits()
    {
        float[] Weights(ulong seed, string folder)
        {
            var run = Run(_tiny with { Seed = seed }, folder);
            run.Run();
            return run.Policy();
        }

        Assert.Equal(Weights(0, "once"), Weights(0, "again"));
        Assert.NotEqual(Weights(0, "and again"), Weights(1, "other"));
    }

    [Theory]
    [InlineData(PretrainedAt, 5, 0)]
    [InlineData(AlignedAt, 10, 5)]
    public void An_interrupted_run_goes_on_exactly(string at, long behaviorSteps, long alignmentSteps)
    {
        var whole = Run(_tiny, "whole");
        var expected = whole.Run().Exact!;
        var pieces = Run(_tiny, "pieces");
        using (var source = new CancellationTokenSource())
        {
            var result = pieces.Run(null, new Recorder { OnProgress = progress => { if (progress.Stage == at && progress.Step == 5) source.Cancel(); } }, source.Token);
            Assert.False(result.Completed);
            Assert.Equal(behaviorSteps, result.Stages[0].Steps);
            Assert.Equal(alignmentSteps, result.Stages.Count > 1 ? result.Stages[1].Steps : 0);
            Assert.Null(result.Exact);

            // What is there can be used.
            Assert.All(alignmentSteps == 0 ? pieces.Behavior() : pieces.Policy(), value => Assert.True(float.IsFinite(value)));
            Assert.Equal(alignmentSteps > 0, File.Exists(pieces.Files().PolicyWeights));
        }

        var evaluation = pieces.Run().Exact!;
        Assert.Equal(whole.Behavior(), pieces.Behavior());
        Assert.Equal(whole.Policy(), pieces.Policy());
        Assert.Equal(expected.Metrics, evaluation.Metrics);
        Assert.Throws<InvalidFileException>(() => Run(_tiny with { Bandit = "moons" }, "pieces").Run());
    }

    [Fact]
    public void Stages_of_a_bandit_run_one_by_one()
    {
        var (whole, single) = (Run(_tiny, "whole"), Run(_tiny, "single"));
        var expected = whole.Run().Exact!;
        Assert.Equal(["behavior", "align", "evaluate"], single.Pipeline.Stages.Select(stage => stage.Name));
        Assert.Equal("behavior", Assert.Throws<UnfinishedStageException>(() => single.Run(RunStages.Align)).Stage);
        Assert.Equal("behavior", Assert.Throws<UnfinishedStageException>(() => single.Run(RunStages.Evaluate)).Stage);
        single.Run(RunStages.Behavior);
        Assert.Equal("align", Assert.Throws<UnfinishedStageException>(() => single.Run(RunStages.Evaluate)).Stage);
        single.Run(RunStages.Align);
        Assert.Equal(expected.Metrics, single.Run(RunStages.Evaluate).Exact!.Metrics);
        Assert.Throws<InvalidSettingException>(() => single.Run(RunStages.Critic));
    }

    [Fact]
    public void Averaged_runs_resume_exactly_too()
    {
        var settings = _tiny with
        {
            Behavior = _tiny.Behavior with { Averaging = 0.05, Schedule = LearningRateSchedule.Cosine },
            Alignment = _tiny.Alignment with { Averaging = 0.05 },
        };
        var (whole, pieces) = (Run(settings, "whole"), Run(settings, "pieces"));
        whole.Run();
        using var source = new CancellationTokenSource();
        pieces.Run(null, new Recorder { OnProgress = progress => { if (progress.Stage == AlignedAt) source.Cancel(); } }, source.Token);
        pieces.Run();
        Assert.Equal(whole.Policy(), pieces.Policy());
    }

    private const string PretrainedAt = BehaviorPretraining.StageName;
    private const string AlignedAt = PolicyAlignment.StageName;

    private TestRun Run(RunSettings settings, string folder) => new(_device, Path.Combine(_folder, folder), settings);
}
