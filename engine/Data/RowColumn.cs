using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>Rows of one width that batches are drawn from, of one model or of several: on the device, or in their stores.</summary>
internal sealed class RowColumn : IDisposable
{
    private readonly int _width;
    private RowStore[] _stores;
    private float[] _read = [];
    private DeviceArray<float>? _resident;
    private DeviceArray<float>? _batch;

    /// <param name="stores">The rows by model, as many for each, complete. They are not disposed of, and not to be used by others until they are on the device or the column is gone.</param>
    /// <exception cref="ArgumentException">Rows are missing.</exception>
    public RowColumn(params RowStore[] stores)
    {
        (_stores, _width, Count, Models) = (stores, stores[0].RowLength, stores[0].Count, stores.Length);
        if (Count == 0 || Array.Exists(stores, store => store.Completed != Count))
            throw new ArgumentException($"{string.Join(", ", stores.Select(store => store.Completed))} rows where {Math.Max(Count, 1)} are needed", nameof(stores));
    }

    /// <summary>The rows of a model.</summary>
    public int Count { get; }

    /// <summary>M, the number of models.</summary>
    public int Models { get; }

    /// <summary>The numbers of all rows.</summary>
    public long Length => (long)Models * Count * _width;

    /// <summary>The rows that were drawn last [M×count×width].</summary>
    public DeviceArray<float> Batch => _batch!;

    /// <summary>Takes the memory that all rows need on a device.</summary>
    public void MakeRoom(IDevice device) => _resident = device.Allocate<float>(Length);

    /// <summary>Copies all rows there, and lets go of the stores and of what they hold.</summary>
    public void Upload()
    {
        for (int m = 0; m < Models; m++)
            _stores[m].CopyTo(_resident!, m * (Length / Models));
        _stores = [];
    }

    /// <summary>Makes room for batches of so many rows a model.</summary>
    public void Resize(IDevice device, int count)
    {
        _batch?.Dispose();
        _batch = device.Allocate<float>((long)Models * count * _width);
    }

    /// <summary>Makes a batch of rows that are on the device.</summary>
    public void Gather(IVectorOperations vector, DeviceArray<int> indices, int count) =>
        vector.Gather(new() { Source = _resident!, Width = _width, Indices = indices, Count = count, Destination = Batch, Models = Models });

    /// <summary>Reads a model's rows of the next batch from its store.</summary>
    public void Read(int model, ReadOnlySpan<int> rows)
    {
        int length = rows.Length * _width;
        if (_read.Length != Models * length)
            _read = new float[Models * length];
        _stores[model].Gather(rows, _read.AsSpan(model * length, length));
    }

    /// <summary>Makes a batch of what was read.</summary>
    public void CopyRead() => Batch.CopyFrom(_read);

    /// <inheritdoc/>
    public void Dispose()
    {
        _resident?.Dispose();
        _batch?.Dispose();
    }
}
