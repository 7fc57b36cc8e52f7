using System.Runtime.CompilerServices;

namespace EDA.Tests.Software;

/// <summary>A part of native memory, every access checked. It does not keep the memory alive.</summary>
/// <typeparam name="T">The element type.</typeparam>
public readonly unsafe struct ArrayView<T>
    where T : unmanaged
{
    private readonly T* _start;
    private readonly long _length;

    internal ArrayView(T* start, long length)
    {
        _start = start;
        _length = length;
    }

    /// <summary>The number of elements.</summary>
    public long Length => _length;

    /// <summary>The number of elements.</summary>
    public int IntLength => checked((int)_length);

    /// <summary>An element.</summary>
    /// <param name="index">Its index.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such element.</exception>
    public ref T this[int index] => ref this[(long)index];

    /// <summary>An element.</summary>
    /// <param name="index">Its index.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such element.</exception>
    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)_length)
                ThrowIndex(index, _length);
            return ref _start[index];
        }
    }

    /// <summary>A part of this view.</summary>
    /// <param name="index">Its first element: one of this view's also where the part is empty, as ILGPU has it.</param>
    /// <param name="length">Its length.</param>
    /// <returns>The part.</returns>
    /// <exception cref="IndexOutOfRangeException">It reaches outside.</exception>
    public ArrayView<T> SubView(long index, long length)
    {
        if (index < 0 || length < 0 || index > _length - length || (index == _length && index > 0))
            throw new IndexOutOfRangeException($"elements {index} to {index + length} reach outside a view of {_length} elements{ItemContext.Describe()}");
        return new ArrayView<T>(_start + index, length);
    }

    /// <summary>The same memory as elements of another type.</summary>
    /// <typeparam name="TOther">That type.</typeparam>
    /// <returns>The view, without a rest too short for an element.</returns>
    /// <exception cref="InvalidOperationException">The view does not start at a multiple of the element's size, which a GPU refuses to load.</exception>
    public ArrayView<TOther> Cast<TOther>()
        where TOther : unmanaged
    {
        if ((nuint)_start % (nuint)sizeof(TOther) != 0)
            throw new InvalidOperationException($"a view cast to elements of {sizeof(TOther)} bytes does not start at a multiple of that{ItemContext.Describe()}");
        return new ArrayView<TOther>((TOther*)_start, _length * sizeof(T) / sizeof(TOther));
    }

    /// <summary>The same view, with what the compiler is to take for granted.</summary>
    /// <param name="alignmentInBytes">What its first element's address is a multiple of.</param>
    /// <returns>This view.</returns>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public ArrayView<T> AsAligned(int alignmentInBytes)
    {
        if ((nuint)_start % (nuint)alignmentInBytes != 0)
            throw new InvalidOperationException($"a view does not start at a multiple of {alignmentInBytes} bytes{ItemContext.Describe()}");
        return this;
    }

    private static void ThrowIndex(long index, long length) =>
        throw new IndexOutOfRangeException($"index {index} is outside a view of {length} elements{ItemContext.Describe()}");
}
