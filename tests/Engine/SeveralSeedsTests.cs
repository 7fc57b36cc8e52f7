using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Stages;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Kernels;

namespace EDA.Tests.Engine;

/// <summary>Seeds trained side by side come to what each comes to alone, to the last bit.</summary>
public sealed class SeveralSeedsTests : IDisposable
{
    private const int Count = 3;

    private static readonly BanditRun _tiny = BanditBudgets.Smoke with
    {
        Bandit = "rings",
        Seed = 7,
        Points = 300,
        Width = 32,
        Blocks = 1,
        Behavior = new() { Batch = 9, Steps = 5, LearningRate = 1e-2, ReportEvery = 2, Schedule = LearningRateSchedule.Cosine },
        Alignment = new() { States = 3, Candidates = 4, Steps = 5, LearningRate = 1e-2, ReportEvery = 2 },
        Evaluation = new() { HeldOut = 16, Samples = 16, DistancePoints = 16, SolverEvaluations = 2 },
    };

    private static readonly BanditRun _averaged = _tiny with
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
    public void EachSeedHasTheBitsOfItsRunAlone(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var pipeline = new BanditPipeline(device, _averaged, Count);
        Recorder[] recorders = [.. Enumerable.Range(0, Count).Select(_ => new Recorder())];
        var results = pipeline.Run(recorders);
        pipeline.SaveState(Folders("together"));
        Assert.Equal(Count, pipeline.Seeds.Select(seed => seed.Policy.CloneParameters()[100]).Distinct().Count());
        for (int m = 0; m < Count; m++)
        {
            var seed = pipeline.Seeds[m];
            Assert.Equal(_averaged.Seed + (ulong)m, seed.Settings.Seed);
            using var alone = new BanditPipeline(device, seed.Settings);
            var recorder = new Recorder();
            var result = alone.Run(recorder);
            alone.SaveState(At("alone"));
            Assert.Equal(alone.Dataset.Points, seed.Dataset.Points);
            Assert.Equal(alone.Behavior.CloneParameters(), seed.Behavior.CloneParameters());
            Assert.Equal(alone.Policy.CloneParameters(), seed.Policy.CloneParameters());
            Assert.Equal(result.Evaluation!.Metrics, results[m].Evaluation!.Metrics);
            Assert.Equal(result.Evaluation.PolicySamples, results[m].Evaluation!.PolicySamples);
            Assert.Equal(result.Stages.Select(Untimed), results[m].Stages.Select(Untimed));
            Assert.Equal(recorder.Events, recorders[m].Events);
            Assert.Equal(recorder.Losses, recorders[m].Losses);
            foreach (string state in new[] { "behavior", "alignment" })
                Assert.Equal(File.ReadAllBytes(State("alone", state)), File.ReadAllBytes(State($"together{m}", state)));
        }

        static StageResult Untimed(StageResult result) => result with { Seconds = 0 };
    }

    [Fact]
    public void AnInterruptedBatchGoesOnExactly()
    {
        using var whole = new BanditPipeline(_device, _averaged, Count);
        whole.Run(new Recorder?[Count]);
        foreach (string at in new[] { BehaviorPretraining.StageName, PolicyAlignment.StageName })
        {
            using var source = new CancellationTokenSource();
            using var interrupted = new BanditPipeline(_device, _averaged, Count);
            var results = interrupted.Run([null, new Recorder { OnProgress = progress => { if (progress.Stage == at && progress.Step == 2) source.Cancel(); } }, null], source.Token);
            Assert.All(results, result => Assert.Equal((at, 2, false, null), (result.Stages[^1].Stage, result.Stages[^1].Steps, result.Completed, result.Divergence)));
            interrupted.SaveState(Folders("state"));

            // In a batch of other neighbours, too: the last two alone.
            using var resumed = new BanditPipeline(_device, _averaged with { Seed = _averaged.Seed + 1 }, Count - 1);
            resumed.LoadState([At("state1"), At("state2")]);
            Assert.All(resumed.Run(new Recorder?[Count - 1]), result => Assert.True(result.Completed));
            Assert.Equal(whole.Seeds[1].Policy.CloneParameters(), resumed.Seeds[0].Policy.CloneParameters());
            Assert.Equal(whole.Seeds[2].Policy.CloneParameters(), resumed.Seeds[1].Policy.CloneParameters());
        }
    }

    [Fact]
    public void StatesOfOtherSeedsOrOfOtherStepsAreRefused()
    {
        using var pipeline = new BanditPipeline(_device, _tiny, Count);
        using var first = new BanditPipeline(_device, _tiny);
        pipeline.SaveState(Folders("state"));
        first.Run();
        first.SaveState(At("further"));
        Assert.Contains("its seed is 8 and not 7", Refused([At("state1"), At("state0"), At("state2")]), StringComparison.Ordinal);
        Assert.Contains("0 steps old where", Refused([At("further"), At("state1"), At("state2")]), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => pipeline.LoadState([At("state0")]));
        pipeline.LoadState(Folders("state"));
        Assert.Equal(first.Dataset.Points, pipeline.Dataset.Points);

        string Refused(string[] folders) => Assert.Throws<InvalidFileException>(() => pipeline.LoadState(folders)).Message;
    }

    [Theory]
    [InlineData("behavior", 2, new[] { "started behavior 0/5", "diverged behavior 2" })]
    [InlineData("alignment", 2, new[] { "started behavior 0/5", "2/5", "4/5", "5/5", "finished behavior 5", "started alignment 0/5", "diverged alignment 2" })]
    [InlineData("evaluation", 5, new[] { "started behavior 0/5", "2/5", "4/5", "5/5", "finished behavior 5", "started alignment 0/5", "2/5", "4/5", "5/5", "finished alignment 5", "started evaluation 0/1", "diverged alignment 5" })]
    public void ASeedThatDivergesStopsNobodyElse(string stage, long step, string[] events)
    {
        using var healthy = new BanditPipeline(_device, _tiny, Count);
        var expected = healthy.Run(new Recorder?[Count]);
        using var pipeline = new BanditPipeline(_device, _tiny, Count);
        var sick = new Recorder { OnStarted = started => { if (started == stage) Break(stage == "behavior" ? pipeline.Seeds[1].Behavior : pipeline.Seeds[1].Policy); } };
        var results = pipeline.Run([null, sick, null]);
        Assert.Equal(events, sick.Events);
        Assert.Equal(step, results[1].Divergence!.Step);
        Assert.Null(results[1].Evaluation);
        foreach (int m in new[] { 0, 2 })
        {
            Assert.Null(results[m].Divergence);
            Assert.Equal(expected[m].Evaluation!.Metrics, results[m].Evaluation!.Metrics);
            Assert.Equal(healthy.Seeds[m].Policy.CloneParameters(), pipeline.Seeds[m].Policy.CloneParameters());
        }
    }

    [Fact]
    public void WhereAllDivergeNobodyGoesOn()
    {
        using var pipeline = new BanditPipeline(_device, _tiny, Count);
        foreach (var seed in pipeline.Seeds)
            Break(seed.Behavior);
        var recorder = new Recorder();
        var results = pipeline.Run([recorder, null, null]);
        Assert.Equal(["started behavior 0/5", "diverged behavior 2"], recorder.Events);
        Assert.All(results, result => Assert.Equal((2, 0), (result.Divergence!.Step, result.Stages.Count)));

        // A pipeline of one says so as it always has.
        using var one = new BanditPipeline(_device, _tiny);
        Break(one.Behavior);
        Assert.Throws<TrainingDivergedException>(() => one.Run());
    }

    [Fact]
    public void OneSetOfDataWithStatesServesAllModels()
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
    public void ModelsDataAndBatchesMustBeAsMany()
    {
        BanditDataset[] bandits = [.. Enumerable.Range(0, 2).Select(seed => BanditDataset.Create("rings", 50, (ulong)seed))];
        using var models = ModelBatch.Create(_device, new BdmShape(0, 2, 32, 1), 0, Count);
        using var two = ModelBatch.Create(_device, new BdmShape(0, 2, 32, 1), 0, 2);
        using var data = BehaviorDataset.OfEach(_device, [.. bandits.Select(bandit => bandit.Points)], 2);
        using var batches = new BanditBatches(_device, bandits, 16);
        Assert.Throws<ArgumentException>(() => new BehaviorPretraining(new(), models, data, 0));
        Assert.Throws<ArgumentException>(() => new PolicyAlignment(new(), models, models, batches, 0));
        Assert.Throws<ArgumentException>(() => new PolicyAlignment(new(), models, two, batches, 0));
        Assert.Throws<ArgumentException>(() => models.CopyFrom(two));
        Assert.Throws<ArgumentException>(() => BehaviorDataset.OfEach(_device, [[1, 2], [1, 2, 3, 4]], 2));
        Assert.Throws<ArgumentException>(() => new BanditBatches(_device, [bandits[0], BanditDataset.Create("rings", 51, 0)], 16));
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelBatch.Create(_device, models.Shape, 0, 0));
        using var stage = new BehaviorPretraining(new() { Steps = 1, Batch = 4 }, two, data, 0);
        Assert.Throws<ArgumentException>(() => stage.Run([new SeedTraining()]));
        Assert.Throws<ArgumentException>(() => stage.Run());
    }

    private static void Break(BottleneckDiffusionModel model)
    {
        float[] broken = new float[model.Layout.Length];
        Array.Fill(broken, float.NaN);
        model.SetParameters(broken);
    }

    private string At(string name) => Path.Combine(_folder, name);

    private string State(string folder, string stage) => Path.Combine(At(folder), stage + ".state.safetensors");

    private string[] Folders(string name) => [.. Enumerable.Range(0, Count).Select(m => At($"{name}{m}"))];
}
