namespace EDA.Tests.Software;

/// <summary>The 32 items of a group that run together.</summary>
public static class Warp
{
    /// <summary>The number of items.</summary>
    public static int WarpSize => GroupRun.WarpSize;

    /// <summary>This item's place in the warp.</summary>
    public static int LaneIdx => ItemContext.ItemX % GroupRun.WarpSize;

    /// <summary>Waits for all items of the warp.</summary>
    [Suspends(SuspensionKind.WarpBarrier)]
    public static void Barrier() => throw ItemContext.OutsideKernel("Warp.Barrier");

    /// <summary>The value that the item of lane <paramref name="sourceLane"/> gave.</summary>
    /// <typeparam name="T">Its type, at most 8 bytes.</typeparam>
    /// <param name="variable">This item's value.</param>
    /// <param name="sourceLane">The lane to read.</param>
    /// <returns>That lane's value.</returns>
    [Suspends(SuspensionKind.Shuffle)]
    public static T Shuffle<T>(T variable, int sourceLane)
        where T : unmanaged => throw ItemContext.OutsideKernel("Warp.Shuffle");

    /// <summary>The value of the lane <paramref name="delta"/> further up; the last ones read their own.</summary>
    /// <typeparam name="T">Its type, at most 8 bytes.</typeparam>
    /// <param name="variable">This item's value.</param>
    /// <param name="delta">The distance.</param>
    /// <returns>That lane's value.</returns>
    [Suspends(SuspensionKind.ShuffleDown)]
    public static T ShuffleDown<T>(T variable, int delta)
        where T : unmanaged => throw ItemContext.OutsideKernel("Warp.ShuffleDown");

    /// <summary>The value of the lane whose number differs in the bits of <paramref name="mask"/>.</summary>
    /// <typeparam name="T">Its type, at most 8 bytes.</typeparam>
    /// <param name="variable">This item's value.</param>
    /// <param name="mask">The bits.</param>
    /// <returns>That lane's value.</returns>
    [Suspends(SuspensionKind.ShuffleXor)]
    public static T ShuffleXor<T>(T variable, int mask)
        where T : unmanaged => throw ItemContext.OutsideKernel("Warp.ShuffleXor");
}
