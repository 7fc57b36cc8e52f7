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

    /// <summary>The warps side by side.</summary>
    int WarpsAcross { get; }

    /// <summary>From one row of a part in shared memory to the next: 9 banks further, so that few lanes of a store meet in one.</summary>
    int Stride { get; }
}

/// <summary>
/// 64 × 64 by four warps of 32 × 32: 32 sums an item, 24 KB of shared memory. For products of few tiles.
/// </summary>
internal readonly struct SmallTensorTile : ITensorTile
{
    /// <summary>The number of items in a group.</summary>
    public int GroupSize => 128;

    /// <summary>The rows and the columns.</summary>
    public int Size => 64;

    /// <summary>The warps side by side.</summary>
    public int WarpsAcross => 2;

    /// <summary>From one row of a part to the next.</summary>
    public int Stride => 73;
}

/// <summary>
/// 128 × 128 by eight warps of 64 × 32: 64 sums an item, 48 KB of shared memory. Half the reads of a small tile for each
/// sum, from the cache as from shared memory.
/// </summary>
internal readonly struct LargeTensorTile : ITensorTile
{
    /// <summary>The number of items in a group.</summary>
    public int GroupSize => 256;

    /// <summary>The rows and the columns.</summary>
    public int Size => 128;

    /// <summary>The warps side by side.</summary>
    public int WarpsAcross => 4;

    /// <summary>From one row of a part to the next.</summary>
    public int Stride => 137;
}
