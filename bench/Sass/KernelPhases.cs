using EDA.Bench.Ptx;

namespace EDA.Bench.Sass;

/// <summary>A part of a kernel: a loop with all that is in it, or what stands between two. What is in a part overlaps; parts do not.</summary>
internal sealed class KernelPhase
{
    /// <summary>How often a warp goes round; 1 where it is no loop.</summary>
    public double Trips { get; init; } = 1;

    /// <summary>Instructions of all warps of a group, by class.</summary>
    public Dictionary<string, double> Instructions { get; } = [];

    /// <summary>Cycles of the pipes, of all warps of a group.</summary>
    public double[] PipeCycles { get; } = new double[Enum.GetValues<SassPipe>().Length];

    /// <summary>Cycles that a warp takes alone.</summary>
    public double Latency { get; set; }

    /// <summary>Instructions of all warps of a group.</summary>
    public double Issued => Instructions.Values.Sum();
}

/// <summary>Takes a kernel apart, and counts.</summary>
internal sealed class KernelPhases
{
    // So many trips round a loop are followed; by then each is as long as the one before.
    private const int Followed = 16;

    private readonly SassListing _listing;
    private readonly IReadOnlyDictionary<int, PtxLineCount> _lines;
    private readonly double[] _executions;
    private readonly int _warps;

    private KernelPhases(SassListing listing, IReadOnlyDictionary<int, PtxLineCount> lines, int warps)
    {
        (_listing, _lines, _warps) = (listing, lines, warps);
        _executions = BlockExecutions.Of(listing, lines, warps);
    }

    /// <summary>The phases of a kernel in the order they stand.</summary>
    /// <param name="listing">The code.</param>
    /// <param name="lines">What a group's warps did.</param>
    /// <param name="warps">How many there are.</param>
    public static List<KernelPhase> Of(SassListing listing, IReadOnlyDictionary<int, PtxLineCount> lines, int warps) =>
        new KernelPhases(listing, lines, warps).Phases();

    private List<KernelPhase> Phases()
    {
        var phases = new List<KernelPhase>();
        var clock = new WarpClock(_lines);
        KernelPhase? between = null;
        for (int i = 0; i < _listing.Blocks.Count;)
        {
            double start = clock.Now;
            if (LoopAt(i, _listing.Blocks.Count - 1) is { } loop)
            {
                var phase = new KernelPhase { Trips = _executions[loop.To] / _warps };
                for (int k = loop.From; k <= loop.To; k++)
                    Count(phase, k);
                Follow(clock, loop, _warps);
                phase.Latency = clock.Now - start;
                phases.Add(phase);
                between = null;
                i = loop.To + 1;
                continue;
            }

            if (between is null)
                phases.Add(between = new KernelPhase());
            Count(between, i);
            Execute(clock, i, _warps);
            between.Latency += clock.Now - start;
            i++;
        }

        phases.RemoveAll(phase => phase.Issued == 0);
        return phases;
    }

    private (int From, int To)? LoopAt(int block, int end)
    {
        foreach (var loop in _listing.Loops)
        {
            if (loop.From == block && loop.To <= end && _executions[loop.To] > 0)
                return loop;
        }

        return null;
    }

    private void Count(KernelPhase phase, int block)
    {
        foreach (var instruction in _listing.Blocks[block].Instructions)
        {
            var kind = SassClass.Of(instruction);
            double times = _executions[block];
            if (times == 0)
                continue;
            phase.Instructions[kind.Name] = phase.Instructions.GetValueOrDefault(kind.Name) + times;
            phase.PipeCycles[(int)kind.Pipe] += times * kind.Cycles * (kind.Pipe == SassPipe.Memory ? WarpClock.Passes(instruction, _lines) : 1);
        }
    }

    // Goes round a loop, of which one enters `entries` times.
    private void Follow(WarpClock clock, (int From, int To) loop, double entries)
    {
        double rounds = _executions[loop.To], trips = rounds / entries;
        int followed = (int)Math.Clamp(Math.Round(trips), 1, Followed);
        double half = 0;
        for (int trip = 0; trip < followed; trip++)
        {
            if (trip == followed / 2)
                half = clock.Now;
            for (int i = loop.From; i <= loop.To;)
            {
                // A loop that begins where this one does, and ends before.
                if (_listing.Loops.FirstOrDefault(inner => inner.From == i && inner.To < loop.To && _executions[inner.To] > 0) is { To: > 0 } nested && nested != loop)
                {
                    Follow(clock, nested, rounds);
                    i = nested.To + 1;
                    continue;
                }

                Execute(clock, i, rounds);
                i++;
            }
        }

        if (trips > followed)
            clock.Pass((trips - followed) * (clock.Now - half) / (followed - (followed / 2)));
    }

    // A block that one in `of` comes to.
    private void Execute(WarpClock clock, int block, double of)
    {
        double share = of > 0 ? _executions[block] / of : 0;
        if (share >= 0.5)
        {
            clock.Execute(_listing.Blocks[block]);
        }
        else if (share > 0)
        {
            var aside = clock.Copy();
            aside.Execute(_listing.Blocks[block]);
            clock.Pass(share * (aside.Now - clock.Now));
        }
    }
}
