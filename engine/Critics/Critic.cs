using EDA.Engine.Checkpoints;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// A critic on a device (method: section 4): twin Q, their slowly following targets and, with implicit Q-learning, V.
/// Arrays in the host's memory go in and out here, in parts of bounded size; training uses the device arrays directly.
/// Not safe for use by two threads at once.
/// </summary>
public sealed class Critic : IDisposable
{
    /// <summary>How many rows a call hands to the device at once: enough to fill it, little enough to fit.</summary>
    private const int RowsAtOnce = 16384;

    // The action space of every environment.
    private const float ActionBound = 1;

    private DeviceArray<float>? _clipped;

    private Critic(IDevice device, CriticWeights weights)
    {
        Device = device;
        Operations = device.CreateCritic(weights.Layout.Shape);
        Twin = device.Upload<float>(weights.Twin);
        Target = device.Upload<float>(weights.Target);
        Value = weights.Value is null ? null : device.Upload<float>(weights.Value);
    }

    /// <summary>The device.</summary>
    public IDevice Device { get; }

    /// <summary>The sizes of the networks.</summary>
    public CriticShape Shape => Operations.Shape;

    /// <summary>The order of the parameters.</summary>
    public CriticLayout Layout => Operations.Layout;

    /// <summary>The fused operations, with a workspace that belongs to this critic.</summary>
    public ICriticOperations Operations { get; }

    /// <summary>Q₁ and Q₂, on the device.</summary>
    public DeviceArray<float> Twin { get; }

    /// <summary>Q̄₁ and Q̄₂, on the device.</summary>
    public DeviceArray<float> Target { get; }

    /// <summary>V, on the device; null where the critic has none.</summary>
    public DeviceArray<float>? Value { get; }

    /// <summary>Whether actions are clipped to the action space before they are rated, see <see cref="CriticSettings.ClipsActions"/>.</summary>
    public bool ClipsActions { get; set; }

    /// <summary>Makes a critic with PyTorch's initial weights, the targets equal to the twins.</summary>
    /// <param name="device">The device.</param>
    /// <param name="shape">The sizes of the networks.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="hasValue">Whether there is a V, which implicit Q-learning needs.</param>
    /// <returns>The critic, owned by the caller.</returns>
    public static Critic Create(IDevice device, CriticShape shape, ulong seed, bool hasValue = true)
    {
        var layout = new CriticLayout(shape);
        float[] twin = MlpInitialisation.Draw(layout.Twin, seed, RandomPurpose.TwinInitialisation);
        float[]? value = hasValue ? MlpInitialisation.Draw(layout.Value, seed, RandomPurpose.ValueInitialisation) : null;
        return new Critic(device, new CriticWeights(layout, twin, twin, value));
    }

    /// <summary>Makes a critic with given weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="weights">The weights.</param>
    /// <returns>The critic, owned by the caller.</returns>
    public static Critic FromWeights(IDevice device, CriticWeights weights) => new(device, weights);

    /// <summary>What candidates are labelled with: the smaller of the target twins.</summary>
    /// <param name="states">s [n×S].</param>
    /// <param name="actions">a [n×K×A].</param>
    /// <param name="candidates">K.</param>
    /// <returns>min(Q̄₁, Q̄₂) [n×K].</returns>
    /// <exception cref="ArgumentException">The arrays do not have one row per state.</exception>
    public float[] Labels(ReadOnlySpan<float> states, ReadOnlySpan<float> actions, int candidates = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        int rows = Rows(states);
        int width = checked(candidates * Shape.ActionSize);
        if (actions.Length != (long)rows * width)
            throw new ArgumentException($"{actions.Length} numbers where {(long)rows * width} are needed", nameof(actions));
        var labels = new float[(long)rows * candidates];
        int part = Math.Max(1, Math.Min(rows, RowsAtOnce / candidates));
        using var deviceStates = Device.Allocate<float>((long)part * Shape.StateSize);
        using var deviceActions = Device.Allocate<float>((long)part * width);
        using var deviceLabels = Device.Allocate<float>((long)part * candidates);
        for (int first = 0; first < rows; first += part)
        {
            int count = Math.Min(part, rows - first);
            deviceStates.CopyFrom(states.Slice(first * Shape.StateSize, count * Shape.StateSize));
            deviceActions.CopyFrom(actions.Slice(first * width, count * width));
            Label(deviceStates, deviceActions, count, candidates, deviceLabels);
            deviceLabels.CopyTo(labels.AsSpan(first * candidates, count * candidates));
        }

        return labels;
    }

    /// <summary>The same with all arrays on the device: how rejection sampling rates its candidates.</summary>
    /// <param name="states">s [n×S].</param>
    /// <param name="actions">a [n×K×A].</param>
    /// <param name="stateCount">n.</param>
    /// <param name="candidates">K.</param>
    /// <param name="labels">min(Q̄₁, Q̄₂), overwritten [n×K].</param>
    public void Label(DeviceArray<float> states, DeviceArray<float> actions, int stateCount, int candidates, DeviceArray<float> labels)
    {
        if (ClipsActions)
        {
            long count = (long)stateCount * candidates * Shape.ActionSize;
            if (_clipped is null || _clipped.Length < count)
            {
                _clipped?.Dispose();
                _clipped = Device.Allocate<float>(count);
            }

            Clip(actions, count, _clipped);
            actions = _clipped;
        }

        Operations.MinimumQ(new()
        {
            Twin = Target,
            States = states,
            Actions = actions,
            StateCount = stateCount,
            CandidateCount = candidates,
            Q = labels,
        });
    }

    /// <summary>V of each state.</summary>
    /// <param name="states">s [n×S].</param>
    /// <returns>V(s) [n].</returns>
    /// <exception cref="ArgumentException">The array is not rows of S.</exception>
    /// <exception cref="InvalidOperationException">The critic has no V.</exception>
    public float[] Values(ReadOnlySpan<float> states)
    {
        if (Value is null)
            throw new InvalidOperationException("this critic has no V");
        int rows = Rows(states);
        var values = new float[rows];
        int part = Math.Max(1, Math.Min(rows, RowsAtOnce));
        using var deviceStates = Device.Allocate<float>((long)part * Shape.StateSize);
        using var deviceValues = Device.Allocate<float>(part);
        for (int first = 0; first < rows; first += part)
        {
            int count = Math.Min(part, rows - first);
            deviceStates.CopyFrom(states.Slice(first * Shape.StateSize, count * Shape.StateSize));
            Operations.Value(new() { Parameters = Value, States = deviceStates, Rows = count, Output = deviceValues });
            deviceValues.CopyTo(values.AsSpan(first, count));
        }

        return values;
    }

    /// <summary>Copies the parameters into the host's memory, with their names.</summary>
    /// <returns>The weights.</returns>
    public CriticWeights ToWeights() => new(Layout, Twin.ToArray(), Target.ToArray(), Value?.ToArray());

    /// <summary>Cuts actions off at the bounds of the action space.</summary>
    internal void Clip(DeviceArray<float> actions, long count, DeviceArray<float> clipped) => Device.Vector.Clip(new()
    {
        Source = actions,
        Count = count,
        Bound = ActionBound,
        Destination = clipped,
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _clipped?.Dispose();
        Twin.Dispose();
        Target.Dispose();
        Value?.Dispose();
        Operations.Dispose();
    }

    private int Rows(ReadOnlySpan<float> states) => states.Length % Shape.StateSize == 0
        ? states.Length / Shape.StateSize
        : throw new ArgumentException($"{states.Length} numbers are not rows of {Shape.StateSize}", nameof(states));
}
