using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// What softmax and online Q-learning share: there is no V, and V(s') = Σ_k softmax_k(α Q̄(s', a'_k)) Q̄(s', a'_k) over
/// next actions that are sampled, not maximised over.
/// </summary>
public abstract class SampledQLearning : CriticLearning
{
    private readonly int _candidates;
    private readonly float _inverseTemperature;

    private protected SampledQLearning(CriticMethod method, CriticSettings settings, Critic critic, TransitionDataset data, int candidates, double inverseTemperature, OptimizerFactory? optimizer)
        : base(method, settings, critic, data, optimizer)
    {
        if (critic.Value is not null)
            throw new ArgumentException("a critic with a V that would not be trained", nameof(critic));
        _candidates = candidates;
        _inverseTemperature = (float)inverseTemperature;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measured => ["loss", "next_value"];

    /// <inheritdoc/>
    public override void Step(in RandomDraw draw, long step, DeviceArray<float> measured)
    {
        var batch = Batch(draw);
        var nextActions = NextActions(batch);
        if (Settings.ClipsActions)
            Critic.Clip(nextActions, nextActions.Length, nextActions);
        var backup = new SampledBackup((float)Settings.Discount, _inverseTemperature, nextActions, _candidates);
        Critic.Operations.SampledStep(new()
        {
            Batch = batch,
            Backup = backup,
            Twin = Twin,
            Target = Critic.Target,
            Update = Update(step),
            Losses = measured,
        });
        Move(step);
    }

    /// <summary>The next actions of a batch.</summary>
    /// <param name="batch">The batch; its rows are drawn.</param>
    /// <returns>The actions [n×K×A], which may be written over.</returns>
    private protected abstract DeviceArray<float> NextActions(in TransitionBatch batch);
}
