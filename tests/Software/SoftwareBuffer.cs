using System.Runtime.InteropServices;

namespace EDA.Tests.Software;

/// <summary>Memory for kernels that run in software. It starts as NaN (all bits set), like shared memory.</summary>
/// <typeparam name="T">The element type.</typeparam>
public sealed unsafe class SoftwareBuffer<T> : IDisposable
    where T : unmanaged
{
    // What CUDA promises of an allocation.
    private const int Alignment = 256;

    private readonly long _length;
    private T* _start;

    /// <summary>Allocates memory.</summary>
    /// <param name="length">The number of elements.</param>
    public SoftwareBuffer(long length)
    {
        _length = length;
        nuint bytes = checked((nuint)length * (nuint)sizeof(T));
        _start = (T*)NativeMemory.AlignedAlloc(Math.Max(bytes, 1), Alignment);
        NativeMemory.Fill(_start, bytes, 0xFF);
    }

    /// <summary>Allocates memory for a copy.</summary>
    /// <param name="values">What is copied.</param>
    public SoftwareBuffer(ReadOnlySpan<T> values)
        : this(values.Length) => values.CopyTo(Span);

    /// <summary>Frees the memory of a buffer that was not disposed of.</summary>
    ~SoftwareBuffer() => Free();

    /// <summary>All of it, as kernels see it.</summary>
    public ArrayView<T> View => new(_start, _length);

    /// <summary>All of it, as the host sees it.</summary>
    public Span<T> Span => new(_start, checked((int)_length));

    /// <summary>Sets every element to zero.</summary>
    public void Clear() => NativeMemory.Clear(_start, (nuint)_length * (nuint)sizeof(T));

    /// <summary>Overwrites a part.</summary>
    /// <param name="first">Its first element.</param>
    /// <param name="values">The new elements.</param>
    public void Write(long first, ReadOnlySpan<T> values) => values.CopyTo(new Span<T>(_start + first, values.Length));

    /// <summary>Reads a part.</summary>
    /// <param name="first">Its first element.</param>
    /// <param name="values">Overwritten with the elements.</param>
    public void Read(long first, Span<T> values) => new Span<T>(_start + first, values.Length).CopyTo(values);

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
