namespace EDA.Tests.Software;

/// <summary>The group of items that share memory and meet at barriers.</summary>
public static class Group
{
    /// <summary>This item's place in the group.</summary>
    public static int IdxX => ItemContext.ItemX;

    /// <summary>The number of items.</summary>
    public static int DimX => ItemContext.GroupSizeX;

    /// <summary>Waits for all items of the group.</summary>
    [Suspends(SuspensionKind.GroupBarrier)]
    public static void Barrier() => throw ItemContext.OutsideKernel("Group.Barrier");
}
