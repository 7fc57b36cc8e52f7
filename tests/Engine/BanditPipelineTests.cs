using System.Text.Json;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Engine.Stages;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Engine;

/// <summary>The bandits from end to end on the processor, with a few seconds of work.</summary>
public sealed class BanditPipelineTests : IDisposable
{
    private static readonly BanditRun _tiny = BanditBudgets.Smoke with
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

    public static TheoryData<string> Names => [.. Bandits.Names];

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _device.Dispose();
    }

    [Fact]
    public void TrainingLearns()
    {
        var recorder = new Recorder();
        using var pipeline = new BanditPipeline(_device, BanditBudgets.Smoke with { Bandit = "8gaussians" });
        var result = pipeline.Run(recorder);
        Assert.True(result.Completed);
        Assert.Equal(["behavior", "alignment", "evaluation"], result.Stages.Select(stage => stage.Stage));

        // An untrained network predicts about no noise: E‖ε‖² = 2. Both losses fall.
        int behaviorReports = recorder.Events.IndexOf("finished behavior 300") - 1;
        Assert.True(recorder.Losses[behaviorReports - 1] < 0.6 * recorder.Losses[0]);
        Assert.True(recorder.Losses[^1] < recorder.Losses[behaviorReports]);

        var metrics = result.Evaluation!.Metrics;
        Assert.InRange(metrics.QCorrelation!.Value, 0.3, 1);
        Assert.True(metrics.PolicyMeanQ > metrics.BehaviorMeanQ + 0.05);
        Assert.InRange(metrics.BehaviorMeanQ, 0.4, 0.6);
        Assert.InRange(metrics.EnergyDistanceBehavior, -0.02, 0.5);

        // Uniform over i/7 weighted by e^{3 i/7}.
        double[] q = [.. Enumerable.Range(0, 8).Select(i => i / 7.0)];
        Assert.Equal(q.Sum(x => x * Math.Exp(3 * x)) / q.Sum(x => Math.Exp(3 * x)), metrics.TargetMeanQ, 0.01);
        Assert.Equal(1, result.Evaluation.TargetWeights.Sum(), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryBanditRuns(string name)
    {
        using var pipeline = new BanditPipeline(_device, _tiny with { Bandit = name });
        Assert.True(pipeline.Run().Completed);
    }

    [Theory]
    [InlineData(ObjectiveKind.Preference)]
    [InlineData(ObjectiveKind.Dpo)]
    public void ObjectivesWithoutTheIdentityReportNone(ObjectiveKind objective)
    {
        using var pipeline = new BanditPipeline(_device, _tiny with { Alignment = _tiny.Alignment.With(objective) });
        var metrics = pipeline.Run().Evaluation!.Metrics;
        Assert.Null(metrics.QCorrelation);
        Assert.Null(metrics.QSlope);
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(metrics));
        Assert.Equal(
            ["behavior_mean_q", "energy_distance_behavior", "energy_distance_policy", "policy_mean_q", "q_correlation", "q_slope", "target_mean_q"],
            json.RootElement.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("q_slope").ValueKind);
    }

    [Fact]
    public void SameSeedSameBits()
    {
        float[] Weights(ulong seed)
        {
            using var pipeline = new BanditPipeline(_device, _tiny with { Seed = seed });
            pipeline.Run();
            return pipeline.Policy.CloneParameters();
        }

        Assert.Equal(Weights(0), Weights(0));
        Assert.NotEqual(Weights(0), Weights(1));
    }

    [Theory]
    [InlineData(PretrainedAt, 5, 0)]
    [InlineData(AlignedAt, 10, 5)]
    public void AnInterruptedRunGoesOnExactly(string at, long behaviorSteps, long alignmentSteps)
    {
        using var whole = new BanditPipeline(_device, _tiny);
        var expected = whole.Run().Evaluation!;

        using (var source = new CancellationTokenSource())
        using (var interrupted = new BanditPipeline(_device, _tiny))
        {
            var result = interrupted.Run(new Recorder { OnProgress = progress => { if (progress.Stage == at && progress.Step == 5) source.Cancel(); } }, source.Token);
            Assert.False(result.Completed);
            Assert.Equal(behaviorSteps, result.Stages[0].Steps);
            Assert.Equal(alignmentSteps, result.Stages.Count > 1 ? result.Stages[1].Steps : 0);
            Assert.Null(result.Evaluation);

            // What there is can be used.
            Assert.All(interrupted.Policy.Density([0.5f, 0.5f], [0.1f]), value => Assert.True(float.IsFinite(value)));
            if (alignmentSteps == 0)
                Assert.Equal(interrupted.Behavior.CloneParameters(), interrupted.Policy.CloneParameters());
            interrupted.SaveState(_folder);
        }

        using var resumed = new BanditPipeline(_device, _tiny);
        resumed.LoadState(_folder);
        var evaluation = resumed.Run().Evaluation!;
        Assert.Equal(whole.Behavior.CloneParameters(), resumed.Behavior.CloneParameters());
        Assert.Equal(whole.Policy.CloneParameters(), resumed.Policy.CloneParameters());
        Assert.Equal(expected.Metrics, evaluation.Metrics);

        using var other = new BanditPipeline(_device, _tiny with { Bandit = "moons" });
        Assert.Throws<InvalidFileException>(() => other.LoadState(_folder));
    }

    [Fact]
    public void AveragedRunsResumeExactlyToo()
    {
        var run = _tiny with
        {
            Behavior = _tiny.Behavior with { Averaging = 0.05, Schedule = LearningRateSchedule.Cosine },
            Alignment = _tiny.Alignment with { Averaging = 0.05 },
        };
        using var whole = new BanditPipeline(_device, run);
        whole.Run();
        using var source = new CancellationTokenSource();
        using var interrupted = new BanditPipeline(_device, run);
        interrupted.Run(new Recorder { OnProgress = progress => { if (progress.Stage == AlignedAt) source.Cancel(); } }, source.Token);
        interrupted.SaveState(_folder);
        using var resumed = new BanditPipeline(_device, run);
        resumed.LoadState(_folder);
        resumed.Run();
        Assert.Equal(whole.Policy.CloneParameters(), resumed.Policy.CloneParameters());
    }

    private const string PretrainedAt = BehaviorPretraining.StageName;
    private const string AlignedAt = PolicyAlignment.StageName;
}
