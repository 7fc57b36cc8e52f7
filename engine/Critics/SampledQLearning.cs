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
    private readonly DeviceArray<float> _nextActions;

    private protected SampledQLearning(CriticMethod method, CriticSettings settings, Critic critic, TransitionDataset data, int candidates, double inverseTemperature, OptimizerFactory? optimizer)
        : base(method, settings, critic, data, optimizer)
    {
        if (critic.Value is not null)
            throw new ArgumentException("a critic with a V that would not be trained", nameof(critic));
        _candidates = candidates;
        _inverseTemperature = (float)inverseTemperature;
        _nextActions = critic.Device.Allocate<float>((long)settings.Batch * candidates * data.ActionSize);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measured => ["loss", "next_value"];

    /// <inheritdoc/>
    public override void Step(in RandomDraw draw, long step, DeviceArray<float> measured)
    {
        var batch = Batch(draw);
        SampleNextActions(batch, _nextActions);
        if (Settings.ClipsActions)
            Critic.Clip(_nextActions, _nextActions.Length, _nextActions);
        var backup = new SampledBackup((float)Settings.Discount, _inverseTemperature, _nextActions, _candidates);
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

    /// <summary>Fills in the next actions of a batch.</summary>
    /// <param name="batch">The batch; its rows are drawn.</param>
    /// <param name="nextActions">Overwritten [n×K×A].</param>
    private protected abstract void SampleNextActions(in TransitionBatch batch, DeviceArray<float> nextActions);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _nextActions.Dispose();
        base.Dispose(disposing);
    }
}
