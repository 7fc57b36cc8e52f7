using EDA.Bench.Ptx;
using EDA.Kernels.Gpu;

namespace EDA.Bench.Sass;

/// <summary>A launch of which one group was run and counted.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Text">Its PTX.</param>
/// <param name="Grid">The groups.</param>
/// <param name="GroupSize">The items of a group.</param>
/// <param name="Lines">What the warps of the group did, by line of the text.</param>
/// <param name="SectorsIn">Sectors of global memory that came to its multiprocessor.</param>
/// <param name="SectorsOut">Sectors that it wrote.</param>
internal sealed record CountedLaunch(
    string Kernel, string Text, GridSize Grid, int GroupSize, IReadOnlyDictionary<int, PtxLineCount> Lines, long SectorsIn, long SectorsOut)
{
    /// <summary>What the launch does at the least.</summary>
    public KernelWork Work { get; init; }
}

/// <summary>
/// The interpreted PTX with one group run of each launch, the one in the middle of the grid: what a step does, without the
/// time or the memory to do it. Results are none.
/// </summary>
internal sealed class CountingBackend : PtxBackend, ILaunchObserver
{
    private static readonly PtxOptions Options = new(FindsRaces: false);

    private readonly List<CountedLaunch> _launches = [];
    private KernelWork _work;

    /// <summary>Makes a backend that counts what it is given.</summary>
    public CountingBackend()
        : base(Options) => Observer = this;

    /// <summary>The launches since the last time it was asked.</summary>
    public IReadOnlyList<CountedLaunch> Take()
    {
        CountedLaunch[] launches = [.. _launches];
        _launches.Clear();
        return launches;
    }

    /// <inheritdoc/>
    public void Launching(string name, GridSize grid, int groupSize, KernelWork work) => _work = work;

    /// <inheritdoc/>
    public void Launched()
    {
    }

    /// <inheritdoc/>
    protected override void Run(string name, PtxModule module, int groupSize, GridSize grid, byte[] arguments)
    {
        var counts = new PtxCounts(module);
        using var group = new PtxGroup(module, groupSize, Memory, Options) { Counts = counts };
        group.RunOne((grid.X, grid.Y, grid.Z), (grid.X / 2, grid.Y / 2, grid.Z / 2), arguments);
        _launches.Add(new CountedLaunch(name, module.Text, grid, groupSize, counts.ByLine(), counts.SectorsIn, counts.SectorsOut) { Work = _work });
    }
}
