namespace EDA.Kernels.Gpu;

/// <summary>
/// How large a tile is and how its warps share it. A warp has 32 columns, and of the rows one or two times 32, 64 apart:
/// the first 64 rows of a tile are one part, the next 64 another.
/// </summary>
internal interface ITensorTile
{
    /// <summary>The number of items in a group.</summary>
    int GroupSize { get; }

    /// <summary>The rows, and the columns, of a tile: 64 a part.</summary>
    int Size { get; }

    /// <summary>The warps side by side, as a power of two.</summary>
    int AcrossBits { get; }

    /// <summary>The panels of both factors that shared memory holds: one is worked through while the others are on their way.</summary>
    int Buffers { get; }

    /// <summary>Waits until this item's copies for the oldest panel are there: all but those for the last Buffers − 2.</summary>
    void WaitForPanel();
}

/// <summary>
/// 64 × 64 by four warps of 32 × 32: 32 sums an item. For products of few tiles: with one or two groups on a multiprocessor
/// it takes 40 KB on their way to keep the cache busy, so there are six buffers, 48 KB.
/// </summary>
internal readonly struct SmallTensorTile : ITensorTile
{
    /// <summary>The number of items in a group.</summary>
    public int GroupSize => 128;

    /// <summary>The rows and the columns.</summary>
    public int Size => 64;

    /// <summary>2 warps side by side.</summary>
    public int AcrossBits => 1;

    /// <summary>The panels in shared memory.</summary>
    public int Buffers => 6;

    /// <summary>Waits for the oldest panel.</summary>
    public void WaitForPanel() => TensorCores.WaitForAllCopiesButFour();
}

/// <summary>
/// 128 × 128 by eight warps of 64 × 32: 64 sums an item. Half the reads of a small tile for each sum from the cache, and
/// three quarters from shared memory. Three buffers, 48 KB.
/// </summary>
internal readonly struct LargeTensorTile : ITensorTile
{
    /// <summary>The number of items in a group.</summary>
    public int GroupSize => 256;

    /// <summary>The rows and the columns.</summary>
    public int Size => 128;

    /// <summary>4 warps side by side.</summary>
    public int AcrossBits => 2;

    /// <summary>The panels in shared memory.</summary>
    public int Buffers => 3;

    /// <summary>Waits for the oldest panel.</summary>
    public void WaitForPanel() => TensorCores.WaitForAllCopiesButOne();
}
