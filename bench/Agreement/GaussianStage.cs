using EDA.Bench.Verification;
using EDA.Engine.Baselines.Gaussian;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>A Gaussian policy: by behavior cloning, or by advantage-weighted regression with a frozen critic.</summary>
internal sealed class GaussianStage : MethodStage
{
    private const string PolicyName = "policy";
    private const double LearningRate = 3e-4, AdvantageScale = 3, WeightCap = 100;

    // Beyond its bound, where there is no gradient.
    private const float FirstLogDeviation = 2.5f;

    private static readonly GaussianSettings _settings = new() { Steps = Steps, LearningRate = LearningRate };

    private readonly float[] _states;
    private readonly float[] _actions;
    private readonly float[] _policy;
    private readonly float[] _logDeviations;
    private readonly CriticWeights? _critic;

    public GaussianStage(AgreementSize size, bool isWeighed)
        : base(isWeighed ? "gaussian_weighed" : "gaussian", isWeighed ? "iql's policy" : "Gaussian cloning", size)
    {
        var numbers = new Numbers(isWeighed ? 22 : 21);
        int count = size.Transitions, step = 0;
        var layout = new MlpLayout(GaussianPolicy.ShapeOf(Shape.StateSize, Shape.ActionSize, Shape.Width), "mean.net");
        _states = Tensor("states", [count, Shape.StateSize], numbers.Normal);
        _actions = Tensor("actions", [count, Shape.ActionSize], numbers.Uniform);
        Rows(count);
        Tensor("rates", [Steps], () => (float)(LearningRate * LearningRateSchedule.Cosine.Factor(step++, Steps)));
        _policy = Network(PolicyName, layout.Slices, VerificationWeights.Mlp(layout, numbers.Uniform));
        _logDeviations = Network(
            PolicyName, [new("deviation.log_std", [Shape.ActionSize], 0)], [.. Enumerable.Range(0, Shape.ActionSize).Select(entry => entry == 0 ? FirstLogDeviation : numbers.Uniform())]);
        Constant("least_log_std", GaussianPolicy.LeastLogDeviation);
        Constant("most_log_std", GaussianPolicy.MostLogDeviation);
        Constant("learning_rate", LearningRate);
        if (!isWeighed)
            return;
        var critic = new CriticLayout(new CriticShape(Shape.StateSize, Shape.ActionSize, Shape.Width));
        float[] target = Network("target", critic.Twin.Slices, VerificationWeights.Mlp(critic.Twin, numbers.Uniform));
        _critic = new CriticWeights(critic, target, target, Network("value", critic.Value.Slices, VerificationWeights.Mlp(critic.Value, numbers.Uniform)));
        Constant("advantage_scale", AdvantageScale);
        Constant("weight_cap", WeightCap);
    }

    public override Course Run(IDevice device)
    {
        using var critic = _critic is null ? null : Critic.FromWeights(device, _critic);
        float[] weights = critic is null ? [] : Array.ConvertAll(AdvantageWeights.Of(critic, _states, _actions, AdvantageScale, WeightCap), weight => (float)weight);
        using var pairs = new GaussianPairs(device, _states, _actions, weights, Shape.StateSize, Shape.ActionSize);
        using var learning = new GaussianLearning(device, _settings with { Batch = Size.Rows }, _settings, pairs, Shape.Width, pairs.Fingerprint, 0);
        return Follow(learning, [(PolicyName, _policy), (PolicyName, _logDeviations)]);
    }
}
