using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>The stand-in, which sees every copy between host and device, and has no more memory than it is told.</summary>
internal sealed class ObservedBackend : LeakCheckedBackend
{
    /// <summary>The elements of each copy, to the device or from it.</summary>
    public List<long> Copies { get; } = [];

    /// <summary>The most elements that an array may have.</summary>
    public long MostElements { get; set; } = long.MaxValue;

    /// <inheritdoc/>
    public override GpuArray<T> Allocate<T>(long length) =>
        length <= MostElements ? new ObservedArray<T>(this, base.Allocate<T>(length)) : throw new DeviceException($"no room for {length} elements");

    private sealed class ObservedArray<T>(ObservedBackend backend, GpuArray<T> inner) : GpuArray<T>(backend, inner.Length)
        where T : unmanaged
    {
        public override ArrayView<T> View => inner.View;

        public override void CopyFrom(ReadOnlySpan<T> source, long offset = 0)
        {
            backend.Copies.Add(source.Length);
            inner.CopyFrom(source, offset);
        }

        public override void CopyTo(Span<T> destination, long offset = 0)
        {
            backend.Copies.Add(destination.Length);
            inner.CopyTo(destination, offset);
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
