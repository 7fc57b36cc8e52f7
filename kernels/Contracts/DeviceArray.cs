namespace EDA.Kernels;

/// <summary>
/// A fixed-length array that lives on one device. The host sees its contents only through
/// <see cref="CopyFrom"/> and <see cref="CopyTo"/>; matrices are row-major.
/// </summary>
/// <remarks>Dispose of it: a GPU's array that is not disposed of stays until the device is disposed of.</remarks>
/// <typeparam name="T">The element type, <see cref="float"/> or <see cref="int"/>.</typeparam>
public abstract class DeviceArray<T> : IDisposable
    where T : unmanaged
{
    /// <summary>Makes an array of <paramref name="length"/> elements.</summary>
    /// <param name="length">The number of elements, at least 0.</param>
    protected DeviceArray(long length) => Length = length;

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>Copies <paramref name="source"/> to the device, to the elements from <paramref name="offset"/> on.</summary>
    /// <param name="source">The values to copy.</param>
    /// <param name="offset">The first element written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The values do not fit.</exception>
    public abstract void CopyFrom(ReadOnlySpan<T> source, long offset = 0);

    /// <summary>Copies elements from <paramref name="offset"/> on to <paramref name="destination"/>, filling it.</summary>
    /// <param name="destination">Where the values go.</param>
    /// <param name="offset">The first element read.</param>
    /// <exception cref="ArgumentOutOfRangeException">The array ends before the destination is full.</exception>
    public abstract void CopyTo(Span<T> destination, long offset = 0);

    /// <summary>
    /// A part of this array as an array of its own, on the same memory: what is written to the one is read from the
    /// other.
    /// </summary>
    /// <param name="offset">The part's first element.</param>
    /// <param name="length">The number of its elements.</param>
    /// <returns>The part. It owns no memory: disposing of it does nothing, and it goes with the whole.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part reaches outside.</exception>
    public abstract DeviceArray<T> Slice(long offset, long length);

    /// <summary>Reads the whole array.</summary>
    /// <returns>A new array of <see cref="Length"/> elements.</returns>
    public T[] ToArray()
    {
        var copy = new T[Length];
        CopyTo(copy);
        return copy;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back.</summary>
    /// <param name="disposing">False when called by the finaliser.</param>
    protected abstract void Dispose(bool disposing);
}
