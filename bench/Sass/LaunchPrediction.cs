namespace EDA.Bench.Sass;

/// <summary>
/// A launch's time on paper. A multiprocessor works through the groups it gets, as many at a time as it holds. Each phase of a
/// kernel takes what the scarcest of these takes: instructions issued, one of the pipes, shared memory and loads, the second-level
/// cache, or the time a warp would take alone. The launch takes as long as the busiest multiprocessor, or as memory or the
/// second-level cache do for all of them; no array of one launch is hoped to be still in the cache at the next.
/// </summary>
internal sealed record LaunchPrediction
{
    // From the second-level cache to a multiprocessor, a cycle.
    private const double CacheBytesOfMultiprocessor = 64;
    private const int SectorBytes = 32;

    /// <summary>The kernel's name.</summary>
    public required string Kernel { get; init; }

    /// <summary>Groups.</summary>
    public required int Groups { get; init; }

    /// <summary>Warps of a group.</summary>
    public required int Warps { get; init; }

    /// <summary>The assembled kernel.</summary>
    public required AssembledKernel Assembled { get; init; }

    /// <summary>Groups that a multiprocessor holds.</summary>
    public required int Held { get; init; }

    /// <summary>The kernel's phases.</summary>
    public required IReadOnlyList<KernelPhase> Phases { get; init; }

    /// <summary>Bytes that must come from and go to memory, each array once.</summary>
    public required double Bytes { get; init; }

    /// <summary>Seconds, with the gap before the next launch.</summary>
    public required double Seconds { get; init; }

    /// <summary>What takes that long.</summary>
    public required string Bound { get; init; }

    /// <summary>Instructions of a warp, by class.</summary>
    public IReadOnlyDictionary<string, double> Instructions =>
        Phases.SelectMany(phase => phase.Instructions).GroupBy(count => count.Key).ToDictionary(group => group.Key, group => group.Sum(count => count.Value) / Warps);

    /// <summary>Predicts a launch.</summary>
    /// <param name="launch">The launch.</param>
    /// <param name="gpu">Where.</param>
    public static LaunchPrediction Of(CountedLaunch launch, GpuModel gpu)
    {
        var assembled = AssembledKernel.Of(launch.Text, gpu.Architecture);
        int warps = (launch.GroupSize + 31) / 32, groups = launch.Grid.X * launch.Grid.Y * launch.Grid.Z;
        int held = gpu.GroupsHeld(warps, assembled.Registers, assembled.SharedBytes);
        var phases = KernelPhases.Of(assembled.Listing, launch.Lines, warps);
        int busiest = (groups + gpu.Multiprocessors - 1) / gpu.Multiprocessors;
        double cacheBytes = SectorBytes * (double)(launch.SectorsIn + launch.SectorsOut), issued = phases.Sum(phase => phase.Issued);
        var cycles = new Dictionary<string, double>();
        for (int left = busiest; left > 0; left -= held)
        {
            int together = Math.Min(left, held);
            double share = (double)((together * warps) + gpu.Schedulers - 1 - (((together * warps) - 1) % gpu.Schedulers)) / gpu.Schedulers / warps;
            foreach (var phase in phases)
            {
                // A scheduler's share of the warps, and the multiprocessor's.
                var (bound, longest) = new[]
                {
                    ("issue", share * phase.Issued),
                    ("latency", phase.Latency),
                    ("multiply", share * phase.PipeCycles[(int)SassPipe.Multiply]),
                    ("integer", share * phase.PipeCycles[(int)SassPipe.Integer]),
                    ("special", share * phase.PipeCycles[(int)SassPipe.Special]),
                    ("double", share * phase.PipeCycles[(int)SassPipe.Double]),
                    ("tensor", share * phase.PipeCycles[(int)SassPipe.Tensor]),
                    ("loads", together * phase.PipeCycles[(int)SassPipe.Memory]),
                    ("cache", together * cacheBytes / CacheBytesOfMultiprocessor * phase.PipeCycles[(int)SassPipe.Memory] / Math.Max(1, phases.Sum(one => one.PipeCycles[(int)SassPipe.Memory]))),
                }.MaxBy(candidate => candidate.Item2);
                cycles[bound] = cycles.GetValueOrDefault(bound) + longest;
            }
        }

        double work = cycles.Values.Sum() / gpu.Clock, memory = launch.Work.Bytes / gpu.MemoryBandwidth, cache = groups * cacheBytes / gpu.CacheBandwidth;
        string limit = cycles.MaxBy(part => part.Value).Key;
        if (Math.Max(memory, cache) > work)
            limit = memory > cache ? "memory" : "cache";
        return new LaunchPrediction
        {
            Kernel = launch.Kernel,
            Groups = groups,
            Warps = warps,
            Assembled = assembled,
            Held = held,
            Phases = phases,
            Bytes = launch.Work.Bytes,
            Seconds = Math.Max(work, Math.Max(memory, cache)) + gpu.LaunchGap,
            Bound = limit,
        };
    }
}
