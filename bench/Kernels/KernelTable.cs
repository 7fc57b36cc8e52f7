using System.Diagnostics;
using EDA.Host.Devices;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Bench.Kernels;

/// <summary>
/// The table of <c>eda bench kernels</c>: each step's time, nominal rate, share of the machine's multiply-add peak and
/// allocated bytes. Peak and steps take turns in one run, and every figure is a median, so that a busy machine slows
/// both sides of each ratio.
/// </summary>
internal static class KernelTable
{
    private const int Rounds = 15;

    /// <summary>A critic step is short: so many are measured together.</summary>
    private const int CriticSteps = 20;

    public static int Run(string? json, TextWriter output)
    {
        if (json != null)
            KernelDocument.CheckDestination(json);
        var options = DeviceChoice.Options();
        using var device = new CpuDevice(options);
        using var workload = new BdmWorkload(device, new BdmShape(17, 6));
        using var critic = new CriticWorkload(device, new CriticShape(17, 6));
        var peak = new FmaPeak(options.Threads);
        var steps = new (string Name, string What, double Work, Action Step, int Times, List<double> Seconds)[]
        {
            ("pretraining", "batch 2048", workload.PretrainingWork, workload.Pretraining, 1, []),
            ("alignment", "256 states × 16", workload.AlignmentWork, workload.Alignment, 1, []),
            ("score", "4096 points", workload.ScoreWork, workload.Score, 1, []),
            ("implicit q", "batch 256", critic.ImplicitWork, critic.ImplicitStep, CriticSteps, []),
        };

        output.WriteLine($"device  {device.Name}");
        output.WriteLine("network S = 17, A = 6, H = 256, 3 blocks");
        foreach (var step in steps)
            step.Step();
        peak.Measure();
        // What a step allocates it allocates every time; what the runtime does meanwhile on its own threads it does not.
        long[] allocated = [.. steps.Select(_ => long.MaxValue)];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < steps.Length; i++)
            {
                peak.Measure();
                long before = GC.GetTotalAllocatedBytes(true);
                long start = Stopwatch.GetTimestamp();
                for (int time = 0; time < steps[i].Times; time++)
                    steps[i].Step();
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / steps[i].Times;
                allocated[i] = Math.Min(allocated[i], GC.GetTotalAllocatedBytes(true) - before);
                steps[i].Seconds.Add(seconds);
            }
        }

        var rows = steps.Select((step, i) =>
        {
            double seconds = Statistics.Median(step.Seconds), gflops = step.Work / seconds / 1e9;
            return (step.What, Row: new KernelRow(step.Name, seconds, gflops, gflops / peak.Gflops, allocated[i]));
        }).ToArray();

        output.WriteLine($"peak    {peak.Gflops:f1} GFLOP/s ({peak.Best} multiply-adds on registers, {options.Threads} threads)");
        output.WriteLine();
        output.WriteLine("step          work                ms   GFLOP/s  of peak  allocated");
        foreach (var (what, row) in rows)
            output.WriteLine($"{row.Name,-12}  {what,-15} {row.Seconds * 1e3,6:f1}   {row.Gflops,7:f1}  {row.PeakShare,6:p0}  {row.AllocatedBytes,7} B");
        output.WriteLine();
        output.WriteLine($"Nominal work (6, 4 and 2 forward passes a row; all products of a critic step) over the median of {Rounds} steps.");

        if (json != null)
            new KernelDocument(peak.Gflops, [.. rows.Select(row => row.Row)]).Save(json);
        return 0;
    }
}
