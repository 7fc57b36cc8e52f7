using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Kernels;

namespace EDA.Tests.Engine;

/// <summary>Seeds trained side by side come to what each comes to alone, to the last bit.</summary>
[Trait("speed", "slow")]
public sealed class SeveralSeedsTests : IDisposable
{
    private const int Count = 3;

    private static readonly RunSettings _tiny = RunBudgets.Get("smoke", BanditTask.Each[2]) with
    {
        Seed = 7,
        Points = 300,
        Width = 32,
        Blocks = 1,
        Behavior = new() { Batch = 9, Steps = 5, LearningRate = 1e-2, ReportEvery = 2, Schedule = LearningRateSchedule.Cosine },
        Alignment = new() { States = 3, Candidates = 4, Steps = 5, LearningRate = 1e-2, ReportEvery = 2 },
        Evaluation = new() { HeldOut = 16, Samples = 16, DistancePoints = 16, SolverEvaluations = 2 },
    };

    private static readonly RunSettings _averaged = _tiny with
    {
        Behavior = _tiny.Behavior with { Averaging = 0.1 },
        Alignment = _tiny.Alignment with { Averaging = 0.1 },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-seeds-").FullName;
    private readonly CpuDevice _device = new();

    public static TheoryData<string> Devices => TestDevices.Names;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _device.Dispose();
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Each_seed_has_the_bits_of_its_run_alone(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        var together = new TestRun(device, At("together"), _averaged, Count);
        Recorder[] recorders = [.. Enumerable.Range(0, Count).Select(_ => new Recorder())];
        var results = together.RunSeeds(recorders);
        Assert.Equal(Count, Enumerable.Range(0, Count).Select(m => together.Policy(m)[100]).Distinct().Count());
        for (int m = 0; m < Count; m++)
        {
            var alone = new TestRun(device, At("alone"), _averaged with { Seed = _averaged.Seed + (ulong)m });
            var recorder = new Recorder();
            var result = alone.Run(observer: recorder);
            Assert.Equal(result.Exact!.Metrics, results[m].Exact!.Metrics);
            Assert.Equal(result.Exact.PolicySamples, results[m].Exact!.PolicySamples);
            Assert.Equal(result.Stages.Select(Untimed), results[m].Stages.Select(Untimed));
            Assert.Equal(recorder.Events, recorders[m].Events);
            Assert.Equal(recorder.Losses, recorders[m].Losses);
            foreach (string file in Directory.GetFiles(Path.GetDirectoryName(alone.Files().BehaviorState)!))
                Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(together.Files(m).BehaviorState)!, Path.GetFileName(file))));
        }

        static StageResult Untimed(StageResult result) => result with { Seconds = 0 };
    }

    [Fact]
    public void An_interrupted_batch_goes_on_exactly()
    {
        var whole = new TestRun(_device, At("whole"), _averaged, Count);
        whole.RunSeeds();
        foreach (string at in new[] { BehaviorPretraining.StageName, PolicyAlignment.StageName })
        {
            using var source = new CancellationTokenSource();
            var interrupted = new TestRun(_device, At(at), _averaged, Count);
            var results = interrupted.RunSeeds([null, new Recorder { OnProgress = progress => { if (progress.Stage == at && progress.Step == 2) source.Cancel(); } }, null], source.Token);
            Assert.All(results, result => Assert.Equal((at, 2, false, null), (result.Stages[^1].Stage, result.Stages[^1].Steps, result.Completed, result.Divergence)));

            // In a batch of other neighbours, too: the last two alone.
            var resumed = new TestRun(_device, At(at), _averaged with { Seed = _averaged.Seed + 1 }, Count - 1);
            Assert.All(resumed.RunSeeds(), result => Assert.True(result.Completed));
            Assert.Equal(whole.Policy(1), resumed.Policy(0));
            Assert.Equal(whole.Policy(2), resumed.Policy(1));
        }
    }

    [Fact]
    public void States_of_other_seeds_or_of_other_steps_are_refused()
    {
        var run = new TestRun(_device, At("run"), _tiny, Count);
        using (var source = new CancellationTokenSource())
        {
            source.Cancel();
            run.RunSeeds(cancellation: source.Token);
        }

        new TestRun(_device, At("run"), _tiny).Run();
        Assert.Contains("is missing where", Assert.Throws<InvalidFileException>(() => run.RunSeeds()).Message, StringComparison.Ordinal);
        File.Copy(run.Files(1).BehaviorState, run.Files(0).BehaviorState, overwrite: true);
        Assert.Contains("its seed is 8 and not 7", Assert.Throws<InvalidFileException>(() => run.RunSeeds()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("behavior", new[] { "started behavior 0/5", "diverged behavior 2" })]
    [InlineData("alignment", new[] { "started alignment 0/5", "diverged alignment 2" })]
    public void A_seed_that_diverges_stops_no_other(string stage, string[] events)
    {
        var expected = Train(stage, broken: false, [new(), new(), new()]);
        Recorder sick = new();
        SeedTraining[] seeds = [new(), new(sick), new()];
        var trained = Train(stage, broken: true, seeds);
        Assert.Equal(events, sick.Events);
        Assert.Equal(2, seeds[1].Divergence!.Step);
        foreach (int m in new[] { 0, 2 })
        {
            Assert.Null(seeds[m].Divergence);
            Assert.Equal(expected[m], trained[m]);
        }
    }

    [Fact]
    public void A_seed_whose_policy_is_no_number_stops_no_other()
    {
        var healthy = new TestRun(_device, At("healthy"), _tiny, Count).RunSeeds();
        var run = new TestRun(_device, At("run"), _tiny, Count);
        var first = new Recorder { OnStarted = stage => { if (stage == "evaluation") BreakPolicy(1); } };
        var sick = new Recorder();
        var results = run.RunSeeds([first, sick, null]);
        Assert.Equal(["started evaluation 0/1", "diverged alignment 5"], sick.Events[^2..]);
        Assert.Equal(5, results[1].Divergence!.Step);
        Assert.Null(results[1].Exact);
        foreach (int m in new[] { 0, 2 })
            Assert.Equal(healthy[m].Exact!.Metrics, results[m].Exact!.Metrics);

        void BreakPolicy(int seed)
        {
            var weights = BdmWeights.Load(run.Files(seed).PolicyWeights);
            Array.Fill(weights.Parameters, 3e38f); // numbers all right, but none that anything can be computed with
            weights.Save(run.Files(seed).PolicyWeights, overwrite: true);
        }
    }

    [Fact]
    public void Where_all_diverge_none_goes_on()
    {
        using var models = ModelBatch.Create(_device, _tiny.CreateShape(), 0, Count);
        foreach (var model in models.Models)
            Break(model);
        using var data = Pairs();
        using var stage = new BehaviorPretraining(_tiny.Behavior, models, data, _tiny.Seed);
        Recorder recorder = new();
        SeedTraining[] seeds = [new(recorder), new(), new()];
        stage.Run(seeds);
        Assert.Equal(["started behavior 0/5", "diverged behavior 2"], recorder.Events);
        Assert.All(seeds, seed => Assert.Equal((2, 0), (seed.Divergence!.Step, seed.Stages.Count)));

        // A stage of one says so as an exception.
        using var one = BottleneckDiffusionModel.Create(_device, _tiny.CreateShape(), 0);
        Break(one);
        using var points = new BehaviorDataset(_device, BanditDataset.Create("rings", 300, 7).Points, 2);
        using var alone = new BehaviorPretraining(_tiny.Behavior, one, points, 7);
        Assert.Throws<TrainingDivergedException>(() => alone.Run());
    }

    [Fact]
    public void One_set_of_data_with_states_serves_all_models()
    {
        const int Rows = 40;
        var shape = new BdmShape(3, 2, 32, 1);
        float[] actions = [.. Enumerable.Range(0, Rows * 2).Select(i => MathF.Sin(i))], states = [.. Enumerable.Range(0, Rows * 3).Select(i => MathF.Cos(i))];
        using var data = new BehaviorDataset(_device, actions, 2, states, 3);
        using var models = ModelBatch.Create(_device, shape, 1, Count);
        var settings = new PretrainingSettings { Batch = 9, Steps = 5, LearningRate = 1e-2 };
        using (var stage = new BehaviorPretraining(settings, models, data, 1))
            stage.Run([new SeedTraining(), new SeedTraining(), new SeedTraining()]);
        for (int m = 0; m < Count; m++)
        {
            using var model = BottleneckDiffusionModel.Create(_device, shape, 1 + (ulong)m);
            using var stage = new BehaviorPretraining(settings, model, data, 1 + (ulong)m);
            stage.Run();
            Assert.Equal(model.CloneParameters(), models.Models[m].CloneParameters());
            Assert.Equal(model.Density([0.1f, 0.2f], [0.5f], [1, 2, 3]), models.Models[m].Density([0.1f, 0.2f], [0.5f], [1, 2, 3]));
        }
    }

    [Fact]
    public void Models_data_and_batches_must_be_as_many()
    {
        BanditDataset[] bandits = [.. Enumerable.Range(0, 2).Select(seed => BanditDataset.Create("rings", 50, (ulong)seed))];
        using var models = ModelBatch.Create(_device, new BdmShape(0, 2, 32, 1), 0, Count);
        using var two = ModelBatch.Create(_device, new BdmShape(0, 2, 32, 1), 0, 2);
        using var data = BehaviorDataset.OfEach(_device, [.. bandits.Select(bandit => bandit.Points)], 2);
        using var batches = AlignmentBatches.OfBandits(_device, bandits, 16);
        Assert.Throws<ArgumentException>(() => new BehaviorPretraining(new(), models, data, 0));
        Assert.Throws<ArgumentException>(() => new PolicyAlignment(new(), models, models, batches, 0));
        Assert.Throws<ArgumentException>(() => new PolicyAlignment(new(), models, two, batches, 0));
        Assert.Throws<ArgumentException>(() => models.CopyFrom(two));
        Assert.Throws<ArgumentException>(() => BehaviorDataset.OfEach(_device, [[1, 2], [1, 2, 3, 4]], 2));
        Assert.Throws<ArgumentException>(() => AlignmentBatches.OfBandits(_device, [bandits[0], BanditDataset.Create("rings", 51, 0)], 16));
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelBatch.Create(_device, models.Shape, 0, 0));
        using var stage = new BehaviorPretraining(new() { Steps = 1, Batch = 4 }, two, data, 0);
        Assert.Throws<ArgumentException>(() => stage.Run([new SeedTraining()]));
        Assert.Throws<ArgumentException>(() => stage.Run());
    }

    // A stage of three seeds, the second perhaps broken: each model's parameters at the end.
    private float[][] Train(string stage, bool broken, SeedTraining[] seeds)
    {
        using var behaviors = ModelBatch.Create(_device, _tiny.CreateShape(), _tiny.Seed, Count);
        using var policies = behaviors.Copy();
        var models = stage == "behavior" ? behaviors : policies;
        if (broken)
            Break(models.Models[1]);
        using var data = Pairs();
        using var batches = AlignmentBatches.OfBandits(_device, Bandits(), _tiny.Alignment.Candidates);
        using TrainingStage training = stage == "behavior"
            ? new BehaviorPretraining(_tiny.Behavior, behaviors, data, _tiny.Seed)
            : new PolicyAlignment(_tiny.Alignment, policies, behaviors, batches, _tiny.Seed);
        training.Run(seeds);
        return [.. models.Models.Select(model => model.CloneParameters())];
    }

    private static BanditDataset[] Bandits() => [.. Enumerable.Range(0, Count).Select(m => BanditDataset.Create("rings", _tiny.Points, _tiny.Seed + (ulong)m))];

    private BehaviorDataset Pairs() => BehaviorDataset.OfEach(_device, [.. Bandits().Select(bandit => bandit.Points)], BanditDataset.Dimensions);

    private static void Break(BottleneckDiffusionModel model)
    {
        float[] broken = new float[model.Layout.Length];
        Array.Fill(broken, float.NaN);
        model.SetParameters(broken);
    }

    private string At(string name) => Path.Combine(_folder, name);
}
