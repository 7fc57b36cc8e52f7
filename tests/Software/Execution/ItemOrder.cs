namespace EDA.Tests.Software;

/// <summary>In which order the warps of a group, and the items of a warp, run between two meetings. A correct kernel gives equal bits in all.</summary>
public enum ItemOrder
{
    /// <summary>0, 1, 2, …</summary>
    Forward,

    /// <summary>The last first.</summary>
    Reverse,

    /// <summary>Shuffled anew, by a fixed seed, each time.</summary>
    Shuffled,
}
