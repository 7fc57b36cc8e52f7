using EDA.Engine.Checkpoints;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// The deterministic policy that implicit Q-learning extracts by advantage-weighted regression (method: section 4): a
/// baseline beside the aligned diffusion policy. Not safe for use by two threads at once.
/// </summary>
public sealed class DeterministicPolicy : IDisposable
{
    private const int RowsAtOnce = 16384;

    private readonly ICriticOperations _operations;

    private DeterministicPolicy(IDevice device, CriticShape shape, ReadOnlySpan<float> parameters)
    {
        Device = device;
        _operations = device.CreateCritic(shape);
        Parameters = device.Upload(parameters);
    }

    /// <summary>The device.</summary>
    public IDevice Device { get; }

    /// <summary>The sizes of the networks.</summary>
    public CriticShape Shape => _operations.Shape;

    /// <summary>The order of the parameters.</summary>
    public MlpLayout Layout => _operations.Layout.Policy;

    /// <summary>The parameters, on the device.</summary>
    public DeviceArray<float> Parameters { get; }

    /// <summary>Makes a policy with PyTorch's initial weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="shape">The sizes of the networks.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The policy, owned by the caller.</returns>
    public static DeterministicPolicy Create(IDevice device, CriticShape shape, ulong seed) =>
        new(device, shape, MlpInitialisation.Draw(new CriticLayout(shape).Policy, seed, RandomPurpose.PolicyInitialisation));

    /// <summary>Makes a policy with given weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="weights">The weights.</param>
    /// <returns>The policy, owned by the caller.</returns>
    public static DeterministicPolicy FromWeights(IDevice device, DeterministicPolicyWeights weights) =>
        new(device, weights.Shape, weights.Parameters);

    /// <summary>The action of each state.</summary>
    /// <param name="states">s [n×S].</param>
    /// <returns>The actions [n×A], in [-1, 1].</returns>
    /// <exception cref="ArgumentException">The array is not rows of S.</exception>
    public float[] Act(ReadOnlySpan<float> states)
    {
        (int stateSize, int actionSize) = (Shape.StateSize, Shape.ActionSize);
        if (states.Length % stateSize != 0)
            throw new ArgumentException($"{states.Length} numbers are not rows of {stateSize}", nameof(states));
        int rows = states.Length / stateSize;
        var actions = new float[(long)rows * actionSize];
        int part = Math.Max(1, Math.Min(rows, RowsAtOnce));
        using var deviceStates = Device.Allocate<float>((long)part * stateSize);
        using var deviceActions = Device.Allocate<float>((long)part * actionSize);
        for (int first = 0; first < rows; first += part)
        {
            int count = Math.Min(part, rows - first);
            deviceStates.CopyFrom(states.Slice(first * stateSize, count * stateSize));
            Act(deviceStates, count, deviceActions);
            deviceActions.CopyTo(actions.AsSpan(first * actionSize, count * actionSize));
        }

        return actions;
    }

    /// <summary>The action of each state, all arrays on the device.</summary>
    /// <param name="states">s [n×S].</param>
    /// <param name="rows">n.</param>
    /// <param name="actions">Overwritten [n×A].</param>
    public void Act(DeviceArray<float> states, int rows, DeviceArray<float> actions) => _operations.Act(new()
    {
        Parameters = Parameters,
        States = states,
        Rows = rows,
        Output = actions,
    });

    /// <summary>Copies the parameters into the host's memory, with their names.</summary>
    /// <returns>The weights.</returns>
    public DeterministicPolicyWeights ToWeights() => new(Shape, Parameters.ToArray());

    /// <inheritdoc/>
    public void Dispose()
    {
        Parameters.Dispose();
        _operations.Dispose();
    }
}
