using EDA.Bench.Torch;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Golden;
using TorchSharp;

namespace EDA.Tests.TorchOptimizers;

/// <summary>The engine's own stages, by autograd and with torch's optimizers.</summary>
public sealed class TorchStageTests : IDisposable
{
    private static readonly BdmShape Shape = new(0, 2, 32, 1);
    private static readonly PretrainingSettings Pretraining = new() { Batch = 64, Steps = 12, LearningRate = 1e-3, ReportEvery = 4 };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-torch-").FullName;

    private static OptimizerFactory AdamW => TorchOptimizer.Factory(
        p => torch.optim.AdamW(p, weight_decay: 0.05), optimizer => torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void Both_stages_come_to_the_engines_weights_by_autograd()
    {
        using var autograd = new AutogradDevice();
        using var cpu = new CpuDevice();
        Deviation.AssertClose(Deviation.Widen(Train(cpu)), Train(autograd), 1e-4, "weights");
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void A_stage_with_torchs_optimizer_goes_on_from_its_state()
    {
        using var device = new CpuDevice();
        float[] whole = Pretrain(device, stage => stage.Run());
        Pretrain(device, stage =>
        {
            stage.Run(until: 5);
            stage.SaveState(Path.Combine(_folder, "state"));
        });
        Assert.Equal(whole, Pretrain(device, stage =>
        {
            stage.LoadState(Path.Combine(_folder, "state"));
            stage.Run();
        }));
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void Several_seeds_with_torchs_optimizer_come_to_the_weights_of_each()
    {
        using var device = new CpuDevice();
        using var models = ModelBatch.Create(device, Shape, 3, 2);
        var points = BanditDataset.Create("moons", 256, 0).Points;
        using var data = new BehaviorDataset(device, points, 2);
        using (var stage = new BehaviorPretraining(Pretraining, models, data, 3, AdamW))
            stage.Run([new SeedTraining(), new SeedTraining()]);
        Assert.Equal(Pretrain(device, stage => stage.Run(), 3), models.Models[0].CloneParameters());
        Assert.Equal(Pretrain(device, stage => stage.Run(), 4), models.Models[1].CloneParameters());
    }

    private static float[] Train(IDevice device)
    {
        var moons = BanditDataset.Create("moons", 256, 0);
        using var data = new BehaviorDataset(device, moons.Points, 2);
        using var behavior = BottleneckDiffusionModel.Create(device, Shape, 3);
        using (var stage = new BehaviorPretraining(Pretraining, behavior, data, 3))
            stage.Run();
        using var policy = behavior.Copy();
        using var batches = AlignmentBatches.OfBandits(device, [moons], 8);
        using (var stage = new PolicyAlignment(new AlignmentSettings { States = 8, Candidates = 8, Steps = 8, LearningRate = 1e-3 }, policy, behavior, batches, 3))
            stage.Run();
        return policy.CloneParameters();
    }

    private static float[] Pretrain(IDevice device, Action<BehaviorPretraining> use, ulong seed = 3)
    {
        using var data = new BehaviorDataset(device, BanditDataset.Create("moons", 256, 0).Points, 2);
        using var model = BottleneckDiffusionModel.Create(device, Shape, seed);
        using var stage = new BehaviorPretraining(Pretraining, model, data, seed, AdamW);
        use(stage);
        return model.CloneParameters();
    }
}
