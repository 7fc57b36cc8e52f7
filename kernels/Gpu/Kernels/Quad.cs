namespace EDA.Kernels.Gpu;

/// <summary>Where four neighbouring columns of a row of a product stand in arrays of its shape.</summary>
public struct Quad
{
    /// <summary>The place of the first of the four.</summary>
    public int At;

    /// <summary>The first's column.</summary>
    public int Column;

    /// <summary>From one column to the next.</summary>
    public int Step;

    /// <summary>How many of the four there are; the product may end before.</summary>
    public int Count;

    /// <summary>
    /// Whether all four are there, side by side at a multiple of 16 bytes in every array. It is a constant of the code that
    /// the quad is handed to, so that one way alone is compiled: one 128-bit access, or each element by itself.
    /// </summary>
    public bool IsWhole;

    /// <summary>The elements of an array of the product's shape; zeros for what is not there.</summary>
    /// <param name="array">The array.</param>
    /// <returns>The four.</returns>
    public readonly Float4 Load(ArrayView<float> array) => Load(array, At, Step);

    /// <summary>The elements of an array with one value a column.</summary>
    /// <param name="array">The array.</param>
    /// <returns>The four.</returns>
    public readonly Float4 LoadColumns(ArrayView<float> array) => Load(array, Column, 1);

    /// <summary>The elements of an array of the product's shape with 16 bits a number; all four are there, side by side at a multiple of 8 bytes.</summary>
    /// <param name="array">The array, two numbers a word.</param>
    /// <returns>The four.</returns>
    public readonly Float4 LoadHalves(ArrayView<float> array)
    {
        // Whole, before it is taken apart: one load.
        Half4 halves = array.AsAligned(8).Cast<Half4>()[At >> 2];
        return halves.Wide;
    }

    /// <summary>Overwrites them.</summary>
    /// <param name="array">The array, two numbers a word.</param>
    /// <param name="values">The four, rounded.</param>
    public readonly void StoreHalves(ArrayView<float> array, Float4 values) => array.AsAligned(8).Cast<Half4>()[At >> 2] = Half4.Of(values);

    /// <summary>Overwrites the elements of an array of the product's shape.</summary>
    /// <param name="array">The array.</param>
    /// <param name="values">The four.</param>
    public readonly void Store(ArrayView<float> array, Float4 values)
    {
        if (IsWhole)
        {
            array.AsAligned(16).Cast<Float4>()[At >> 2] = values;
            return;
        }

        if (Count > 0)
            array[At] = values.X;
        if (Count > 1)
            array[At + Step] = values.Y;
        if (Count > 2)
            array[At + (2 * Step)] = values.Z;
        if (Count > 3)
            array[At + (3 * Step)] = values.W;
    }

    private readonly Float4 Load(ArrayView<float> array, int at, int step)
    {
        if (IsWhole)
            return array.AsAligned(16).Cast<Float4>()[at >> 2];
        Float4 values = default;
        if (Count > 0)
            values.X = array[at];
        if (Count > 1)
            values.Y = array[at + step];
        if (Count > 2)
            values.Z = array[at + (2 * step)];
        if (Count > 3)
            values.W = array[at + (3 * step)];
        return values;
    }
}
