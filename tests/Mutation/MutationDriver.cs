using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace EDA.Tests.Mutation;

/// <summary>A changed file that was not read as it should be.</summary>
/// <param name="Format">The format.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Index">The number of the file.</param>
/// <param name="What">What came of it.</param>
/// <param name="File">Where it is kept.</param>
internal sealed record MutationFailure(string Format, int Seed, int Index, string What, string File)
{
    public override string ToString() => FormattableString.Invariant(
        $"{Format}, seed {Seed}, file {Index}: {What} (kept as {File}; again with: dotnet EDA.Tests.dll {MutationWorker.Command} {Format} {Seed} {Index} {Index + 1} FOLDER)");
}

/// <summary>What many changed files came to.</summary>
internal sealed class MutationReport
{
    public int Accepted { get; set; }

    public int Refused { get; set; }

    public List<MutationFailure> Failures { get; } = [];

    public int Tried => Accepted + Refused + Failures.Count;
}

/// <summary>
/// Has changed files read by processes that may die, hang or eat memory. After a death the file at hand is read again
/// alone; if that goes well, the files before it are halved until the one is found that the death began with.
/// </summary>
internal sealed class MutationDriver(string format, int seed)
{
    private const long MostMemory = 700L << 20;
    private const int MostFailures = 30;

    // Less than this, in bytes, is no growth.
    private const long Growth = 8 << 20;

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly MutationReport _report = new();

    /// <summary>How long a file may take.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where the files of failures are kept.</summary>
    public string Kept { get; init; } = Path.Combine(Path.GetTempPath(), "eda-mutations");

    /// <summary>Reads so many files.</summary>
    public MutationReport Run(int count)
    {
        using var scratch = new Host.ScratchFolder();
        for (int first = 0; first < count && _report.Failures.Count < MostFailures;)
        {
            var end = Batch(first, count, scratch.Path, counts: true);
            if (end.Death is null)
                break;
            if (end.Last < 0)
            {
                _report.Failures.Add(new MutationFailure(format, seed, -1, end.Death, string.Empty));
                break;
            }

            var (index, what) = Cause(first, end.Last, end.Death, scratch.Path);
            Fail(index, what, scratch.Path);
            first = end.Last + 1;
        }

        return _report;
    }

    // Alone, and then with ever fewer of the files before it.
    private (int Index, string What) Cause(int first, int last, string death, string folder)
    {
        if (Batch(last, last + 1, folder, counts: false).Death is { } alone)
            return (last, alone);
        if (Batch(first, last + 1, folder, counts: false).Death is null)
            return (last, $"{death}, once and not again");
        int dies = first, lives = last;
        while (lives - dies > 1)
        {
            int middle = (dies + lives) / 2;
            if (Batch(middle, last + 1, folder, counts: false).Death is null)
                lives = middle;
            else
                dies = middle;
        }

        Batch(dies, dies + 1, folder, counts: false); // leaves its file
        return (dies, FormattableString.Invariant($"{death} at file {last}, if this one was read before"));
    }

    private (int Last, string? Death) Batch(int first, int end, string folder, bool counts)
    {
        string words = string.Empty;
        using var process = Start(first, end, folder);
        var lines = new BlockingCollection<string?>();
        process.OutputDataReceived += (_, line) => lines.Add(line.Data);
        process.ErrorDataReceived += (_, line) => LastWords(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        int last = -1;
        long most = 0;
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (lines.TryTake(out string? line, 50))
            {
                if (line is null)
                    break;
                Take(line);
            }
            else if (watch.Elapsed > (last < 0 ? StartLimit : Limit))
            {
                return Killed(FormattableString.Invariant($"hung for {Limit.TotalSeconds} s"));
            }

            long memory = Memory(process);
            if (memory > MostMemory)
                return Killed(FormattableString.Invariant($"took over {MostMemory >> 20} MiB of memory"));

            // What takes more memory does not hang, however slowly a busy machine gives it.
            if (memory >= most + Growth)
            {
                most = memory;
                watch.Restart();
            }
        }

        process.WaitForExit();
        return (last, process.ExitCode == 0 || _report.Failures.Any(failure => failure.Index == -1) ? null : FormattableString.Invariant($"died with status {process.ExitCode}: {words}"));

        void Take(string line)
        {
            if (line.StartsWith(MutationWorker.Begun, StringComparison.Ordinal) || line.StartsWith(MutationWorker.Failed + " -1", StringComparison.Ordinal))
                last = Number(line);
            watch.Restart();
            if (counts)
                Count(line, folder);
        }

        (int Last, string? Death) Killed(string why)
        {
            process.Kill();
            process.WaitForExit();
            while (lines.Take() is { } line) // what it said before
                Take(line);
            return (last, why);
        }

        void LastWords(string? line)
        {
            if (words.Length < 1000 && line is not null)
                words += line + " | ";
        }
    }

    private void Count(string line, string folder)
    {
        string[] words = line.Split(' ', 3);
        switch (words[0])
        {
            case MutationWorker.Accepted:
                _report.Accepted++;
                break;
            case MutationWorker.Refused:
                _report.Refused++;
                break;
            case MutationWorker.Failed:
                Fail(Number(line), words[2], folder);
                break;
        }
    }

    private void Fail(int index, string what, string folder)
    {
        string kept = Path.Combine(Kept, FormattableString.Invariant($"{format}-{seed}-{index}"));
        Directory.CreateDirectory(kept);
        // Of a death the file at hand, which was not read to its end.
        string[] files = Directory.GetFiles(folder), own = [.. files.Where(file => file.EndsWith(MutationWorker.Kept(index), StringComparison.Ordinal))];
        foreach (string file in own.Length > 0 ? own : files.Where(file => !file.EndsWith(".failed", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(kept, own.Length > 0 ? Path.GetFileNameWithoutExtension(Path.GetFileNameWithoutExtension(file)) : Path.GetFileName(file)), overwrite: true);
        _report.Failures.Add(new MutationFailure(format, seed, index, what, kept));
    }

    private Process Start(int first, int end, string folder)
    {
        var start = new ProcessStartInfo("dotnet", [
            typeof(MutationDriver).Assembly.Location, MutationWorker.Command, format, seed.ToString(CultureInfo.InvariantCulture),
            first.ToString(CultureInfo.InvariantCulture), end.ToString(CultureInfo.InvariantCulture), folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        return Process.Start(start)!;
    }

    private static int Number(string line) => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);

    private static long Memory(Process process)
    {
        try
        {
            process.Refresh();
            return process.HasExited ? 0 : process.WorkingSet64;
        }
        catch (InvalidOperationException)
        {
            return 0;
        }
    }
}
