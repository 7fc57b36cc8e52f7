using System.Runtime.InteropServices;

namespace EDA.Kernels.Cpu;

/// <summary>Workspace memory: zeroed, aligned to a cache line, grown when a larger batch comes, never shrunk.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private long _length;

    ~NativeBuffer() => Release();

    public float* Pointer { get; private set; }

    /// <summary>Makes room for at least <paramref name="length"/> floats; contents are lost when it grows.</summary>
    public float* Require(long length)
    {
        if (length <= _length && Pointer != null)
            return Pointer;
        Release();
        nuint bytes = checked((nuint)Math.Max(length, 16) * sizeof(float));
        Pointer = (float*)NativePages.Allocate(bytes);
        _length = length;
        return Pointer;
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        _length = 0;
    }
}

/// <summary>Hands out consecutive parts of a record, each starting on a cache line.</summary>
internal struct RecordLayout
{
    /// <summary>Floats handed out so far.</summary>
    public long Length { get; private set; }

    public long Take(long floats)
    {
        long offset = Length;
        Length += (floats + 15) & ~15L;
        return offset;
    }

    /// <summary>
    /// The distance between records: not a multiple of a page, or the same part of all records would compete for the
    /// same few sets of the first-level cache.
    /// </summary>
    public readonly long Stride
    {
        get
        {
            const int line = 16;
            const int page = 1024;
            long remainder = Length % page;
            long wanted = 5 * line;
            return Length + (((wanted - remainder) % page) + page) % page;
        }
    }
}
