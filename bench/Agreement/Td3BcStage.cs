using EDA.Engine.Baselines;
using EDA.Engine.Baselines.Td3Bc;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>TD3+BC.</summary>
internal sealed class Td3BcStage : TransitionMethodStage
{
    private readonly Td3BcSettings _settings;

    public Td3BcStage(AgreementSize size)
        : base("td3_bc", "TD3+BC", size, new Numbers(18))
    {
        _settings = new() { Batch = size.Rows, LearningRate = LearningRate, Discount = Discount, TargetRate = TargetRate };
        Followed("policy", "policy", new MlpLayout(new MlpShape(Shape.StateSize, [Shape.Width, Shape.Width], Shape.ActionSize, MlpActivation.Relu), "net"));
        Followed("twin", "twin", new CriticLayout(new(Shape.StateSize, Shape.ActionSize, Shape.Width)).Twin);
        Normals("noise", RandomPurpose.NextActionNoise, size.Rows, Shape.ActionSize);
        Constant("noise_deviation", _settings.Noise);
        Constant("noise_bound", _settings.NoiseBound);
        Constant("alpha", _settings.Alpha);
        Constant("policy_every", _settings.PolicyEvery);
    }

    protected override IReadOnlyList<(string Name, int Place)> Losses { get; } = [("loss", 0), ("policy_loss", 2)];

    protected override MethodSettings Method() => _settings;

    protected override MethodLearning Learn(IDevice device, RunSettings run, TransitionDataset data) =>
        new Td3BcLearning(device, run, data, StateNormalisation.Of(new float[Shape.StateSize], Shape.StateSize));
}
