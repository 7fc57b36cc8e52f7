using EDA.Engine.Baselines;
using EDA.Engine.Baselines.DiffusionQl;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>Diffusion-QL, with the largest of some backups, bounded gradients and an average that begins soon.</summary>
internal sealed class DiffusionQlStage : TransitionMethodStage
{
    private readonly DiffusionQlSettings _settings;

    public DiffusionQlStage(AgreementSize size)
        : base("diffusion_ql", "Diffusion-QL", size, new Numbers(19))
    {
        _settings = new()
        {
            Batch = size.Rows,
            LearningRate = LearningRate,
            CriticLearningRate = LearningRate,
            Discount = Discount,
            TargetRate = TargetRate,
            MaxQ = true,
            BackupActions = 2,
            GradientBound = 1,
            AverageFrom = 10,
        };
        int actions = Shape.ActionSize, rows = size.Rows, next = rows * _settings.BackupActions, noisy = _settings.ChainSteps - 1;
        Followed("policy", "policy", new MlpLayout(NoiseNetwork.MainShape(Shape.StateSize, actions, Shape.Width), "net"));
        Followed("policy.time", "time", new MlpLayout(NoiseNetwork.TimeShape, "net"));
        foreach (string twin in (string[])["q1", "q2"])
            Followed(twin, twin, new MlpLayout(StateActionNetworks.Shape(Shape.StateSize, actions, Shape.Width), "net"));
        Normals("next_start", RandomPurpose.NextActionNoise, next, actions);
        Normals("next_chain_noise", RandomPurpose.NextChainNoise, noisy, next, actions);
        Normals("noise", RandomPurpose.Noise, rows, actions);
        Normals("start", RandomPurpose.ActionNoise, rows, actions);
        Normals("chain_noise", RandomPurpose.ChainNoise, noisy, rows, actions);
        Drawn("chain_steps", [rows], (draw, i) => Philox.Index(Philox.Word(draw, RandomPurpose.ChainStep, i), _settings.ChainSteps));
        Drawn("climbed", [1], (draw, i) => Philox.Index(Philox.Word(draw, RandomPurpose.Choice, i), 2));
        Constant("steps", _settings.ChainSteps);
        Constant("eta", _settings.Eta);
        Constant("backup_actions", _settings.BackupActions);
        Constant("gradient_bound", _settings.GradientBound);
        Constant("average_rate", _settings.AverageRate);
        Constant("average_every", _settings.AverageEvery);
        Constant("average_from", _settings.AverageFrom);
    }

    protected override IReadOnlyList<(string Name, int Place)> Losses { get; } = [("loss", 0), ("cloning_loss", 2), ("q_loss", 3)];

    protected override MethodSettings Method() => _settings;

    protected override MethodLearning Learn(IDevice device, RunSettings run, TransitionDataset data) => new DiffusionQlLearning(device, run, data);
}
