using System.Globalization;
using EDA.Bench.Peaks;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.Devices;
using EDA.Host.Reports;
using EDA.Host.Runs;
using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>What the user asked of a profile.</summary>
/// <param name="Run">The run, short.</param>
/// <param name="Out">The folder; null for a fresh one under runs/.</param>
/// <param name="Command">The command that does the same again.</param>
public sealed record ProfileRequest(RunRequest Run, string? Out, string Command);

/// <summary>
/// Runs a short training of a recipe three times: a step to warm up, then as it always runs, then with every operation
/// and launch timed. Peaks are measured in between, in the same run.
/// </summary>
public static class ProfileRun
{
    private const int PeakTurns = 3;

    // Steps of an episode: of each policy enough to tell how long acting takes.
    private const int EpisodeSteps = 20;

    /// <summary>Profiles.</summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="output">Where the tables go.</param>
    /// <returns>The folder.</returns>
    public static ProfileFolder Execute(ProfileRequest request, TextWriter output)
    {
        var started = DateTimeOffset.UtcNow;
        var run = request.Run;
        var inputs = run.Open(rollsOut: true);
        if (inputs.Environment is { } whole)
            inputs = inputs with { Environment = new ShortEpisodes(whole, EpisodeSteps) };
        var choice = DeviceChoice.Parse(run.Device, run.Precision, noGraphs: run.NoGraphs);
        using var device = choice.Open();
        choice.RequireMemory(device, run.Settings, inputs);
        var folder = ProfileFolder.Create(request.Out, $"profile-{run.Task.Name}");
        output.WriteLine($"device   {device.Name}");
        if (device is IMeasuredDevice { IsAsynchronous: false })
            output.WriteLine("         runs the GPU's kernels on this processor: its times say nothing about a GPU's");
        using var meter = PeakMeter.For(device);
        Train(device, run, inputs, WarmUp(run.Settings), null);
        Turns(meter);
        var asRun = Train(device, run, inputs, run.Settings, null);
        Turns(meter);
        using var timer = OperationTimer.For(device);
        var timed = new TimedDevice(device, timer);
        Train(timed, run, inputs, run.Settings, new StageSpans(timer));
        int late = timer.LateLaunches;
        timer.Dispose();
        Turns(meter);

        var peaks = meter.Peaks;
        var timeline = timer.Timeline;
        var resources = (device as IMeasuredDevice)?.Resources ?? [];
        var operations = UsageRow.Sum(timeline.Operations, true, peaks, []);
        var kernels = UsageRow.Sum(timeline.Kernels, true, peaks, resources);
        var points = timeline.Kernels.Count > 0 ? UsageRow.Sum(timeline.Kernels, false, peaks, resources) : UsageRow.Sum(timeline.Operations, false, peaks, []);
        var stages = asRun.Stages.Select(stage => new ProfiledStage(
            stage.Stage, stage.Steps, stage.Seconds, timeline.Operations.Where(span => span.Parent == stage.Stage).Sum(span => span.Seconds))).ToList();
        string precision = device.PrecisionName;

        new ProfileDocument(
            run.Task.Name, device.Name, precision, request.Command, ProgramVersion.Engine,
            started.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), peaks, late, stages, operations, kernels).Save(folder.Document);
        UsageFile.Save(folder.Operations, operations);
        if (kernels.Count > 0)
            UsageFile.Save(folder.Kernels, kernels);
        File.WriteAllText(folder.Roofline, Roofline.Draw($"{run.Task.Name} on {device.Name}, {precision}", points, peaks));
        using (var trace = File.Create(folder.Trace))
            ChromeTrace.Write(timeline, device.Name, trace);
        Show(output, peaks, precision, stages, points, kernels.Count > 0 ? "kernel" : "operation", late);
        return folder;
    }

    private static RunResult Train(IDevice device, RunRequest run, RunInputs inputs, RunSettings settings, ITrainingObserver? observer)
    {
        var checkpoints = Directory.CreateTempSubdirectory("eda-profile-");
        try
        {
            return new RunPipeline(device, run.Task, inputs, settings, new StageFiles(checkpoints.FullName)).Run(null, observer);
        }
        finally
        {
            checkpoints.Delete(recursive: true);
        }
    }

    // Loads, compiles and allocates what is loaded, compiled and allocated late: the same batches, a step of each stage.
    private static RunSettings WarmUp(RunSettings settings) => settings with
    {
        Behavior = settings.Behavior with { Steps = Math.Min(1, settings.Behavior.Steps) },
        Critic = settings.Critic with { Steps = Math.Min(1, settings.Critic.Steps) },
        Labels = settings.Labels with { MostStates = 16 },
        Alignment = settings.Alignment with { Steps = Math.Min(1, settings.Alignment.Steps) },
        Evaluation = settings.Evaluation with { HeldOut = 16, Samples = 16, DistancePoints = 16, Episodes = 1 },
    };

    private static void Turns(IPeakMeter meter)
    {
        for (int turn = 0; turn < PeakTurns; turn++)
            meter.Measure();
    }

    private static void Show(
        TextWriter output, DevicePeaks peaks, string precision, IReadOnlyList<ProfiledStage> stages, IReadOnlyList<UsageRow> rows, string title, int late)
    {
        output.WriteLine($"products {precision}");
        output.WriteLine($"peaks    {peaks.Gflops:f1} GFLOP/s ({peaks.Arithmetic}); {peaks.Gbps:f1} GB/s ({peaks.Memory})");
        output.WriteLine();
        output.WriteLine("stage         steps   ms a step as run   ms a step in operations");
        foreach (var stage in stages)
            output.WriteLine($"{stage.Name,-12}  {stage.Steps,5}  {PerStep(stage.SecondsAsRun, stage),17:f3}  {PerStep(stage.SecondsInOperations, stage),24:f3}");
        output.WriteLine();
        UsageTable.Write(rows, title, output);
        if (late > 0)
            output.WriteLine($"{late} of the launches may have waited for the host: their times are too long");

        static double PerStep(double seconds, ProfiledStage stage) => seconds / Math.Max(1, stage.Steps) * 1e3;
    }
}
