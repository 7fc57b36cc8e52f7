using System.Text.Json.Serialization;
using EDA.Bench.Peaks;
using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>What all runs of one kernel, or of one operation, came to. Keys and columns are an interface (docs/profiling.md).</summary>
/// <param name="Within">What it was a part of: a kernel's operation, an operation's stage; empty where all are added up.</param>
/// <param name="Name">Its name.</param>
/// <param name="Calls">How often it ran.</param>
/// <param name="Seconds">How long it took, all runs together.</param>
/// <param name="TimeShare">Its share of the time of all rows.</param>
/// <param name="Flop">The floating-point operations of all runs; nominal for an operation.</param>
/// <param name="Bytes">The bytes of all runs, each array once a run.</param>
/// <param name="Gflops">FLOP over time, in GFLOP/s.</param>
/// <param name="Gbps">Bytes over time, in GB/s.</param>
/// <param name="ArithmeticShare">GFLOP/s over the device's peak.</param>
/// <param name="MemoryShare">GB/s over the device's peak.</param>
/// <param name="Registers">Registers of an item; null if unknown.</param>
/// <param name="LocalBytes">Local memory of an item, in bytes: above 0 where registers were spilled.</param>
/// <param name="SharedBytes">Shared memory of a group, in bytes.</param>
public sealed record UsageRow(
    string Within, string Name, long Calls, double Seconds, double TimeShare, double Flop, double Bytes, double Gflops, double Gbps,
    double ArithmeticShare, double MemoryShare, int? Registers, int? LocalBytes, int? SharedBytes)
{
    /// <summary>FLOP a byte: where it stands under the roofline; 0 where there is no arithmetic.</summary>
    [JsonIgnore]
    public double Intensity => Bytes > 0 ? Flop / Bytes : 0;

    /// <summary>Adds up spans of the same name.</summary>
    /// <param name="spans">The spans.</param>
    /// <param name="apart">Whether spans within different things are kept apart.</param>
    /// <param name="peaks">The device's peaks.</param>
    /// <param name="resources">What the kernels take.</param>
    /// <returns>The rows, the longest first.</returns>
    public static IReadOnlyList<UsageRow> Sum(IEnumerable<TimedSpan> spans, bool apart, DevicePeaks peaks, IReadOnlyCollection<KernelResources> resources) => Of(
        [.. spans
            .GroupBy(span => (Within: apart ? span.Parent : string.Empty, span.Name))
            .Select(group => new UsageTotal(group.Key.Within, group.Key.Name, group.Count(), group.Sum(span => span.Seconds), group.Sum(span => span.Flop), group.Sum(span => span.Bytes)))],
        peaks,
        resources);

    /// <summary>Works out rates and shares.</summary>
    /// <param name="totals">What was counted and timed.</param>
    /// <param name="peaks">The device's peaks.</param>
    /// <param name="resources">What the kernels take.</param>
    /// <returns>The rows, the longest first.</returns>
    public static IReadOnlyList<UsageRow> Of(IReadOnlyCollection<UsageTotal> totals, DevicePeaks peaks, IReadOnlyCollection<KernelResources> resources)
    {
        double all = totals.Sum(total => total.Seconds);
        var taken = resources.ToDictionary(entry => entry.Kernel);
        return [.. totals.OrderByDescending(total => total.Seconds).Select(total =>
        {
            KernelResources? own = taken.TryGetValue(total.Name, out var found) ? found : null;
            double gflops = Rate(total.Flop), gbps = Rate(total.Bytes);
            return new UsageRow(
                total.Within, total.Name, total.Calls, total.Seconds, all > 0 ? total.Seconds / all : 0, total.Flop, total.Bytes, gflops, gbps,
                gflops / peaks.Gflops, gbps / peaks.Gbps, own?.Registers, own?.LocalBytes, own?.SharedBytes);

            double Rate(double work) => total.Seconds > 0 ? work / total.Seconds / 1e9 : 0;
        })];
    }
}

/// <summary>What was counted and timed.</summary>
/// <param name="Within">What it was a part of.</param>
/// <param name="Name">Its name.</param>
/// <param name="Calls">How often it ran.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Flop">Its floating-point operations.</param>
/// <param name="Bytes">The bytes it moved.</param>
public readonly record struct UsageTotal(string Within, string Name, long Calls, double Seconds, double Flop, double Bytes);
