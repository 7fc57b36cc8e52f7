using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>
/// Rows that batches are drawn from, uniformly and with replacement: columns of equally many rows, drawn together. On the
/// device where they fit, so that a step copies nothing; else in their stores, read a step ahead. Both give the same bits.
/// </summary>
internal sealed class RowTable : IDisposable
{
    private readonly IDevice _device;
    private readonly RandomPurpose _purpose;
    private readonly RowColumn[] _columns;
    private readonly ReadAhead? _ahead;
    private DeviceArray<int>? _indices;
    private int[] _rows = [];
    private int _count;

    /// <summary>Prepares draws.</summary>
    /// <param name="device">Where batches are made.</param>
    /// <param name="purpose">What the rows are drawn for.</param>
    /// <param name="memory">How much of the device's memory the columns may take together; null for the default.</param>
    /// <param name="columns">The columns, owned by the table from now on.</param>
    /// <exception cref="ArgumentException">They do not have equally many rows.</exception>
    public RowTable(IDevice device, RandomPurpose purpose, RowMemory? memory, params RowColumn[] columns)
    {
        (_device, _purpose, _columns) = (device, purpose, columns);
        if (Array.Exists(columns, column => column.Count != Count || column.Models != Models))
            throw new ArgumentException($"rows that do not go together: {string.Join(", ", columns.Select(column => column.Count))}", nameof(columns));
        IsResident = MakeRoom(memory ?? new(new()));
        if (IsResident)
            Array.ForEach(columns, column => column.Upload());
        else
            _ahead = new ReadAhead(ReadRows);
    }

    /// <summary>N, the rows of a model.</summary>
    public int Count => _columns[0].Count;

    /// <summary>M, the number of models, each of which draws from rows of its own.</summary>
    public int Models => _columns[0].Models;

    /// <summary>Whether all rows are on the device.</summary>
    public bool IsResident { get; }

    /// <summary>Draws a batch, which each column has then.</summary>
    /// <param name="count">How many rows a model.</param>
    /// <param name="draw">The random stream; model m draws from the seed plus m.</param>
    public void Draw(int count, in RandomDraw draw)
    {
        if (count != _count)
            Resize(count);
        if (_ahead is null)
        {
            _device.Vector.FillIndices(new() { Indices = _indices!, Count = count, Upper = Count, Draw = draw, Purpose = _purpose, Models = Models });
            foreach (var column in _columns)
                column.Gather(_device.Vector, _indices!, count);
            return;
        }

        _ahead.Read(count, draw);
        foreach (var column in _columns)
            column.CopyRead();
        _ahead.Begin(count, draw);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ahead?.Wait();
        _indices?.Dispose();
        Array.ForEach(_columns, column => column.Dispose());
    }

    private bool MakeRoom(RowMemory memory)
    {
        long bytes = sizeof(float) * _columns.Sum(column => column.Length);
        if (bytes > (long)memory.Settings.Resident << 20)
            return false;
        try
        {
            Array.ForEach(_columns, column => column.MakeRoom(_device));
            return true;
        }
        catch (Exception error) when (error is MemoryShortException or DeviceException { HasFailed: false })
        {
            Array.ForEach(_columns, column => column.Dispose());
            memory.Notice?.Invoke($"{(bytes + (1 << 20) - 1) >> 20} MiB of rows stay on the host, and are read a step ahead: {error.Message}");
            return false;
        }
    }

    // What the device would draw from the same stream.
    private void ReadRows(int count, RandomDraw draw)
    {
        if (_rows.Length != count)
            _rows = new int[count];
        for (int m = 0; m < Models; m++)
        {
            var own = draw.OfModel(m);
            for (int i = 0; i < count; i++)
                _rows[i] = Philox.Index(Philox.Word(own, _purpose, (ulong)i), Count);
            foreach (var column in _columns)
                column.Read(m, _rows);
        }
    }

    private void Resize(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _count = 0;
        _indices?.Dispose();
        _indices = _device.Allocate<int>((long)Models * count);
        Array.ForEach(_columns, column => column.Resize(_device, count));
        _count = count;
    }
}
