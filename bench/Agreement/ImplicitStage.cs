using EDA.Bench.Verification;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>Implicit Q-learning with its policy.</summary>
internal sealed class ImplicitStage : CriticStage
{
    private const float Expectile = 0.7f, AdvantageScale = 3, WeightCap = 100;

    private readonly float[] _value;
    private readonly float[] _policy;
    private readonly float[] _policyRates;

    public ImplicitStage(AgreementSize size)
        : base("implicit", "implicit Q-learning", size, new Numbers(12))
    {
        _value = Network("value", Layout.Value.Slices, VerificationWeights.Mlp(Layout.Value, Numbers.Uniform));
        _policy = Network("policy", Layout.Policy.Slices, VerificationWeights.Mlp(Layout.Policy, Numbers.Uniform));
        int step = 0;
        _policyRates = Tensor("policy_rates", [Steps], () => (float)(LearningRate * LearningRateSchedule.Cosine.Factor(step++, Steps)));
        Constant("expectile", Expectile);
        Constant("advantage_scale", AdvantageScale);
        Constant("weight_cap", WeightCap);
    }

    public override Course Run(IDevice device)
    {
        using var arrays = new CriticArrays(device);
        var operations = arrays.Own(device.CreateCritic(CriticShape));
        var (data, indices, losses) = (Upload(arrays), arrays.Own(device.Allocate<int>(Size.Rows)), arrays.Upload(new float[CriticLosses.Count]));
        var (value, twin, policy) = (arrays.Trained("value", _value), arrays.Trained("twin", Twin), arrays.Trained("policy", _policy));
        var target = arrays.Followed("target", Twin);
        for (int step = 0; step < Steps; step++)
        {
            var batch = Batch(data, indices, step);
            operations.ImplicitStep(new()
            {
                Batch = batch,
                Backup = new(Discount, Expectile),
                Value = value,
                Twin = twin,
                Target = target,
                Update = Update(step),
                Losses = losses,
            });
            operations.PolicyStep(new()
            {
                Batch = batch,
                Weighting = new(AdvantageScale, WeightCap),
                Value = value.Parameters,
                Target = target,
                Policy = policy,
                Adam = new(_policyRates[step]),
                Step = step + 1,
                Losses = losses,
            });
            arrays.Record(step, losses, ("loss", CriticLosses.Q), ("value_loss", CriticLosses.Value), ("policy_loss", CriticLosses.Policy));
        }

        return arrays.ToCourse();
    }
}
