using EDA.Kernels;

namespace EDA.Engine.Baselines;

/// <summary>Columns of one table on a device, of which batches of rows are drawn with replacement: to the device, and to the host where they are looked at there.</summary>
public sealed class DrawnRows : IDisposable
{
    private readonly IDevice _device;
    private readonly (DeviceArray<float> Source, int Width, DeviceArray<float> Batch, float[] Host)[] _columns;
    private readonly int _count;

    /// <summary>Makes room for batches.</summary>
    /// <param name="device">The device.</param>
    /// <param name="count">N, the rows of every column.</param>
    /// <param name="batch">n.</param>
    /// <param name="columns">The columns, each with the width of a row; not disposed of.</param>
    public DrawnRows(IDevice device, int count, int batch, params (DeviceArray<float> Source, int Width)[] columns)
    {
        (_device, _count, Batch) = (device, count, batch);
        Indices = device.Allocate<int>(batch);
        _columns = [.. columns.Select(column => (column.Source, column.Width, device.Allocate<float>((long)batch * column.Width), new float[batch * column.Width]))];
    }

    /// <summary>n.</summary>
    public int Batch { get; }

    /// <summary>The rows that were drawn last [n].</summary>
    public DeviceArray<int> Indices { get; }

    /// <summary>Draws the rows of a step, row i from element i of <see cref="RandomPurpose.BatchIndex"/>.</summary>
    /// <param name="draw">The random stream of the step.</param>
    public void Draw(in RandomDraw draw)
    {
        _device.Vector.FillIndices(new() { Indices = Indices, Count = Batch, Upper = _count, Draw = draw, Purpose = RandomPurpose.BatchIndex });
        foreach (var (source, width, batch, _) in _columns)
            _device.Vector.Gather(new() { Source = source, Width = width, Indices = Indices, Count = Batch, Destination = batch });
    }

    /// <summary>A column of the batch, on the device [n×width].</summary>
    /// <param name="column">Its number.</param>
    public DeviceArray<float> OnDevice(int column) => _columns[column].Batch;

    /// <summary>A column of the batch, copied to the host [n×width]; holds until the next call.</summary>
    /// <param name="column">Its number.</param>
    public float[] OnHost(int column)
    {
        _columns[column].Batch.CopyTo(_columns[column].Host);
        return _columns[column].Host;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Indices.Dispose();
        foreach (var column in _columns)
            column.Batch.Dispose();
    }
}
