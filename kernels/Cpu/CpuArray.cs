namespace EDA.Kernels.Cpu;

/// <summary>An array in native memory, aligned to a cache line, that the garbage collector never moves.</summary>
internal sealed unsafe class CpuArray<T> : DeviceArray<T>
    where T : unmanaged
{
    private readonly long _bytes;
    private readonly CpuArray<T>? _whole;
    private readonly long _offset;
    private T* _memory;

    public CpuArray(long length)
        : base(length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _bytes = Math.Max(checked(length * sizeof(T)), 1);
        _memory = (T*)NativePages.Allocate((nuint)_bytes, zeroed: true);
        GC.AddMemoryPressure(_bytes);
    }

    // A part keeps the whole from being finalised.
    private CpuArray(CpuArray<T> whole, long offset, long length)
        : base(length)
    {
        (_whole, _offset) = (whole, offset);
        GC.SuppressFinalize(this);
    }

    ~CpuArray() => Dispose(false);

    /// <summary>The first element; null where the memory was given back.</summary>
    public T* Pointer
    {
        get
        {
            T* memory = (_whole ?? this)._memory;
            return memory == null ? null : memory + _offset;
        }
    }

    public override DeviceArray<T> Slice(long offset, long length)
    {
        Check(offset, length);
        return new CpuArray<T>(_whole ?? this, _offset + offset, length);
    }

    public override void CopyFrom(ReadOnlySpan<T> source, long offset = 0) =>
        CopyAndKeepAlive(source, Range(offset, source.Length));

    public override void CopyTo(Span<T> destination, long offset = 0) =>
        CopyAndKeepAlive(Range(offset, destination.Length), destination);

    protected override void Dispose(bool disposing)
    {
        if (_memory == null)
            return;
        NativePages.Free(_memory);
        _memory = null;
        GC.RemoveMemoryPressure(_bytes);
    }

    private void CopyAndKeepAlive(ReadOnlySpan<T> source, Span<T> destination)
    {
        source.CopyTo(destination);
        GC.KeepAlive(this);
    }

    private Span<T> Range(long offset, int count)
    {
        Check(offset, count);
        return new Span<T>(Pointer + offset, count);
    }

    private void Check(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(Pointer == null, this);
        if (offset < 0 || count < 0 || offset > Length - count)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"elements {offset} to {offset + count} are not within an array of {Length}");
    }
}
