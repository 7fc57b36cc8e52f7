namespace EDA.Engine.Environments.Mujoco;

/// <summary>
/// One simulation of a model (mjData): its state moves by <see cref="SetState"/> and <see cref="Advance"/>. Different
/// simulations of one model may run on different threads.
/// </summary>
public sealed class MujocoSimulation : IDisposable
{
    private readonly MujocoModel _model;
    private readonly MujocoLibrary _library;
    private readonly double[] _positions;
    private readonly double[] _velocities;
    private nint _data;

    /// <summary>Makes a simulation in the model's initial state.</summary>
    /// <param name="model">The model, which must live as long.</param>
    public MujocoSimulation(MujocoModel model)
    {
        _model = model;
        _library = model.Library;
        _data = _library.MakeData(model.Address);
        _positions = new double[model.PositionCount];
        _velocities = new double[model.VelocityCount];
        Reset();
    }

    /// <summary>Gives the memory back.</summary>
    ~MujocoSimulation() => Release();

    /// <summary>qpos [nq]: m, rad, or quaternion entries.</summary>
    public ReadOnlySpan<double> Positions => _positions;

    /// <summary>qvel [nv]: m/s or rad/s.</summary>
    public ReadOnlySpan<double> Velocities => _velocities;

    private nint Data => _data != 0 ? _data : throw new ObjectDisposedException(nameof(MujocoSimulation));

    /// <summary>Goes back to the model's initial state, time and everything inner to the solver included.</summary>
    public void Reset()
    {
        _library.Reset(_model.Address, Data);
        Refresh();
    }

    /// <summary>Sets the state and computes what follows from it (mj_forward), as Gym's set_state does.</summary>
    /// <param name="positions">qpos [nq].</param>
    /// <param name="velocities">qvel [nv].</param>
    /// <exception cref="ArgumentException">There are more or fewer numbers than the model has.</exception>
    public void SetState(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        RequireLength(positions.Length, _positions.Length, nameof(positions));
        RequireLength(velocities.Length, _velocities.Length, nameof(velocities));
        _library.State.Write(_model.Address, Data, StatePart.Positions, positions);
        _library.State.Write(_model.Address, Data, StatePart.Velocities, velocities);
        _library.Forward(_model.Address, Data);
        Refresh();
    }

    /// <summary>Steps the physics with constant controls (mj_step).</summary>
    /// <param name="controls">ctrl [nu].</param>
    /// <param name="steps">How many time steps.</param>
    /// <exception cref="ArgumentException">There are more or fewer controls than the model has.</exception>
    public void Advance(ReadOnlySpan<double> controls, int steps)
    {
        RequireLength(controls.Length, _model.ControlCount, nameof(controls));
        _library.State.Write(_model.Address, Data, StatePart.Controls, controls);
        for (int i = 0; i < steps; i++)
            _library.Step(_model.Address, Data);
        Refresh();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private static void RequireLength(int length, int needed, string name)
    {
        if (length != needed)
            throw new ArgumentException($"{length} numbers where {needed} are needed", name);
    }

    private void Refresh()
    {
        _library.State.Read(_model.Address, Data, StatePart.Positions, _positions);
        _library.State.Read(_model.Address, Data, StatePart.Velocities, _velocities);

        // Every use of the data ends here; until now it must not be finalised.
        GC.KeepAlive(this);
    }

    private void Release()
    {
        nint data = Interlocked.Exchange(ref _data, 0);
        if (data != 0)
            _library.DeleteData(data);
    }
}
