using System.Globalization;
using EDA.Bench.Peaks;
using EDA.Engine.Critics;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.Devices;
using EDA.Host.Reports;
using EDA.Host.Runs;
using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>What the user asked of a profile.</summary>
/// <param name="Run">The run, short.</param>
/// <param name="Whole">The settings of the whole run.</param>
/// <param name="Out">The folder; null for a fresh one under runs/.</param>
/// <param name="Command">The command that does the same again.</param>
public sealed record ProfileRequest(RunRequest Run, RunSettings Whole, string? Out, string Command);

/// <summary>
/// Runs a short training of a recipe three times: a step to warm up, then as it always runs, then with every operation
/// and launch timed. Peaks are measured in between, in the same run.
/// </summary>
public static class ProfileRun
{
    private const int PeakTurns = 3;

    /// <summary>Profiles.</summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="output">Where the tables go.</param>
    /// <returns>The folder, and where the whole run's time goes, in a sentence.</returns>
    public static (ProfileFolder Folder, string Sentence) Execute(ProfileRequest request, TextWriter output)
    {
        var started = DateTimeOffset.UtcNow;
        var run = request.Run;
        var cut = new ShortRun(request.Whole);
        var inputs = cut.Cut(run.Open(rollsOut: true), run.Settings);
        var choice = DeviceChoice.Parse(run.Device, run.Precision, noGraphs: run.NoGraphs);
        using var device = choice.Open();
        choice.RequireMemory(device, run.Settings, inputs);
        var folder = ProfileFolder.Create(request.Out, $"profile-{run.Task.Name}");
        output.WriteLine($"device   {device.Name}");
        if (device is IMeasuredDevice { IsAsynchronous: false })
            output.WriteLine("         runs the GPU's kernels on this processor: its times say nothing about a GPU's");
        using var meter = PeakMeter.For(device);
        Train(device, run, inputs, ShortRun.WarmUp(run.Settings), null);
        Measure(meter);
        var asRun = Train(device, run, inputs, run.Settings, null);
        Measure(meter);
        using var timer = OperationTimer.For(device);
        Train(new TimedDevice(device, timer), run, inputs, run.Settings, new StageSpans(timer));
        int late = timer.LateLaunches;
        timer.Dispose();
        Measure(meter);

        var (peaks, timeline) = (meter.Peaks, timer.Timeline);
        var resources = (device as IMeasuredDevice)?.Resources ?? [];
        var operations = UsageRow.Sum(timeline.Operations, true, peaks, []);
        var kernels = UsageRow.Sum(timeline.Kernels, true, peaks, resources);
        var points = timeline.Kernels.Count > 0 ? UsageRow.Sum(timeline.Kernels, false, peaks, resources) : UsageRow.Sum(timeline.Operations, false, peaks, []);
        var stages = asRun.Stages.Select(stage => new ProfiledStage(stage.Stage, stage.Steps, stage.Seconds, operations.Where(row => row.Within == stage.Stage).Sum(row => row.Seconds))).ToList();
        var document = new ProfileDocument(
            run.Task.Name, device.Name, device.PrecisionName, request.Command, ProgramVersion.Engine,
            started.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), peaks, late, stages, operations, kernels);

        string sentence = TimeSentence.Write([.. asRun.Stages.GroupBy(stage => stage.Stage).Where(stage => !IsWithinAlignment(stage.Key, run.Settings)).Select(stage =>
        {
            double seconds = stage.Sum(each => each.Seconds), inOperations = operations.Where(row => row.Within == stage.Key).Sum(row => row.Seconds);
            // What a processor did meanwhile shows best in the same run; the time axis of a GPU's has no waiting in it.
            double around = device is IMeasuredDevice { IsAsynchronous: true } ? seconds : timeline.Stages.Where(span => span.Name == stage.Key).Sum(span => span.Seconds);
            double work = operations.Where(row => row.Within == stage.Key).Sum(row => row.Flop);
            return new StagePart(stage.Key, stage.Sum(cut.WholeSeconds), Rate(inOperations, around), Rate(work, seconds) / 1e9 / peaks.Gflops);
        })], request.Whole);

        using var tables = new StringWriter(CultureInfo.InvariantCulture);
        Show(tables, document, points, kernels.Count > 0 ? "kernel" : "operation");
        output.Write(tables.ToString());
        string roofline = Roofline.Draw($"{run.Task.Name} on {device.Name}, {device.PrecisionName}", points, peaks);
        document.Save(folder.Document);
        CsvTable.Save(folder.Operations, operations.Select(BenchJson.Keyed));
        if (kernels.Count > 0)
            CsvTable.Save(folder.Kernels, kernels.Select(BenchJson.Keyed));
        File.WriteAllText(folder.Roofline, roofline);
        File.WriteAllText(folder.Page, ProfilePage.Write(document, sentence, tables.ToString(), roofline));
        using var trace = File.Create(folder.Trace);
        ChromeTrace.Write(timeline, device.Name, trace);
        return (folder, sentence);
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

    private static double Rate(double what, double seconds) => seconds > 0 ? what / seconds : 0;

    // An online critic alternates with alignment: the time of both is alignment's.
    private static bool IsWithinAlignment(string stage, RunSettings settings) =>
        stage == CriticTraining.StageName && settings.Kind == RunKind.Dataset && settings.Method.Row.LooksAt("alignment") && settings.Critic.Method.AlternatesWithAlignment;

    private static void Measure(IPeakMeter meter)
    {
        for (int turn = 0; turn < PeakTurns; turn++)
            meter.Measure();
    }

    private static void Show(TextWriter output, ProfileDocument profile, IReadOnlyList<UsageRow> rows, string title)
    {
        output.WriteLine($"products {profile.Precision}");
        output.WriteLine($"peaks    {profile.Peaks.Gflops:f1} GFLOP/s ({profile.Peaks.Arithmetic}); {profile.Peaks.Gbps:f1} GB/s ({profile.Peaks.Memory})");
        output.WriteLine();
        output.WriteLine("stage         steps   ms a step as run   ms a step in operations");
        foreach (var stage in profile.Stages)
            output.WriteLine($"{stage.Name,-12}  {stage.Steps,5}  {PerStep(stage.SecondsAsRun, stage),17:f3}  {PerStep(stage.SecondsInOperations, stage),24:f3}");
        output.WriteLine();
        UsageTable.Write(rows, title, output);
        if (profile.LateLaunches > 0)
            output.WriteLine($"{profile.LateLaunches} of the launches may have waited for the host: their times are too long");

        static double PerStep(double seconds, ProfiledStage stage) => seconds / Math.Max(1, stage.Steps) * 1e3;
    }
}
