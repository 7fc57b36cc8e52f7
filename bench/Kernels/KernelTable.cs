using EDA.Bench.Peaks;
using EDA.Bench.Profiling;
using EDA.Bench.Timing;
using EDA.Host.Reports;
using EDA.Kernels;
using EDA.Kernels.Machine;
using MathNet.Numerics.Statistics;

namespace EDA.Bench.Kernels;

/// <summary>
/// The table of <c>eda bench kernels</c>: each step's time, nominal rate, share of the device's arithmetic peak and
/// allocated bytes; on a device made of kernels also each kernel's. Peaks and steps take turns in one run, and every
/// figure is a median, so that a busy machine slows both sides of each ratio.
/// </summary>
public static class KernelTable
{
    /// <summary>Measures and writes the table.</summary>
    /// <param name="device">The device.</param>
    /// <param name="size">How large the steps are.</param>
    /// <param name="rounds">How often each is measured.</param>
    /// <param name="json">Also a file for the table; null for none.</param>
    /// <param name="output">Where the table goes.</param>
    /// <returns>The table.</returns>
    public static KernelDocument Run(IDevice device, WorkloadSize size, int rounds, string? json, TextWriter output)
    {
        if (json != null)
            KernelDocument.CheckDestination(json);
        var (measured, started) = (device as IMeasuredDevice, DateTimeOffset.UtcNow);
        using var workload = new Workload(device, size);
        var steps = workload.Steps(Workload.Fused(all: measured is not null));
        output.WriteLine($"device  {device.Name}");
        if (measured is { IsAsynchronous: false })
            output.WriteLine("        runs the GPU's kernels on this processor: its times say nothing about a GPU's");
        output.WriteLine($"network {size.Network}");
        output.WriteLine($"product {device.PrecisionName}");

        using var meter = PeakMeter.For(device);
        // A recording is made in the first runs; what is measured replays it.
        for (int warmUp = 0; warmUp < 3; warmUp++)
        {
            foreach (var step in steps)
                step.Run();
        }

        meter.Measure();
        // What a step allocates it allocates every time; what the runtime does meanwhile on its own threads it does not.
        long[] allocated = [.. steps.Select(_ => long.MaxValue)];
        Turn[] turns = [.. steps.Select((step, i) =>
        {
            // A few milliseconds at a time: far above what a mark, or a look at the clock, takes.
            int repeats = measured is { IsAsynchronous: true } ? Math.Clamp((int)(5e-3 / DeviceClock.Seconds(device, step.Repeat, 1)), 1, 20) : 1;
            return new Turn(() =>
            {
                meter.Measure();
                double seconds = DeviceClock.Seconds(device, step.Repeat, repeats);
                long before = GC.GetTotalAllocatedBytes(true);
                step.Run();
                allocated[i] = Math.Min(allocated[i], GC.GetTotalAllocatedBytes(true) - before);
                return seconds;
            });
        })];
        Turns.Take(turns, rounds);
        var peaks = meter.Peaks;
        var rows = steps.Select((step, i) =>
        {
            double median = turns[i].Median, gflops = step.Work / median / 1e9;
            return new KernelRow(step.Name, median, gflops, gflops / peaks.Gflops, allocated[i]);
        }).ToArray();

        output.WriteLine($"peak    {peaks.Gflops:f1} GFLOP/s ({peaks.Arithmetic})");
        output.WriteLine($"        {peaks.Gbps:f1} GB/s ({peaks.Memory})");
        output.WriteLine();
        output.WriteLine("step          work                      ms   GFLOP/s  of peak  allocated");
        foreach (var (step, row) in steps.Zip(rows))
            output.WriteLine($"{row.Name,-12}  {step.What,-18} {row.Seconds * 1e3,9:f3}  {row.Gflops,8:f1}  {row.PeakShare * 100,5:f1} %  {row.AllocatedBytes,7} B");
        output.WriteLine();
        output.WriteLine($"Nominal work (6, 4, 2, 2 and 1 forward passes a row; all products of a critic's and an MLP's step) over the median of {rounds} rounds.");

        IReadOnlyList<UsageRow> kernels = [];
        if (measured is not null)
        {
            kernels = Kernels(measured, steps, rounds, peaks, output);
            UsageTable.Write(kernels, "kernel, in one step", output);
        }

        var document = new KernelDocument(device.Name, device.PrecisionName, peaks.Gflops, peaks, rows, kernels) { Version = ProgramVersion.Engine, Processor = Processor.Name, Started = started };
        if (json != null)
            document.Save(json);
        return document;
    }

    // Each kernel's time in one run of each step: the median of several.
    private static IReadOnlyList<UsageRow> Kernels(IMeasuredDevice device, WorkloadStep[] steps, int rounds, DevicePeaks peaks, TextWriter output)
    {
        using var timer = OperationTimer.For(device);
        var runs = new List<(string Step, int Round, TimedSpan Kernel)>();
        for (int round = 0; round < rounds; round++)
        {
            foreach (var step in steps)
            {
                int seen = timer.Timeline.Kernels.Count;
                using (timer.Measure(step.Name, step.Work, 0))
                    step.Run();
                runs.AddRange(timer.Timeline.Kernels.Skip(seen).Select(kernel => (step.Name, round, kernel)));
            }
        }

        output.WriteLine();
        if (timer.LateLaunches > 0)
            output.WriteLine($"{timer.LateLaunches} launches may have waited for the host: their times are too long");
        var totals = runs.GroupBy(run => (run.Step, run.Kernel.Name)).Select(kernel =>
        {
            var rows = kernel.GroupBy(run => run.Round).Select(run => run.Select(each => each.Kernel).ToArray()).ToArray();
            return new UsageTotal(
                kernel.Key.Step, kernel.Key.Name, rows[^1].Length, rows.Select(run => run.Sum(each => each.Seconds)).Median(), rows[^1].Sum(each => each.Flop), rows[^1].Sum(each => each.Bytes));
        }).ToArray();
        var resources = device.Resources;
        return [.. steps.SelectMany(step => UsageRow.Of([.. totals.Where(total => total.Within == step.Name)], peaks, resources))];
    }
}
