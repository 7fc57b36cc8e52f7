namespace EDA.Kernels.Gpu;

/// <summary>
/// An array of several models that are trained side by side, one model after the other; the grid's layer says which
/// model a group works for. What all models share has a stride of 0.
/// </summary>
public struct ModelView
{
    /// <summary>All models' elements.</summary>
    public ArrayView<float> All;

    /// <summary>The distance from one model's elements to the next's.</summary>
    public long Stride;

    /// <summary>The number of elements of one model.</summary>
    public long Length;

    /// <summary>1 where every model's first element stands at a multiple of 16 bytes, so that four can be loaded at once.</summary>
    public int IsAligned;

    /// <summary>The elements of the model this group works for.</summary>
    public readonly ArrayView<float> Mine => Of(Grid.IdxZ);

    /// <summary>The same by fours, where they are aligned.</summary>
    public readonly ArrayView<Float4> Quads => QuadsOf(Grid.IdxZ);

    /// <summary>The elements of a model.</summary>
    /// <param name="model">The model.</param>
    /// <returns>Its elements.</returns>
    public readonly ArrayView<float> Of(int model) => All.SubView(model * Stride, Length);

    /// <summary>The same by fours, where they are aligned.</summary>
    /// <param name="model">The model.</param>
    /// <returns>Its elements.</returns>
    public readonly ArrayView<Float4> QuadsOf(int model) => Of(model).Cast<Float4>().AsAligned(16);

    /// <summary>Overwrites an element of an array with 16 bits a number.</summary>
    /// <param name="at">The element.</param>
    /// <param name="value">Its value, rounded.</param>
    public readonly void StoreHalf(int at, float value) => Mine.Cast<Half>()[at] = (Half)value;

    /// <summary>Four elements on end, by one load where they are aligned.</summary>
    /// <param name="first">The first; a multiple of four.</param>
    /// <returns>The four.</returns>
    public readonly Float4 Four(int first)
    {
        if (IsAligned != 0)
            return Quads[first >> 2];
        var mine = Mine;
        return Float4.Of(mine[first], mine[first + 1], mine[first + 2], mine[first + 3]);
    }
}
