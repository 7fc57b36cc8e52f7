namespace EDA.Bench.Sass;

/// <summary>
/// A GPU on paper: what a launch's predicted time is made of. Nothing here was measured by us. Sources: data sheets (number of
/// multiprocessors, clock, memory); the table of arithmetic throughput of NVIDIA's programming guide for compute capability 9.0;
/// latencies and the share of the peak that mma.sync reaches, arXiv 2402.13499 and 2501.12084. What is assumed says so.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Architecture">What the assembler calls it.</param>
/// <param name="Multiprocessors">How many.</param>
/// <param name="Clock">Cycles a second.</param>
/// <param name="MemoryBandwidth">Bytes a second from memory: 0.9 of the data sheet's, assumed.</param>
/// <param name="CacheBandwidth">Bytes a second from the second-level cache; assumed.</param>
internal sealed record GpuModel(string Name, string Architecture, int Multiprocessors, double Clock, double MemoryBandwidth, double CacheBandwidth)
{
    /// <summary>H100 SXM.</summary>
    public static GpuModel H100 { get; } = new("H100", "sm_90", 132, 1.755e9, 0.9 * 3.35e12, 5.5e12);

    /// <summary>H200: the same with other memory.</summary>
    public static GpuModel H200 { get; } = new("H200", "sm_90", 132, 1.755e9, 0.9 * 4.8e12, 5.5e12);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<GpuModel> All { get; } = [H100, H200];

    /// <summary>Seconds from the end of a launch's last group to the beginning of the next one's first, in a graph; assumed.</summary>
    public double LaunchGap => 1.0e-6;

    /// <summary>Schedulers of a multiprocessor, each of which issues one instruction of a warp a cycle.</summary>
    public int Schedulers => 4;

    /// <summary>32-bit registers of a multiprocessor.</summary>
    public int Registers => 65536;

    /// <summary>Bytes of shared memory of a multiprocessor that groups can have.</summary>
    public int SharedMemory => 227 * 1024;

    /// <summary>Of which each group takes this much besides its own.</summary>
    public int SharedMemoryOfGroup => 1024;

    /// <summary>Warps that a multiprocessor holds at most.</summary>
    public int Warps => 64;

    /// <summary>Groups that it holds at most.</summary>
    public int Groups => 32;

    /// <summary>How many groups of a kernel a multiprocessor holds.</summary>
    /// <param name="warps">The warps of one.</param>
    /// <param name="registers">The registers of an item.</param>
    /// <param name="shared">The bytes of shared memory of one.</param>
    public int GroupsHeld(int warps, int registers, int shared)
    {
        // Registers are handed out to warps by 256, eight for each item.
        int ofWarp = (registers + 7) / 8 * 8 * 32;
        int byRegisters = Registers / ofWarp / warps, byShared = SharedMemory / (shared + SharedMemoryOfGroup);
        return Math.Max(1, Math.Min(Math.Min(byRegisters, byShared), Math.Min(Warps / warps, Groups)));
    }
}
