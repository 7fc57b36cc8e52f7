namespace EDA.Engine.Data.Formats;

/// <summary>Takes a part of an array.</summary>
/// <param name="first">The index of its first element, row by row.</param>
/// <param name="values">The elements; only float32 of them counts.</param>
public delegate void NumberBlock(int first, ReadOnlySpan<double> values);

/// <summary>A named array of numbers in a file, whatever the file's format.</summary>
public interface INumberArray : IDisposable
{
    /// <summary>Its name within the file.</summary>
    string Name { get; }

    /// <summary>Its dimensions, outermost first; none for a single number.</summary>
    IReadOnlyList<long> Shape { get; }

    /// <summary>The type of its elements: float32, float64, bool, uint8 and so on.</summary>
    string TypeName { get; }

    /// <summary>How it is kept, for instance <c>chunks of 6250×1, gzip</c>.</summary>
    string Storage { get; }

    /// <summary>Refuses an array whose elements are no numbers, or not in the file: to be asked before room is made for them.</summary>
    /// <exception cref="InvalidFileException">It holds no numbers, or not all of them.</exception>
    void RequireNumbers();

    /// <summary>Reads it whole, each element rounded to float32.</summary>
    /// <param name="destination">Overwritten; as long as the array.</param>
    /// <exception cref="InvalidFileException">It cannot be read or holds no numbers.</exception>
    void Read(Span<float> destination);

    /// <summary>Reads it part by part, so that it is never held whole where the file keeps it row by row.</summary>
    /// <param name="use">Called with parts in order of the rows: the first element's index, and numbers that are the elements' once they are rounded to float32.</param>
    /// <exception cref="InvalidFileException">It cannot be read or holds no numbers.</exception>
    void Read(NumberBlock use);

    /// <summary>Reads it whole as truth values.</summary>
    /// <param name="destination">Overwritten; as long as the array.</param>
    /// <param name="odd">Called with the element's index and value wherever the file has neither 0 nor 1.</param>
    /// <exception cref="InvalidFileException">It cannot be read or holds no numbers.</exception>
    void Read(Span<bool> destination, Action<int, double> odd);
}
