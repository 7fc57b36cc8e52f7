using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// Implicit Q-learning (Kostrikov, Nair, Levine, arXiv 2110.06169; method: section 4): no action outside the dataset is
/// ever evaluated.
/// <code>
/// L_V = mean |τ − 1(u &lt; 0)| u²                      u = min(Q̄₁, Q̄₂)(s, a) − V(s)
/// L_Q = mean ½ Σ_i (Q_i(s, a) − r − γ(1 − d)V(s'))²
/// L_π = mean min(e^{scale·(Q̄ − V)}, cap) ‖π(s) − a‖²    with the networks that have just moved
/// </code>
/// </summary>
public sealed class ImplicitQLearning : CriticLearning
{
    private readonly DeterministicPolicy? _policy;
    private readonly TrainedMlp _value;
    private readonly TrainedMlp? _trainedPolicy;

    /// <summary>Prepares training.</summary>
    /// <param name="settings">How it is done; its method is implicit.</param>
    /// <param name="critic">The critic, trained in place; it has a V.</param>
    /// <param name="data">The transitions, on the critic's device.</param>
    /// <param name="policy">The policy, trained in place beside the critic where the settings ask for one, else null.</param>
    /// <param name="optimizer">What moves the networks; null for Adam fused with the steps.</param>
    /// <exception cref="ArgumentException">Critic, data, policy and settings do not go together.</exception>
    public ImplicitQLearning(CriticSettings settings, Critic critic, TransitionDataset data, DeterministicPolicy? policy = null, OptimizerFactory? optimizer = null)
        : base(CriticMethod.Implicit, settings, critic, data, optimizer)
    {
        if (critic.Value is null)
            throw new ArgumentException("a critic without V", nameof(critic));
        if ((policy is null) != (settings.Implicit.Policy == PolicyExtraction.None))
            throw new ArgumentException($"{(policy is null ? "no policy" : "a policy")} where the settings ask for {settings.Implicit.Policy}", nameof(policy));
        if (policy is not null && policy.Shape != critic.Shape)
            throw new ArgumentException("critic and policy differ in shape", nameof(policy));
        _policy = policy;
        _value = new TrainedMlp(critic.Device, "value", critic.Value, critic.Layout.Value, optimizer);
        _trainedPolicy = policy is null ? null : new TrainedMlp(critic.Device, "policy", policy.Parameters, critic.Layout.Policy, optimizer);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measured => _policy is null ? ["loss", "next_value", "value_loss"] : ["loss", "next_value", "value_loss", "policy_loss"];

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, float[]>> Export() => [.. base.Export(), .. _value.Export(), .. _trainedPolicy?.Export() ?? []];

    /// <inheritdoc/>
    public override void Import(IReadOnlyDictionary<string, float[]> state, long step)
    {
        base.Import(state, step);
        _value.Import(state, step);
        _trainedPolicy?.Import(state, step);
    }

    /// <inheritdoc/>
    public override void Step(in RandomDraw draw, long step, DeviceArray<float> measured)
    {
        var batch = Batch(draw);
        var backup = new ImplicitBackup((float)Settings.Discount, (float)Settings.Implicit.Expectile);
        Critic.Operations.ImplicitStep(new()
        {
            Batch = batch,
            Backup = backup,
            Value = _value.Arrays,
            Twin = Twin,
            Target = Critic.Target,
            Update = Update(step),
            Losses = measured,
        });
        Move(step);
        if (_trainedPolicy is null)
            return;
        var weighting = new AdvantageWeighting((float)Settings.Implicit.AdvantageScale, (float)Settings.Implicit.WeightCap);
        double rate = Settings.LearningRate * LearningRateSchedule.Cosine.Factor(step, Settings.Steps);
        var adam = new AdamSettings(Optimizer is null ? rate : 0);
        Critic.Operations.PolicyStep(new()
        {
            Batch = batch,
            Weighting = weighting,
            Value = _value.Arrays.Parameters,
            Target = Critic.Target,
            Policy = _trainedPolicy.Arrays,
            Adam = adam,
            Step = step + 1,
            Losses = measured,
        });
        _trainedPolicy.Move(rate);
    }

    /// <inheritdoc/>
    private protected override void MoveNetworks(double learningRate)
    {
        _value.Move(learningRate);
        base.MoveNetworks(learningRate);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _value.Dispose();
        _trainedPolicy?.Dispose();
        base.Dispose(disposing);
    }
}
