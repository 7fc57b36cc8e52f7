using System.Runtime.InteropServices;
using EDA.Kernels.Gpu;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace EDA.Bench.Ptx;

/// <summary>An array in the host's memory whose bounds the backend knows.</summary>
public sealed unsafe class PtxArray<T> : GpuArray<T>
    where T : unmanaged
{
    // What CUDA promises of an allocation.
    private const int Alignment = 256;

    private readonly PtxBackend _backend;
    private readonly MemoryBuffer _buffer;
    private T* _start;

    public PtxArray(PtxBackend backend, Accelerator accelerator, long length)
        : base(backend, length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _backend = backend;
        nuint bytes = checked((nuint)length * (nuint)sizeof(T));
        _start = (T*)NativeMemory.AlignedAlloc(Math.Max(bytes, 1), Alignment);
        NativeMemory.Clear(_start, bytes);
        _buffer = CPUMemoryBuffer.Create(accelerator, (IntPtr)_start, Math.Max(length, 1), sizeof(T));
        backend.Memory.Add((ulong)_start, bytes);
        Hold();
    }

    public override ArrayView<T> View
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start is null, this);
            return new ArrayView<T>(_buffer, 0, Length);
        }
    }

    public override void CopyFrom(ReadOnlySpan<T> source, long offset = 0)
    {
        Require(offset, source.Length);
        source.CopyTo(new Span<T>(_start + offset, source.Length));
    }

    public override void CopyTo(Span<T> destination, long offset = 0)
    {
        Require(offset, destination.Length);
        new ReadOnlySpan<T>(_start + offset, destination.Length).CopyTo(destination);
    }

    protected override void Dispose(bool disposing)
    {
        if (_start is not null)
        {
            _backend.Memory.Remove((ulong)_start);
            NativeMemory.AlignedFree(_start);
            _start = null;
            if (disposing)
                _buffer.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Require(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        Check(offset, count);
    }
}
