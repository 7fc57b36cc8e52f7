using System.Runtime.InteropServices;

namespace EDA.Tests.Software;

/// <summary>A group's shared memory, as large as what every GPU gives a kernel without asking.</summary>
internal sealed unsafe class GroupMemory
{
    private const int Capacity = 48 * 1024;
    private const int Alignment = 16;

    private readonly Dictionary<int, (int Offset, int Length)> _sites = [];
    private readonly byte* _start = (byte*)NativeMemory.AlignedAlloc(Capacity, 256);
    private int _used;

    ~GroupMemory() => NativeMemory.AlignedFree(_start);

    /// <summary>Forgets what the last group left.</summary>
    public void Clear() => NativeMemory.Fill(_start, Capacity, 0xFF);

    /// <summary>What stands in kernels for SharedMemory.Allocate, with the number of the place that asks.</summary>
    public static ArrayView<T> Allocate<T>(int extent, int site)
        where T : unmanaged => ItemContext.Memory!.At<T>(extent, site);

    private ArrayView<T> At<T>(int extent, int site)
        where T : unmanaged
    {
        if (!_sites.TryGetValue(site, out var part))
        {
            part = (_used, extent);
            long end = _used + ((long)extent * sizeof(T));
            if (extent < 0 || end > Capacity)
                throw new InvalidOperationException($"the kernel asks for {end} bytes of shared memory; there are {Capacity}");
            _used = ((int)end + Alignment - 1) / Alignment * Alignment;
            _sites.Add(site, part);
        }

        if (part.Length != extent)
            throw new InvalidOperationException($"shared memory of {part.Length} elements is asked for again with {extent}: the extent must be a constant");
        return new ArrayView<T>((T*)(_start + part.Offset), extent);
    }
}
