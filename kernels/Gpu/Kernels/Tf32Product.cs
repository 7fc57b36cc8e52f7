namespace EDA.Kernels.Gpu;

/// <summary>Products of factors rounded to TF32, sums in float32, on the tensor cores (mma m16n8k8). Tiles of 128 × 128 by 256 items.</summary>
public readonly struct Tf32Product : IProduct
{
    /// <inheritdoc/>
    public int GroupSize => default(LargeTensorTile).GroupSize;

    /// <inheritdoc/>
    public int TileRows => default(LargeTensorTile).Size;

    /// <inheritdoc/>
    public int TileColumns => default(LargeTensorTile).Size;

    /// <inheritdoc/>
    public int PartRows => 64;

    /// <inheritdoc/>
    public int Stride => default(LargeTensorTile).Stride;

    /// <inheritdoc/>
    public ArrayView<float> Sum(Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns)
    {
        // Here, because ILGPU wants the extent as a number where it is asked for.
        var memory = SharedMemory.Allocate<Float4>(3 * 8 * 128);
        TensorProduct<Tf32Precision, LargeTensorTile>.Sum(memory, first, second, firstRow, firstColumn, rows, columns);
        return memory.Cast<float>();
    }

    /// <inheritdoc/>
    public void Put(ArrayView<float> memory, Factors factors, int part) => TensorProduct<Tf32Precision, LargeTensorTile>.Put(memory, factors, part);
}

/// <summary>The same in tiles of 64 × 64 by 128 items, for products of few tiles. The sums have the same bits.</summary>
public readonly struct Tf32SmallProduct : IProduct
{
    /// <inheritdoc/>
    public int GroupSize => default(SmallTensorTile).GroupSize;

    /// <inheritdoc/>
    public int TileRows => default(SmallTensorTile).Size;

    /// <inheritdoc/>
    public int TileColumns => default(SmallTensorTile).Size;

    /// <inheritdoc/>
    public int PartRows => 64;

    /// <inheritdoc/>
    public int Stride => default(SmallTensorTile).Stride;

    /// <inheritdoc/>
    public ArrayView<float> Sum(Factors first, Factors second, int firstRow, int firstColumn, int rows, int columns)
    {
        // Here, because ILGPU wants the extent as a number where it is asked for.
        var memory = SharedMemory.Allocate<Float4>(6 * 8 * 64);
        TensorProduct<Tf32Precision, SmallTensorTile>.Sum(memory, first, second, firstRow, firstColumn, rows, columns);
        return memory.Cast<float>();
    }

    /// <inheritdoc/>
    public void Put(ArrayView<float> memory, Factors factors, int part) => TensorProduct<Tf32Precision, SmallTensorTile>.Put(memory, factors, part);
}
