using System.Runtime.InteropServices;

namespace EDA.Kernels.Cpu;

/// <summary>An array in native memory, aligned to a cache line, that the garbage collector never moves.</summary>
internal sealed unsafe class CpuArray<T> : DeviceArray<T>
    where T : unmanaged
{
    private const nuint Alignment = 64;
    private readonly long _bytes;

    public CpuArray(long length)
        : base(length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _bytes = Math.Max(checked(length * sizeof(T)), 1);
        Pointer = (T*)NativeMemory.AlignedAlloc((nuint)_bytes, Alignment);
        NativeMemory.Clear(Pointer, (nuint)_bytes);
        GC.AddMemoryPressure(_bytes);
    }

    ~CpuArray() => Dispose(false);

    public T* Pointer { get; private set; }

    public override void CopyFrom(ReadOnlySpan<T> source, long offset = 0) =>
        CopyAndKeepAlive(source, Range(offset, source.Length));

    public override void CopyTo(Span<T> destination, long offset = 0) =>
        CopyAndKeepAlive(Range(offset, destination.Length), destination);

    protected override void Dispose(bool disposing)
    {
        if (Pointer == null)
            return;
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        GC.RemoveMemoryPressure(_bytes);
    }

    private void CopyAndKeepAlive(ReadOnlySpan<T> source, Span<T> destination)
    {
        source.CopyTo(destination);
        GC.KeepAlive(this);
    }

    private Span<T> Range(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(Pointer == null, this);
        if (offset < 0 || offset > Length - count)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"elements {offset} to {offset + count} are not within an array of {Length}");
        return new Span<T>(Pointer + offset, count);
    }
}
