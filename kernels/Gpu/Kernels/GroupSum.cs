namespace EDA.Kernels.Gpu;

/// <summary>Sums over the items of a group, in an order that does not depend on timing.</summary>
public static class GroupSum
{
    /// <summary>The items of a warp.</summary>
    public const int WarpSize = 32;

    /// <summary>The sum of every item's value; all items of the group must call it.</summary>
    /// <param name="value">This item's share.</param>
    /// <param name="partial">Shared memory of its own [group size / 32].</param>
    /// <returns>The sum, the same bits in every item.</returns>
    public static float Invoke(float value, ArrayView<float> partial)
    {
        float sum = WarpSum(value);
        int lane = Group.IdxX & (WarpSize - 1);
        if (lane == 0)
            partial[Group.IdxX / WarpSize] = sum;
        Group.Barrier();
        float total = 0f;
        for (int warp = 0; warp < Group.DimX / WarpSize; warp++)
            total += partial[warp];
        // Whoever sums next may write only when all have read.
        Group.Barrier();
        return total;
    }

    /// <summary>The sum over the items of a warp; all items of the warp must call it.</summary>
    /// <param name="value">This item's share.</param>
    /// <returns>The sum, the same bits in every item.</returns>
    public static float WarpSum(float value)
    {
        for (int distance = WarpSize / 2; distance > 0; distance /= 2)
            value += Warp.ShuffleXor(value, distance);
        return value;
    }
}
