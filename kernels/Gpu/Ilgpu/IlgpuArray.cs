using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>An array in an accelerator's memory.</summary>
internal sealed class IlgpuArray<T> : GpuArray<T>
    where T : unmanaged
{
    private readonly IlgpuBackend _backend;
    private readonly MemoryBuffer1D<T, Stride1D.Dense> _buffer;
    private readonly AcceleratorStream _stream;
    private bool _disposed;

    public IlgpuArray(IlgpuBackend backend, Accelerator accelerator, AcceleratorStream stream, long length)
        : base(backend, length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        (_backend, _stream) = (backend, stream);
        _buffer = accelerator.Allocate1D<T>(Math.Max(length, 1));
        _buffer.MemSetToZero(stream);
        stream.Synchronize();
        Hold();
    }

    public override ArrayView<T> View
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _buffer.View.AsContiguous().SubView(0, Length);
        }
    }

    public override void CopyFrom(ReadOnlySpan<T> source, long offset = 0)
    {
        Check(offset, source.Length);
        if (source.Length == 0)
            return;
        try
        {
            // Both wait until the copy is done: the host's memory is pageable, and the caller's.
            View.SubView(offset, source.Length).CopyFromCPU(_stream, source);
        }
        catch (CudaException failure)
        {
            throw _backend.Failed($"copying {(long)source.Length * Interop.SizeOf<T>()} bytes to it", failure);
        }
    }

    public override void CopyTo(Span<T> destination, long offset = 0)
    {
        Check(offset, destination.Length);
        if (destination.Length == 0)
            return;
        try
        {
            View.SubView(offset, destination.Length).CopyToCPU(_stream, destination);
        }
        catch (CudaException failure)
        {
            throw _backend.Failed($"copying {(long)destination.Length * Interop.SizeOf<T>()} bytes from it", failure);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
            return;
        _disposed = true;
        if (disposing && !_buffer.IsDisposed)
        {
            // What was launched may still be using it.
            _backend.GiveBack(_backend.Synchronize);
            _backend.GiveBack(_buffer.Dispose);
        }

        base.Dispose(disposing);
    }

    private void Check(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (offset < 0 || count > Length - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"elements {offset} to {offset + count} are not within an array of {Length}");
    }
}
