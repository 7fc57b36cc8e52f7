using EDA.Engine.Environments.Mujoco;
using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>
/// Steps a <see cref="KitchenTask"/>. An observation is the coordinates as noisy sensors show them, then the goals; a
/// joint is sent to where it was last seen plus the commanded velocity times the step. Reward: 1 for each element that
/// is first seen within 0.3 of its goal; the episode ends when all are done.
/// </summary>
public sealed class KitchenEnvironment : IEnvironment
{
    /// <summary>The simulated time of a step, s.</summary>
    public const double StepSeconds = FrameSkip * 0.002;

    private const int FrameSkip = 40;
    private const double MostVelocity = 2;
    private const double NoiseShare = 0.1;
    private const double Near = 0.3;

    private readonly KitchenTask _task;
    private readonly MujocoSimulation _simulation;
    private readonly double[] _seen = new double[KitchenTask.PositionCount];
    private readonly double[] _controls = new double[KitchenTask.RobotJoints];
    private readonly bool[] _done;
    private RandomDraw _episode;
    private int _steps;

    /// <summary>Makes an instance.</summary>
    /// <param name="task">The task.</param>
    /// <param name="model">D4RL's compiled model.</param>
    /// <exception cref="ArgumentException">The model does not have the kitchen's sizes.</exception>
    public KitchenEnvironment(KitchenTask task, MujocoModel model)
    {
        if (!Fits(model))
            throw new ArgumentException("the model is not the kitchen's", nameof(model));
        _task = task;
        _done = new bool[task.Elements.Count];
        _simulation = new MujocoSimulation(model);
    }

    /// <inheritdoc/>
    public EnvironmentDescription Description => _task.Description;

    /// <inheritdoc/>
    public void Reset(in RandomDraw episode, Span<double> observation) =>
        Restore(episode, KitchenTask.Start, stackalloc double[KitchenTask.VelocityCount], observation);

    /// <inheritdoc/>
    public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation)
    {
        _episode = episode;
        _steps = 0;
        _done.AsSpan().Clear();
        _simulation.Reset();
        _simulation.SetState(positions, velocities);
        Observe(observation);
    }

    /// <inheritdoc/>
    public void ReadState(Span<double> positions, Span<double> velocities)
    {
        _simulation.Positions.CopyTo(positions);
        _simulation.Velocities.CopyTo(velocities);
    }

    /// <inheritdoc/>
    public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation)
    {
        for (int i = 0; i < _controls.Length; i++)
        {
            double target = _seen[i] + (MostVelocity * Math.Clamp(action[i], -1, 1) * StepSeconds);
            _controls[i] = Math.Clamp(target, KitchenTask.LeastTarget[i], KitchenTask.MostTarget[i]);
        }

        _simulation.Advance(_controls, FrameSkip);
        _steps++;
        Observe(observation);
        int completed = 0;
        for (int i = 0; i < _done.Length; i++)
        {
            if (_done[i] || !IsNear(_task.Elements[i]))
                continue;
            _done[i] = true;
            completed++;
        }

        return new StepOutcome(completed, !_done.Contains(false), _steps >= Description.StepLimit);
    }

    /// <inheritdoc/>
    public void Dispose() => _simulation.Dispose();

    /// <summary>Whether a model has the kitchen's sizes.</summary>
    internal static bool Fits(MujocoModel model) =>
        (model.PositionCount, model.VelocityCount, model.ControlCount) == (KitchenTask.PositionCount, KitchenTask.VelocityCount, KitchenTask.RobotJoints);

    private bool IsNear(KitchenElement element)
    {
        double squares = 0;
        for (int i = 0; i < element.Goal.Count; i++)
        {
            double missing = _seen[element.First + i] - element.Goal[i];
            squares += missing * missing;
        }

        return Math.Sqrt(squares) < Near;
    }

    private void Observe(Span<double> observation)
    {
        for (int i = 0; i < _seen.Length; i++)
        {
            double most = NoiseShare * KitchenTask.SensorNoise[i];
            _seen[i] = _simulation.Positions[i] + EpisodeRandom.Uniform(_episode, RandomPurpose.SensorNoise, (_steps * _seen.Length) + i, -most, most);
            observation[i] = _seen[i];
            observation[_seen.Length + i] = _task.Goal[i];
        }
    }
}
