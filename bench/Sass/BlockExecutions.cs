using EDA.Bench.Ptx;

namespace EDA.Bench.Sass;

/// <summary>
/// How often the warps of a group execute each block of the machine's code. Known is how often they execute each line of the
/// PTX; which instructions came of a line, the assembler's line numbers tell. Where it moved some elsewhere, those that come one
/// for one (accesses to memory, products, shuffles, barriers) decide; where it unrolled a loop, a line's stand several times in
/// one block, which is then executed so many times less, and what remains of the loop stands in another.
/// </summary>
internal static class BlockExecutions
{
    /// <summary>Executions by block, of all warps together.</summary>
    /// <param name="listing">The code.</param>
    /// <param name="lines">What was counted.</param>
    /// <param name="warps">The warps of the group.</param>
    public static double[] Of(SassListing listing, IReadOnlyDictionary<int, PtxLineCount> lines, int warps)
    {
        var executions = new double[listing.Blocks.Count];
        var anchors = new List<Anchor>();
        for (int i = 0; i < executions.Length; i++)
        {
            var block = listing.Blocks[i];
            if (block.IsSubroutine || block.Instructions.Any(instruction => instruction.Stem == "CALL"))
                continue; // for numbers that hardly occur
            var own = block.Instructions
                .Where(instruction => lines.TryGetValue(instruction.Line, out var line) && line.Instructions.ContainsKey(instruction.Stem))
                .GroupBy(instruction => (instruction.Line, instruction.Stem))
                .Select(group => new Anchor(i, group.Key.Line, group.Key.Stem, (double)group.Count() / lines[group.Key.Line].Instructions[group.Key.Stem]))
                .ToArray();
            anchors.AddRange(own);
            if (own.Length == 0)
                executions[i] = MostCommon(block, lines);
        }

        // Copies of an instruction in several blocks share its executions: the block with most of them has what it can.
        foreach (var copies in anchors.GroupBy(anchor => (anchor.Line, anchor.Name)))
        {
            double left = (double)lines[copies.Key.Line].Executions / warps;
            var ordered = copies.OrderByDescending(copy => copy.Times).ToArray();
            for (int k = 0; k < ordered.Length && left > 0; k++)
            {
                double share = left / ordered[k].Times;
                if (k + 1 < ordered.Length && share >= 1)
                    share = Math.Floor(share);
                left -= share * ordered[k].Times;
                executions[ordered[k].Block] = Math.Max(executions[ordered[k].Block], share * warps);
            }
        }

        return executions;
    }

    private static double MostCommon(SassBlock block, IReadOnlyDictionary<int, PtxLineCount> lines) =>
        block.Instructions.GroupBy(instruction => lines.TryGetValue(instruction.Line, out var line) ? line.Executions : 0)
            .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key).First().Key;

    // How many times over an instruction of a line stands in a block.
    private readonly record struct Anchor(int Block, int Line, string Name, double Times);
}
