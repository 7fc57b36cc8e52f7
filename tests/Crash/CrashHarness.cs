using System.Diagnostics;
using EDA.Tests.Host;

namespace EDA.Tests.Crash;

/// <summary>
/// Runs a recipe undisturbed, then again and again with disturbances, each time resumed until it is done, and compares
/// what came out. The run is a child process, as a user's is.
/// </summary>
internal sealed class CrashHarness : IDisposable
{
    private const int MostResumes = 12;

    private readonly CrashRecipe _recipe;
    private readonly string[] _extra;
    private readonly Func<string, IReadOnlyDictionary<string, string>, string[], Process> _start;
    private readonly ScratchFolder _scratch = new();
    private readonly IReadOnlyDictionary<string, string> _expected;
    private readonly TimeSpan _whole;

    /// <param name="recipe">What is run.</param>
    /// <param name="start">Starts the program: in a folder, with environment variables and arguments.</param>
    /// <param name="extra">More words of the command line.</param>
    public CrashHarness(CrashRecipe recipe, Func<string, IReadOnlyDictionary<string, string>, string[], Process> start, params string[] extra)
    {
        (_recipe, _start, _extra) = (recipe, start, extra);
        var watch = Stopwatch.StartNew();
        string folder = _scratch.At("undisturbed");
        var result = Execute(Begin(folder), null);
        Assert.True(result.Status == 0, result.Error);
        _whole = watch.Elapsed;
        _expected = RunNumbers.Read(folder);
    }

    /// <summary>How often a process was ended, over all trials.</summary>
    public int Kills { get; private set; }

    /// <summary>How a finished run differs from the undisturbed one.</summary>
    /// <param name="folder">The run.</param>
    public IReadOnlyList<string> Compare(string folder) => RunNumbers.Differences(_expected, RunNumbers.Read(folder));

    /// <summary>One trial: up to three disturbances, then a resume that is left alone.</summary>
    /// <param name="seed">What it is drawn from.</param>
    /// <param name="place">The folder of the run; null for one of the harness's own.</param>
    /// <returns>What went wrong, in words; null where nothing did.</returns>
    public string? Try(int seed, string? place = null)
    {
        var random = new Random(seed);
        string folder = place ?? _scratch.At($"trial-{seed}");
        var story = new List<string>();
        int disturbances = random.Next(1, 4);
        for (int attempt = 0; attempt < MostResumes; attempt++)
        {
            bool begins = !File.Exists(Path.Combine(folder, "config.json")) || new FileInfo(Path.Combine(folder, "config.json")).Length == 0;
            if (begins && Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            var disturbance = attempt < disturbances ? Disturbance.Draw(random, _whole) : null;
            story.Add($"{(begins ? "run" : "resume")}{(disturbance is null ? string.Empty : $" ({disturbance})")}");
            var result = Execute(begins ? Begin(folder) : ["resume", folder], disturbance);
            story[^1] += $" → {result.Status}";
            if (Misbehaved(result, disturbance) is { } fault)
                return Told(fault, result);
            if (result.Status == 2)
                RemoveDamaged(result.Error, folder);
            if (disturbance is not null && result.Status != 0)
                Kills++;
            if (result.Status != 0 || disturbance is not null)
                continue;

            var differences = Compare(folder);
            if (differences.Count > 0)
                return Told(string.Join("; ", differences), result);
            string[] left = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => file.EndsWith(".tmp", StringComparison.Ordinal) || file.EndsWith("run.lock", StringComparison.Ordinal))];
            if (left.Length > 0)
                return Told("left behind: " + string.Join(", ", left), result);
            if (place is null)
                Directory.Delete(folder, recursive: true);
            return null;
        }

        return $"seed {seed}: not done after {MostResumes} attempts: {string.Join(", ", story)}";

        string Told(string fault, EdaResult result) => $"seed {seed} ({folder}): {string.Join(", ", story)}: {fault}\n{result.Error}";
    }

    /// <summary>One trial on a disk that fills up at some moment, and has room again for the resume.</summary>
    /// <param name="seed">What the moment is drawn from.</param>
    /// <returns>What went wrong, in words; null where nothing did.</returns>
    public string? TryFullDisk(int seed)
    {
        var random = new Random(seed);
        using var disk = new FullDisk(_scratch.At($"disk-{seed}"));
        string folder = Path.Combine(disk.Path, "run");
        var moment = random.NextDouble() * _whole;
        int left = random.Next(40_000);
        using var process = _start(_scratch.Path, new Dictionary<string, string>(), Begin(folder));
        var finished = Task.Run(() => EdaProcess.Finish(process));
        if (!process.WaitForExit(moment))
            disk.Fill(left);
        var full = finished.GetAwaiter().GetResult();
        string story = $"seed {seed}: disk full but for {left} bytes after {moment.TotalMilliseconds:0} ms → {full.Status}";
        if (full.Status is not (0 or 1 or 2) || (full.Status > 0 && full.ErrorLines.Length != 1) || full.Error.Contains("internal error", StringComparison.Ordinal))
            return $"{story}\n{full.Error}";
        Kills += full.Status == 0 ? 0 : 1;
        disk.Clear();

        bool begins = !File.Exists(Path.Combine(folder, "config.json")) || new FileInfo(Path.Combine(folder, "config.json")).Length == 0;
        if (begins && Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        var result = Execute(begins ? Begin(folder) : ["resume", folder], null);
        if (result.Status != 0)
            return $"{story}, then {result.Status}\n{full.Error}{result.Error}";
        var differences = Compare(folder);
        return differences.Count == 0 ? null : $"{story}: {string.Join("; ", differences)}\n{full.Error}";
    }

    public void Dispose() => _scratch.Dispose();

    private string[] Begin(string folder) => [.. _recipe.Begin(folder, _scratch.Path), .. _extra];

    private EdaResult Execute(string[] arguments, Disturbance? disturbance)
    {
        var environment = new Dictionary<string, string>();
        if (disturbance?.Fault is { } fault)
            environment["EDA_FAULT"] = fault;
        using var process = _start(_scratch.Path, environment, arguments);
        var finished = Task.Run(() => EdaProcess.Finish(process));
        disturbance?.Send(process);
        return finished.GetAwaiter().GetResult();
    }

    // Done, killed, interrupted, or failed in one line.
    private static string? Misbehaved(EdaResult result, Disturbance? disturbance)
    {
        if (result.Error.Contains("internal error", StringComparison.Ordinal) || result.Error.Contains("   at ", StringComparison.Ordinal))
            return "an error that was not foreseen";
        return result.Status switch
        {
            0 or 137 when result.ErrorLines.Length == 0 => null,
            130 or 143 when disturbance?.Signal == "TERM" => null,
            1 when disturbance?.Fault?.EndsWith("full", StringComparison.Ordinal) == true && result.ErrorLines.Length == 1 => null,
            2 when result.ErrorLines.Length == 1 && result.Error.Contains("is damaged", StringComparison.Ordinal) => null,
            _ => $"status {result.Status}",
        };
    }

    // The first state of a stage has none before it: where it is torn, the line says so, and the user deletes it.
    private static void RemoveDamaged(string error, string folder)
    {
        foreach (string state in Directory.EnumerateFiles(Path.Combine(folder, "checkpoints"), "*.state*.safetensors"))
        {
            if (error.Contains(state, StringComparison.Ordinal))
                File.Delete(state);
        }
    }
}
