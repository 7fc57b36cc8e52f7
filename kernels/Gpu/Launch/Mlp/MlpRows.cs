namespace EDA.Kernels.Gpu;

/// <summary>An array of rows, every model's after the other.</summary>
/// <param name="All">The array.</param>
/// <param name="Rows">The rows of a model.</param>
/// <param name="Columns">The elements of a row.</param>
/// <param name="Models">The number of models.</param>
internal readonly record struct MlpRows(GpuArray<float> All, int Rows, int Columns, int Models)
{
    /// <summary>Some rows of every model.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    public ModelView Slab(int first, int count) => GpuArguments.Part(All, (long)first * Columns, (long)count * Columns, (long)Rows * Columns, Models);
}
