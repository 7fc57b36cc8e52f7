namespace EDA.Kernels.Gpu;

/// <summary>The warps of a group where each works on a row of its own, and sums over their lanes, which all lanes must call.</summary>
public static class WarpRow
{
    /// <summary>The items of a warp.</summary>
    public const int WarpSize = 32;

    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 256;

    /// <summary>The rows of a group.</summary>
    public const int RowsPerGroup = GroupSize / WarpSize;

    /// <summary>The row of this item's warp; it may lie past the last.</summary>
    public static int Index => (Grid.IdxX * RowsPerGroup) + InGroup;

    /// <summary>This item's warp, of those of the group.</summary>
    public static int InGroup => Group.IdxX >> 5;

    /// <summary>This item's lane.</summary>
    public static int Lane => Group.IdxX & (WarpSize - 1);

    /// <summary>The sum over the lanes of a warp, in an order that does not depend on timing.</summary>
    /// <param name="value">This lane's share.</param>
    /// <returns>The sum, the same bits in every lane.</returns>
    public static float Sum(float value)
    {
        value += Warp.ShuffleXor(value, 16);
        value += Warp.ShuffleXor(value, 8);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        return value + Warp.ShuffleXor(value, 1);
    }

    /// <summary>The sums of two, each waiting for a shuffle while the other does.</summary>
    /// <param name="first">This lane's share; the sum afterwards.</param>
    /// <param name="second">The other's.</param>
    public static void Sum(ref float first, ref float second)
    {
        Add(ref first, ref second, 16);
        Add(ref first, ref second, 8);
        Add(ref first, ref second, 4);
        Add(ref first, ref second, 2);
        Add(ref first, ref second, 1);
    }

    /// <summary>
    /// The sums of four, one of them for each lane: a lane hands on what others keep, so that four take six shuffles.
    /// </summary>
    /// <param name="values">This lane's shares.</param>
    /// <returns>The sum of X in the lanes whose number is a multiple of four, of Y in the next ones, and so on.</returns>
    public static float SumOfFour(Float4 values)
    {
        bool odd = (Lane & 1) != 0, upper = (Lane & 2) != 0;
        float low = (odd ? values.Y : values.X) + Warp.ShuffleXor(odd ? values.X : values.Y, 1);
        float high = (odd ? values.W : values.Z) + Warp.ShuffleXor(odd ? values.Z : values.W, 1);
        float value = (upper ? high : low) + Warp.ShuffleXor(upper ? low : high, 2);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 8);
        return value + Warp.ShuffleXor(value, 16);
    }

    /// <summary>The sum in double precision.</summary>
    /// <param name="value">This lane's share.</param>
    /// <returns>The sum, the same bits in every lane.</returns>
    public static double Sum(double value)
    {
        for (int distance = WarpSize / 2; distance > 0; distance /= 2)
            value += Warp.ShuffleXor(value, distance);
        return value;
    }

    /// <summary>The largest of the lanes' values.</summary>
    /// <param name="value">This lane's.</param>
    /// <returns>The largest; NaN where one is NaN.</returns>
    public static double Maximum(double value)
    {
        for (int distance = WarpSize / 2; distance > 0; distance /= 2)
            value = Ieee.Maximum(value, Warp.ShuffleXor(value, distance));
        return value;
    }

    private static void Add(ref float first, ref float second, int distance)
    {
        float a = Warp.ShuffleXor(first, distance), b = Warp.ShuffleXor(second, distance);
        first += a;
        second += b;
    }
}
