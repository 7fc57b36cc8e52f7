using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// A way to train a critic, one step at a time: <see cref="ImplicitQLearning"/>, <see cref="SoftmaxQLearning"/> or
/// <see cref="OnlineQLearning"/>. They differ in where V(s') comes from.
/// </summary>
public abstract class CriticLearning : IDisposable
{
    private const string TargetName = "target";

    private readonly TrainedMlp _twin;
    private readonly OptimizerFactory? _optimizer;
    private bool _hasMoved;

    /// <summary>Prepares training.</summary>
    /// <param name="method">The method that this is.</param>
    /// <param name="settings">How it is done.</param>
    /// <param name="critic">The critic, trained in place.</param>
    /// <param name="data">The transitions, on the critic's device.</param>
    /// <param name="optimizer">What moves the networks; null for Adam fused with the steps.</param>
    /// <exception cref="ArgumentException">Critic, data and settings do not go together.</exception>
    protected CriticLearning(CriticMethod method, CriticSettings settings, Critic critic, TransitionDataset data, OptimizerFactory? optimizer = null)
    {
        if (settings.Method != method)
            throw new ArgumentException($"settings of {settings.Method} for {method}", nameof(settings));
        if (data.StateSize != critic.Shape.StateSize || data.ActionSize != critic.Shape.ActionSize)
            throw new ArgumentException($"data of S = {data.StateSize}, A = {data.ActionSize} for a critic of S = {critic.Shape.StateSize}, A = {critic.Shape.ActionSize}", nameof(data));
        (Settings, Critic, Data, _optimizer) = (settings, critic, data, optimizer);
        _twin = new TrainedMlp(critic.Device, "twin", critic.Twin, critic.Layout.Twin, optimizer);
    }

    /// <summary>How it is trained.</summary>
    public CriticSettings Settings { get; }

    /// <summary>The critic, trained in place.</summary>
    public Critic Critic { get; }

    /// <summary>The transitions.</summary>
    public TransitionDataset Data { get; }

    /// <summary>What a step measures, the loss of the twins first.</summary>
    public abstract IReadOnlyList<string> Measured { get; }

    /// <summary>The fingerprints of everything that the weights depend on beside settings and seed.</summary>
    public virtual string Fingerprint => Data.Fingerprint;

    /// <summary>What moves the networks; null for Adam fused with the steps.</summary>
    public string? Optimizer => _twin.Optimizer;

    /// <summary>Copies everything that the next step depends on and that changes, by the names of a saved state.</summary>
    /// <returns>Arrays by name.</returns>
    public virtual IEnumerable<KeyValuePair<string, float[]>> Export() => [.. _twin.Export(), new(TargetName, Critic.Target.ToArray())];

    /// <summary>Goes on from what <see cref="Export"/> gave.</summary>
    /// <param name="state">Arrays by name.</param>
    /// <param name="step">The steps that had been taken.</param>
    /// <exception cref="ArgumentException">It is no state of this learning.</exception>
    public virtual void Import(IReadOnlyDictionary<string, float[]> state, long step)
    {
        _twin.Import(state, step);
        SavedArrays.Copy(state, TargetName, Critic.Target);
    }

    /// <summary>Q₁ and Q₂.</summary>
    protected TrainedArrays Twin => _twin.Arrays;

    /// <summary>The learning rate of V and the twins at one step.</summary>
    /// <param name="step">0 for the first.</param>
    public double LearningRate(long step) => Settings.LearningRate * Settings.Schedule.Factor(step, Settings.Steps);

    /// <summary>Takes one step.</summary>
    /// <param name="draw">The random stream of the step.</param>
    /// <param name="step">0 for the first.</param>
    /// <param name="measured">Overwritten, in the order of <see cref="Measured"/>.</param>
    public abstract void Step(in RandomDraw draw, long step, DeviceArray<float> measured);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the arrays of training back; critic and data stay.</summary>
    /// <param name="disposing">True.</param>
    protected virtual void Dispose(bool disposing) => _twin.Dispose();

    /// <summary>The transitions of one step.</summary>
    protected TransitionBatch Batch(in RandomDraw draw) => new(Data.Transitions, Settings.Batch, draw);

    /// <summary>How the operation of a step moves V and the twins: not at all where <see cref="Move"/> does.</summary>
    /// <param name="step">0 for the first.</param>
    protected CriticUpdate Update(long step) => _optimizer is null
        ? new(new AdamSettings(LearningRate(step)), step + 1, (float)Settings.TargetRate)
        : new(new AdamSettings(0), step + 1, 0);

    /// <summary>After the operation of a step: where an optimizer of its own moves the networks, it does so now, and the targets follow.</summary>
    /// <param name="step">0 for the first.</param>
    protected void Move(long step)
    {
        _hasMoved = true;
        if (_optimizer is null)
            return;
        MoveNetworks(LearningRate(step));
        Critic.Device.Vector.PolyakAverage(new() { Target = Critic.Target, Source = Critic.Twin, Rate = (float)Settings.TargetRate });
    }

    /// <summary>Takes one step, and sees to it that an optimizer of its own was not left out.</summary>
    internal void TakeStep(in RandomDraw draw, long step, DeviceArray<float> measured)
    {
        _hasMoved = false;
        Step(draw, step, measured);
        if (_optimizer is not null && !_hasMoved)
            throw new InvalidOperationException($"a step of the critic {Settings.Method} does not end with {nameof(Move)}, so its optimizer moves nothing");
    }

    /// <summary>Moves the networks along the gradients that the operation left.</summary>
    /// <param name="learningRate">The rate.</param>
    private protected virtual void MoveNetworks(double learningRate) => _twin.Move(learningRate);
}
