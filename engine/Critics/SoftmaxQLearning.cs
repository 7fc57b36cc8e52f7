using EDA.Engine.Alignment;
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
    private readonly RowStore _behaviorActions;
    private readonly int[] _rows;
    private readonly float[] _batch;

    /// <summary>Prepares training.</summary>
    /// <param name="settings">How it is done; its method is softmax.</param>
    /// <param name="critic">The critic, trained in place; it has no V.</param>
    /// <param name="data">The transitions, on the critic's device.</param>
    /// <param name="behaviorActions">Behavior samples of each transition's next state [N×K×A], in the order of the transitions.</param>
    /// <param name="optimizer">What moves the twins; null for Adam fused with the steps.</param>
    /// <exception cref="ArgumentException">Critic, data, samples and settings do not go together.</exception>
    public SoftmaxQLearning(CriticSettings settings, Critic critic, TransitionDataset data, RowStore behaviorActions, OptimizerFactory? optimizer = null)
        : base(CriticMethod.Softmax, settings, critic, data, settings.Softmax.Candidates, settings.Softmax.InverseTemperature, optimizer)
    {
        if (behaviorActions.Count != data.Count || !behaviorActions.RowShape.SequenceEqual([settings.Softmax.Candidates, data.ActionSize]))
            throw new ArgumentException($"samples of {behaviorActions.Count}×{string.Join("×", behaviorActions.RowShape)} where {data.Count}×{settings.Softmax.Candidates}×{data.ActionSize} are needed", nameof(behaviorActions));
        _behaviorActions = behaviorActions;
        _rows = new int[settings.Batch];
        _batch = new float[settings.Batch * behaviorActions.RowLength];
        Fingerprint = $"{data.Fingerprint} {behaviorActions.Fingerprint()}";
    }

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <inheritdoc/>
    private protected override void SampleNextActions(in TransitionBatch batch, DeviceArray<float> nextActions)
    {
        BatchRows.Draw(batch.Draw, Data.Count, _rows);
        _behaviorActions.Gather(_rows, _batch);
        nextActions.CopyFrom(_batch);
    }
}
