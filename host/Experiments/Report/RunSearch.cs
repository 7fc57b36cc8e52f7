using EDA.Engine;
using EDA.Host.CommandLine;
using EDA.Host.Reports;

namespace EDA.Host.Experiments.Report;

/// <summary>The finished runs below some folders.</summary>
/// <param name="Runs">The runs, by the names of their folders.</param>
/// <param name="LeftOut">A line for each run that is none: its folder and why.</param>
internal sealed record RunSearch(IReadOnlyList<ReportedRun> Runs, IReadOnlyList<string> LeftOut)
{
    private static readonly EnumerationOptions _below = new() { AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    /// <summary>Looks for runs. Nothing is changed in any folder.</summary>
    /// <param name="folders">Run folders, folders of several seeds, or folders with such folders at any depth.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="UserError">A folder is not there, or there is no finished run.</exception>
    public static RunSearch In(IReadOnlyList<string> folders)
    {
        var (found, leftOut) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        foreach (string folder in folders)
        {
            if (!Directory.Exists(folder))
                throw UserError.Value("FOLDER", folder, "a folder of a run, of several seeds, or with such folders below it");
            Collect(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), found, leftOut);
        }

        var runs = new List<ReportedRun>();
        foreach (string path in found)
        {
            if (ReportedRun.Read(RunFolder.Open(path), out string? why) is { } run)
                runs.Add(run);
            else
                leftOut.Add($"{NewFolder.Shown(path)}: {why}");
        }

        if (runs.Count == 0)
            throw new UserError($"there is no finished run in {string.Join(", ", folders)}" + (leftOut.Count == 0 ? string.Empty : $"; {leftOut.First()}" + (leftOut.Count == 1 ? string.Empty : $" (and {leftOut.Count - 1} more)")));
        return new RunSearch(runs, [.. leftOut]);
    }

    private static void Collect(string folder, SortedSet<string> found, SortedSet<string> leftOut)
    {
        if (RunFolder.IsBegun(folder))
        {
            found.Add(folder);
            return;
        }

        if (SeedsFolder.IsOne(folder))
            SayUnbegun(folder, leftOut);

        // What a sweep's runs share is no run.
        if (File.Exists(Path.Combine(folder, SweepDefinition.FileName)))
            folder = Path.Combine(folder, "runs");
        foreach (string below in Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, "*", _below) : [])
            Collect(below, found, leftOut);
    }

    // A seed whose turn did not come has no folder to speak for it.
    private static void SayUnbegun(string folder, SortedSet<string> leftOut)
    {
        try
        {
            var (several, seeds) = SeedsFolder.Open(folder);
            for (ulong seed = seeds.First; seed <= seeds.Last; seed++)
            {
                if (several.FindRun(seed) is null)
                    leftOut.Add($"{several.ShownPath}: seed {seed} was not begun");
            }
        }
        catch (InvalidFileException broken)
        {
            leftOut.Add(broken.Message);
        }
    }
}
