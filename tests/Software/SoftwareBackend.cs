using System.Diagnostics;
using System.Reflection;
using EDA.Kernels;
using EDA.Kernels.Gpu;

namespace EDA.Tests.Software;

/// <summary>
/// The stand-in as a backend: the GPU's kernels and launches on the calling thread, every access checked. For tests and
/// debugging, thousands of times slower than a GPU.
/// </summary>
/// <param name="order">In which order the items of a group run; results do not depend on it.</param>
public class SoftwareBackend(ItemOrder order = ItemOrder.Forward) : GpuBackend
{
    // A kernel is rewritten and compiled once a thread: a backend belongs to one thread at a time, and so do its kernels.
    [ThreadStatic]
    private static Dictionary<MethodInfo, SoftwareKernel>? _compiled;

    /// <inheritdoc/>
    public override string Name => "software (the GPU's kernels on the CPU, for tests)";

    /// <inheritdoc/>
    public override GpuArray<T> Allocate<T>(long length) => new SoftwareArray<T>(this, length);

    /// <inheritdoc/>
    public override LoadedKernel<TArguments> Load<TArguments>(string name, int groupSize, Action<TArguments> kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return new Loaded<TArguments>(this, name, groupSize, kernel.Method);
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
    }

    /// <inheritdoc/>
    public override ITimeMark Mark() => new SoftwareMark(Stopwatch.GetTimestamp());

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    private static SoftwareKernel Compiled(MethodInfo method)
    {
        _compiled ??= [];
        if (!_compiled.TryGetValue(method, out var kernel))
            _compiled.Add(method, kernel = new SoftwareKernel(method));
        return kernel;
    }

    /// <summary>Runs a kernel now; a backend that puts launches off calls this when their time has come.</summary>
    /// <typeparam name="TArguments">Its arguments.</typeparam>
    /// <param name="kernel">The kernel.</param>
    /// <param name="grid">The groups.</param>
    /// <param name="groupSize">The items of a group.</param>
    /// <param name="arguments">The arguments.</param>
    protected virtual void Run<TArguments>(MethodInfo kernel, GridSize grid, int groupSize, in TArguments arguments)
        where TArguments : struct => Compiled(kernel).Run(grid.X, grid.Y, grid.Z, groupSize, order, arguments);

    private sealed class Loaded<TArguments>(SoftwareBackend backend, string name, int groupSize, MethodInfo method) : LoadedKernel<TArguments>(backend, name, groupSize)
        where TArguments : struct
    {
        protected override void Run(GridSize grid, in TArguments arguments) => backend.Run(method, grid, GroupSize, arguments);
    }

    // Launches run at once, so the host's clock is the device's.
    private sealed record SoftwareMark(long Timestamp) : ITimeMark
    {
        public double SecondsSince(ITimeMark earlier) => Stopwatch.GetElapsedTime(((SoftwareMark)earlier).Timestamp, Timestamp).TotalSeconds;

        public void Dispose()
        {
        }
    }
}

/// <summary>An array of the stand-in.</summary>
internal sealed class SoftwareArray<T> : GpuArray<T>
    where T : unmanaged
{
    private readonly SoftwareBuffer<T> _buffer;
    private bool _disposed;

    public SoftwareArray(GpuBackend backend, long length)
        : base(backend, length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _buffer = new SoftwareBuffer<T>(length);
        _buffer.Clear();
        Hold();
    }

    public override ArrayView<T> View
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _buffer.View;
        }
    }

    public override void CopyFrom(ReadOnlySpan<T> source, long offset = 0)
    {
        Check(source.Length, offset);
        _buffer.Write(offset, source);
    }

    public override void CopyTo(Span<T> destination, long offset = 0)
    {
        Check(destination.Length, offset);
        _buffer.Read(offset, destination);
    }

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        if (disposing)
            _buffer.Dispose();
        base.Dispose(disposing);
    }

    private void Check(int count, long offset)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (offset < 0 || count > Length - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"elements {offset} to {offset + count} are not within an array of {Length}");
    }
}
