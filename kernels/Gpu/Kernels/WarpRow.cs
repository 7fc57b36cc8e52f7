namespace EDA.Kernels.Gpu;

/// <summary>The warps of a group where each works on a row of its own, and sums over their lanes.</summary>
public static class WarpRow
{
    /// <summary>The items of a warp.</summary>
    public const int WarpSize = 32;

    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    /// <summary>The rows of a group.</summary>
    public const int RowsPerGroup = GroupSize / WarpSize;

    /// <summary>The row of this item's warp; it may lie past the last.</summary>
    public static int Index => (Grid.IdxX * RowsPerGroup) + (Group.IdxX / WarpSize);

    /// <summary>This item's lane.</summary>
    public static int Lane => Group.IdxX % WarpSize;

    /// <summary>The sum over the lanes of a warp, in an order that does not depend on timing; all lanes must call it.</summary>
    /// <param name="value">This lane's share.</param>
    /// <returns>The sum, the same bits in every lane.</returns>
    public static float Sum(float value)
    {
        for (int distance = WarpSize / 2; distance > 0; distance /= 2)
            value += Warp.ShuffleXor(value, distance);
        return value;
    }

    /// <summary>The same in double precision.</summary>
    /// <param name="value">This lane's share.</param>
    /// <returns>The sum, the same bits in every lane.</returns>
    public static double Sum(double value)
    {
        for (int distance = WarpSize / 2; distance > 0; distance /= 2)
            value += Warp.ShuffleXor(value, distance);
        return value;
    }

    /// <summary>The largest of the lanes' values; all lanes must call it.</summary>
    /// <param name="value">This lane's.</param>
    /// <returns>The largest; NaN where one is NaN.</returns>
    public static double Maximum(double value)
    {
        for (int distance = WarpSize / 2; distance > 0; distance /= 2)
            value = Ieee.Maximum(value, Warp.ShuffleXor(value, distance));
        return value;
    }
}
