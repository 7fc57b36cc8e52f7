using System.Globalization;
using EDA.Bench.Kernels;
using EDA.Bench.Peaks;
using EDA.Bench.Timing;
using EDA.Host.Devices;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Bench.Scaling;

/// <summary>
/// Steps over threads, batch size and K, one at a time, the rest as published. Peak and steps take turns at every place,
/// and a place's floor is of the threads that are at work there.
/// </summary>
internal sealed class ScalingRun(DeviceChoice choice, bool small, int rounds, TextWriter output)
{
    private readonly List<ScalingRow> _rows = [];

    private string _device = string.Empty;
    private string _precision = "fp32";

    private WorkloadSize Published => WorkloadSize.Of(small, sampleStates: 64);

    /// <summary>Runs every sweep; threads where the device has any.</summary>
    /// <returns>The sweeps.</returns>
    public ScalingDocument Run()
    {
        if (choice.Name == DeviceChoice.Default)
        {
            var options = DeviceChoice.Options();
            foreach (int threads in Threads(options.Threads))
            {
                using var device = new CpuDevice(options with { Threads = threads });
                Place("threads", threads, device, threads, Published, ["pretraining", "alignment", "score", "iql"]);
            }
        }

        using (var device = choice.Open())
        {
            (_device, _precision) = (device.Name, device.PrecisionName);
            int threads = choice.Name == DeviceChoice.Default ? DeviceChoice.Options().Threads : 1;
            var published = Published;
            foreach (int rows in small ? (int[])[16, 32] : [256, 512, 1024, 2048, 4096, 8192])
            {
                var size = published with { PretrainingRows = rows, AlignmentStates = rows / published.Candidates, ScoreRows = rows, CriticRows = rows };
                Place("batch", rows, device, threads, size, ["pretraining", "alignment", "score", "iql"]);
            }

            foreach (int candidates in small ? (int[])[2, 4] : [2, 4, 8, 16, 32, 64, 128])
            {
                var size = published with { AlignmentStates = small ? 4 : 64, Candidates = candidates, SampleStates = small ? 4 : 64 };
                Place("candidates", candidates, device, threads, size, ["alignment", "sampling"]);
            }
        }

        return new ScalingDocument(_device, _precision, Published.Network, _rows);
    }

    // One, two, four and so on, and all.
    private static IEnumerable<int> Threads(int all)
    {
        for (int threads = 1; threads < all; threads *= 2)
            yield return threads;
        yield return all;
    }

    private void Place(string sweep, int value, IDevice device, int threads, WorkloadSize size, string[] names)
    {
        using var workload = new Workload(device, size);
        var steps = workload.Steps(names);
        foreach (var step in steps)
            step.Repeat(2);

        // A meter of its own: the peak of a minute ago may be another one.
        using var peak = device is IMeasuredDevice ? PeakMeter.For(device) : PeakMeter.OfProcessor(threads);
        Turn[] turns = [.. steps.Select(step => new Turn(() => DeviceClock.Seconds(device, step.Repeat, 1)))];
        Turns.Take([Turn.Of(peak.Measure), .. turns], rounds);
        foreach (var (step, turn) in steps.Zip(turns))
        {
            double floor = step.Work / peak.Peaks.Gflops / 1e9;
            _rows.Add(new ScalingRow(sweep, step.Name, value, threads, turn.Median, step.Work, floor, floor / turn.Median));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sweep,-11} {value,5}  {step.Name,-12} {turn.Median * 1e3,10:0.000} ms  {floor / turn.Median * 100,5:0.0} % of peak"));
        }
    }
}
