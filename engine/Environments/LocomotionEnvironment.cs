using EDA.Engine.Environments.Mujoco;
using EDA.Engine.Environments.Scenes;
using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>Steps a <see cref="LocomotionTask"/>.</summary>
public sealed class LocomotionEnvironment : IPicturedEnvironment
{
    private readonly LocomotionTask _task;
    private readonly MujocoModel _model;
    private readonly MujocoSimulation _simulation;
    private readonly double[] _start;
    private readonly double[] _controls;
    private RobotPicture? _picture;
    private int _steps;

    /// <summary>Makes an instance.</summary>
    /// <param name="task">The task.</param>
    /// <param name="model">Its compiled model.</param>
    public LocomotionEnvironment(LocomotionTask task, MujocoModel model)
    {
        (_task, _model) = (task, model);
        _simulation = new MujocoSimulation(model);
        _start = _simulation.Positions.ToArray();
        _controls = new double[Description.ActionSize];
    }

    /// <inheritdoc/>
    public EnvironmentDescription Description => _task.Description;

    /// <inheritdoc/>
    public Scene Scene => Picture.Scene;

    // Only few of many instances are drawn.
    private RobotPicture Picture => _picture ??= new RobotPicture(_task.Model, _model, ScenePlane.Side);

    /// <inheritdoc/>
    public void Reset(in RandomDraw episode, Span<double> observation)
    {
        Span<double> positions = stackalloc double[_start.Length];
        Span<double> velocities = stackalloc double[Description.Velocities];
        for (int i = 0; i < positions.Length; i++)
            positions[i] = _start[i] + EpisodeRandom.Uniform(episode, RandomPurpose.ResetPosition, i, -_task.ResetNoise, _task.ResetNoise);
        for (int i = 0; i < velocities.Length; i++)
        {
            velocities[i] = _task.VelocityNoise == VelocityNoise.Uniform
                ? EpisodeRandom.Uniform(episode, RandomPurpose.ResetVelocity, i, -_task.ResetNoise, _task.ResetNoise)
                : _task.ResetNoise * EpisodeRandom.Normal(episode, RandomPurpose.ResetVelocity, i);
        }

        Restore(episode, positions, velocities, observation);
    }

    /// <inheritdoc/>
    public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation)
    {
        _simulation.Reset();
        _simulation.SetState(positions, velocities);
        _steps = 0;
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
        double squares = 0;
        for (int i = 0; i < _controls.Length; i++)
        {
            _controls[i] = Math.Clamp(action[i], -1, 1);
            squares += _controls[i] * _controls[i];
        }

        double before = _simulation.Positions[0];
        _simulation.Advance(_controls, _task.FrameSkip);
        _steps++;
        Observe(observation);
        double velocity = (_simulation.Positions[0] - before) / Description.StepSeconds;
        bool healthy = _task.Healthy?.Contains(_simulation.Positions, _simulation.Velocities) ?? true;
        return new StepOutcome(velocity + _task.AliveBonus - (_task.ControlCost * squares), !healthy, _steps >= Description.StepLimit);
    }

    /// <inheritdoc/>
    public void ReadPoints(Span<double> points) => Picture.Read(_simulation.Positions, points);

    /// <inheritdoc/>
    public void Dispose()
    {
        _picture?.Dispose();
        _simulation.Dispose();
    }

    /// <summary>All positions but the first, which would tell how far it has come; then the velocities.</summary>
    private void Observe(Span<double> observation)
    {
        var positions = _simulation.Positions[1..];
        positions.CopyTo(observation);
        var velocities = _simulation.Velocities;
        for (int i = 0; i < velocities.Length; i++)
            observation[positions.Length + i] = Math.Clamp(velocities[i], -_task.VelocityLimit, _task.VelocityLimit);
    }
}
