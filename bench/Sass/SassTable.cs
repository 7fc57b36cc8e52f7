using EDA.Bench.Kernels;
using EDA.Host.CommandLine;
using EDA.Kernels;
using EDA.Kernels.Gpu;

namespace EDA.Bench.Sass;

/// <summary>Counts steps of the published sizes and writes what comes out.</summary>
internal static class SassTable
{
    /// <summary>Counts and writes.</summary>
    /// <param name="precision">Of matrix products.</param>
    /// <param name="gpu">The GPU on paper.</param>
    /// <param name="only">One step; null for all.</param>
    /// <param name="kernel">A kernel to take apart; null for none.</param>
    /// <param name="output">Where it is written.</param>
    public static SassDocument Run(GpuPrecision precision, GpuModel gpu, string? only, string? kernel, TextWriter output)
    {
        using var backend = new CountingBackend();
        using var device = new GpuDevice(backend, precision);
        var steps = new List<SassStep>();
        var seen = new HashSet<string>();
        foreach (string name in SassCommand.StepNames.Where(name => only is null || name == only))
        {
            var launches = Launches(device, backend, name);
            var predictions = launches.Select(launch => LaunchPrediction.Of(launch, gpu)).ToArray();
            seen.UnionWith(predictions.Select(prediction => prediction.Kernel));
            steps.Add(Write(name, predictions, output));
            if (kernel is not null)
                TakeApart(predictions.Where(prediction => prediction.Kernel == kernel), output);
        }

        if (kernel is not null && !seen.Contains(kernel))
            throw UserError.Choice("--kernel", kernel, seen.Order());
        output.WriteLine($"On paper, for one {gpu.Name} in {precision.ToString().ToLowerInvariant()}: counted in machine code for {gpu.Architecture}, timed by the model of docs/notes/gpu-model.md. No GPU gave these numbers.");
        return new SassDocument(gpu.Name, precision.ToString().ToLowerInvariant(), steps);
    }

    private static CountedLaunch[] Launches(GpuDevice device, CountingBackend backend, string name)
    {
        var size = WorkloadSize.Published;
        if (name == "implicit q")
        {
            using var critic = new CriticWorkload(device, new CriticShape(size.Shape.StateSize, size.Shape.ActionSize));
            backend.Take();
            critic.ImplicitStep();
            return [.. backend.Take()];
        }

        using var workload = new BdmWorkload(device, size);
        backend.Take();
        workload.Steps.Single(step => step.Name == name).Run();
        return [.. backend.Take()];
    }

    private static SassStep Write(string name, LaunchPrediction[] predictions, TextWriter output)
    {
        output.WriteLine($"{name,-32} launches  groups  registers  shared  warps held  instructions a warp     each  together  bound by");
        var rows = new List<SassRow>();
        foreach (var group in predictions.GroupBy(prediction => (prediction.Kernel, prediction.Groups, Math.Round(prediction.Seconds * 1e8))).OrderByDescending(group => group.Sum(launch => launch.Seconds)))
        {
            var one = group.First();
            var row = new SassRow(
                one.Kernel, group.Count(), one.Groups, one.Warps, one.Assembled.Registers, one.Assembled.SharedBytes, one.Assembled.SpilledBytes, one.Held,
                one.Instructions.OrderBy(count => count.Key).ToDictionary(count => count.Key, count => Math.Round(count.Value, 1)), one.Bytes, one.Seconds, one.Bound);
            rows.Add(row);
            output.WriteLine(
                $"  {row.Kernel,-30} {row.Launches,8}  {row.Groups,6}  {row.Registers,9}  {row.SharedBytes,6}  {row.Held * row.Warps,10}  {row.Instructions.Values.Sum(),19:f0}  {row.Seconds * 1e6,7:f1}  {row.Seconds * row.Launches * 1e6,5:f0} µs  {row.Bound}{(row.SpilledBytes > 0 ? $", spills {row.SpilledBytes} bytes" : string.Empty)}");
        }

        var step = new SassStep(name, predictions.Length, predictions.Sum(launch => launch.Bytes), predictions.Sum(launch => launch.Seconds), rows);
        output.WriteLine($"  {step.Launches} launches, {step.Bytes / 1e6:f0} MB, {step.Seconds * 1e6:f0} µs");
        output.WriteLine();
        return step;
    }

    private static void TakeApart(IEnumerable<LaunchPrediction> launches, TextWriter output)
    {
        foreach (var launch in launches.DistinctBy(launch => (launch.Kernel, launch.Groups)))
        {
            output.WriteLine($"{launch.Kernel}, {launch.Groups} groups of {launch.Warps} warps; a warp's instructions, a trip where there are several");
            output.WriteLine("   trips  alone  all  " + string.Join(string.Empty, SassClass.Names.Select(name => $"{name,9}")));
            foreach (var phase in launch.Phases)
            {
                double trips = Math.Max(phase.Trips, 1) * launch.Warps;
                output.WriteLine(
                    $"  {phase.Trips,6:f1} {phase.Latency / Math.Max(phase.Trips, 1),6:f0} {phase.Issued / trips,4:f0}  "
                    + string.Join(string.Empty, SassClass.Names.Select(name => $"{phase.Instructions.GetValueOrDefault(name) / trips,9:f1}")));
            }

            output.WriteLine();
        }
    }
}
