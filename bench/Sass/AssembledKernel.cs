using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace EDA.Bench.Sass;

/// <summary>A kernel as NVIDIA's assembler makes it.</summary>
/// <param name="Registers">The registers of an item.</param>
/// <param name="SharedBytes">The bytes of shared memory of a group.</param>
/// <param name="SpilledBytes">The bytes that go to local memory because registers do not suffice.</param>
/// <param name="Listing">The code.</param>
internal sealed partial record AssembledKernel(int Registers, int SharedBytes, int SpilledBytes, SassListing Listing)
{
    private static readonly ConcurrentDictionary<(string Text, string Architecture), AssembledKernel> Known = new();

    /// <summary>Assembles a kernel, each once.</summary>
    /// <param name="ptx">Its text.</param>
    /// <param name="architecture">For instance sm_90.</param>
    public static AssembledKernel Of(string ptx, string architecture) => Known.GetOrAdd((ptx, architecture), key =>
    {
        var (report, listing) = CudaTools.Assemble(key.Text, key.Architecture);
        return new AssembledKernel(
            Number(UsedRegisters().Match(report)), Number(UsedShared().Match(report)), Spilled().Matches(report).Select(Number).DefaultIfEmpty().Max(), SassListing.Parse(listing));
    });

    private static int Number(Match match) => match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex UsedRegisters();

    [GeneratedRegex(@"(\d+) bytes smem")]
    private static partial Regex UsedShared();

    [GeneratedRegex(@"(\d+) bytes (?:stack frame|spill stores|spill loads)")]
    private static partial Regex Spilled();
}
