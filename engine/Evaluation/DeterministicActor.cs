using EDA.Engine.Environments;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>A deterministic policy, all arrays on one device; a critic's policy by advantage-weighted regression, for instance.</summary>
/// <param name="states">s [n×S]; longer arrays are used from the front.</param>
/// <param name="rows">n.</param>
/// <param name="actions">Filled [n×A].</param>
public delegate void StatePolicy(DeviceArray<float> states, int rows, DeviceArray<float> actions);

/// <summary>Acts as a deterministic policy says.</summary>
/// <param name="device">Where the policy computes; it must live as long.</param>
/// <param name="stateSize">S.</param>
/// <param name="actionSize">A.</param>
/// <param name="policy">The policy.</param>
public sealed class DeterministicActor(IDevice device, int stateSize, int actionSize, StatePolicy policy) : IActor, IDisposable
{
    private DeviceArray<float>? _states;
    private DeviceArray<float>? _actions;
    private int _capacity;

    /// <summary>What trained the policy, to be named where its actions are no numbers.</summary>
    public string Stage { get; init; } = "the policy";

    /// <summary>How many steps that training had.</summary>
    public long TrainedSteps { get; init; }

    /// <inheritdoc/>
    /// <exception cref="TrainingDivergedException">An action is no finite number.</exception>
    public void Act(uint step, ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, Span<float> actions)
    {
        Reserve(episodes.Length);
        _states!.CopyFrom(observations);
        policy(_states, episodes.Length, _actions!);
        _actions!.CopyTo(actions);
        foreach (float value in actions)
        {
            if (!float.IsFinite(value))
                throw new TrainingDivergedException(Stage, TrainedSteps, $"an action is {value}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _states?.Dispose();
        _actions?.Dispose();
        (_states, _actions, _capacity) = (null, null, 0);
    }

    /// <summary>Makes room for so many episodes; there are most at the first step.</summary>
    private void Reserve(int episodes)
    {
        if (episodes <= _capacity)
            return;
        Dispose();
        _states = device.Allocate<float>((long)episodes * stateSize);
        _actions = device.Allocate<float>((long)episodes * actionSize);
        _capacity = episodes;
    }
}
