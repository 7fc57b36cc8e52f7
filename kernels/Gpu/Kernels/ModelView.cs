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
    public readonly ArrayView<float> Mine => All.SubView(Grid.IdxZ * Stride, Length);
}
