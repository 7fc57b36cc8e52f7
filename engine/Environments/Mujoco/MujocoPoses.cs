namespace EDA.Engine.Environments.Mujoco;

/// <summary>
/// Where the bodies of a model are for given coordinates: forward kinematics alone (mj_kinematics, mj_local2Global), on
/// data of its own, so that no simulation notices.
/// </summary>
public sealed class MujocoPoses : IDisposable
{
    private readonly MujocoModel _model;
    private readonly MujocoLibrary _library;
    private nint _data;

    /// <summary>Makes room for the poses.</summary>
    /// <param name="model">The model, which must live as long.</param>
    public MujocoPoses(MujocoModel model)
    {
        (_model, _library) = (model, model.Library);
        _data = _library.MakeData(model.Address);
        _library.Reset(model.Address, _data);
    }

    /// <summary>Gives the memory back.</summary>
    ~MujocoPoses() => Release();

    private nint Data => _data != 0 ? _data : throw new ObjectDisposedException(nameof(MujocoPoses));

    /// <summary>Places all bodies.</summary>
    /// <param name="positions">qpos [nq].</param>
    /// <exception cref="ArgumentException">There are more or fewer numbers than the model has.</exception>
    public void Place(ReadOnlySpan<double> positions)
    {
        if (positions.Length != _model.PositionCount)
            throw new ArgumentException($"{positions.Length} numbers where {_model.PositionCount} are needed", nameof(positions));
        _library.State.Write(_model.Address, Data, StatePart.Positions, positions);
        _library.Kinematics(_model.Address, Data);

        // Every use of the data ends here; until now it must not be finalised.
        GC.KeepAlive(this);
    }

    /// <summary>Where a point of a body is.</summary>
    /// <param name="body">The body's number, by <see cref="MujocoModel.FindBody"/>.</param>
    /// <param name="point">The point in the body's frame [3], m.</param>
    /// <param name="place">Filled with the point in the world [3], m.</param>
    public void Map(int body, ReadOnlySpan<double> point, Span<double> place)
    {
        _library.LocalToGlobal(Data, body, point, place);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        nint data = Interlocked.Exchange(ref _data, 0);
        if (data != 0)
            _library.DeleteData(data);
    }
}
