using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// Softmax Q-learning, the in-support backup of QGPO (Lu et al., arXiv 2304.12824; method: section 4): V(s') is a
/// softmax over K actions that the behavior model sampled for s' beforehand.
/// </summary>
public sealed class SoftmaxQLearning : SampledQLearning
{
    /// <summary>The name, in reports, of the sampling of what it backs up from; its steps are states.</summary>
    public const string SamplingName = "next_actions";

    private readonly RowColumn _behaviorActions;
    private readonly RowTable _rows;

    /// <summary>Prepares training.</summary>
    /// <param name="settings">How it is done; its method is softmax.</param>
    /// <param name="critic">The critic, trained in place; it has no V.</param>
    /// <param name="data">The transitions, on the critic's device.</param>
    /// <param name="behaviorActions">
    /// Behavior samples of each transition's next state [N×K×A], in the order of the transitions, complete. Not to be used by others
    /// during the training, unless they are on the device.
    /// </param>
    /// <param name="optimizer">What moves the twins; null for Adam fused with the steps.</param>
    /// <param name="memory">How much of the device's memory the samples may take; null for the default.</param>
    /// <exception cref="ArgumentException">Critic, data, samples and settings do not go together.</exception>
    public SoftmaxQLearning(CriticSettings settings, Critic critic, TransitionDataset data, RowStore behaviorActions, OptimizerFactory? optimizer = null, RowMemory? memory = null)
        : base(CriticMethod.Softmax, settings, critic, data, settings.Softmax.Candidates, settings.Softmax.InverseTemperature, optimizer)
    {
        if (behaviorActions.Count != data.Count || !behaviorActions.RowShape.SequenceEqual([settings.Softmax.Candidates, data.ActionSize]))
            throw new ArgumentException($"samples of {behaviorActions.Count}×{string.Join("×", behaviorActions.RowShape)} where {data.Count}×{settings.Softmax.Candidates}×{data.ActionSize} are needed", nameof(behaviorActions));
        Fingerprint = $"{data.Fingerprint} {behaviorActions.Fingerprint()}";
        _behaviorActions = new RowColumn(behaviorActions);
        _rows = new RowTable(critic.Device, RandomPurpose.BatchIndex, memory, _behaviorActions);
    }

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <inheritdoc/>
    private protected override DeviceArray<float> NextActions(in TransitionBatch batch)
    {
        _rows.Draw(batch.Rows, batch.Draw);
        return _behaviorActions.Batch;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _rows.Dispose();
        base.Dispose(disposing);
    }
}
