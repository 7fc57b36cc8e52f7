using EDA.Host.CommandLine;
using EDA.Host.Progress;
using EDA.Host.Reports;

namespace EDA.Host.Commands;

/// <summary>The last lines of a command that ran stages.</summary>
internal static class RunSummary
{
    /// <summary>Writes those of a run.</summary>
    /// <returns>The exit status.</returns>
    public static int Write(RunFolder folder, RunOutcome outcome, TextWriter console)
    {
        using var output = new FleetingWriter(console);
        foreach (string line in RunPresentation.Of(outcome.Settings).Lines(outcome))
            output.WriteLine(line);
        string state = outcome.Interrupted
            ? $"interrupted; {OwnProgram.Command} resume {folder.ShownPath} continues it; what it has so far"
            : FormattableString.Invariant($"{outcome.Seconds[^1].Value:0} s; open {Path.Combine(folder.ShownPath, "index.html")}; all of it");
        output.WriteLine($"{state} is in {folder.ShownPath}");
        return outcome.Interrupted ? ExitStatus.Interrupted : ExitStatus.Success;
    }

    /// <summary>Writes those of several seeds: their numbers as mean ± standard deviation.</summary>
    /// <returns>The exit status.</returns>
    public static int Write(SeedsFolder folder, SeedsOutcome outcome, TextWriter console, TextWriter errors)
    {
        using var output = new FleetingWriter(console);
        var finished = outcome.Runs.Where(run => run.IsMeasured).ToList();
        if (finished.Count > 0)
        {
            foreach (string line in RunPresentation.Of(outcome.Request.Settings).Lines(finished[0], outcome.Numbers))
                output.WriteLine(line);
            output.WriteLine($"mean{(finished.Count > 1 ? " ± standard deviation" : string.Empty)} of {finished.Count} of {outcome.Seeds.Count} seeds");
        }

        string state = outcome.Interrupted ? "interrupted; what it has so far" : FormattableString.Invariant($"{outcome.Seconds:0} s; all of it");
        output.WriteLine($"{state} is in {folder.ShownPath}");
        var failed = outcome.Runs.Where(run => run.Error is not null).ToList();
        foreach (var run in failed)
            errors.WriteLine($"eda: seed {run.Settings.Seed}: {run.Error}");
        return outcome.Interrupted ? ExitStatus.Interrupted : failed.Count > 0 ? ExitStatus.Failure : ExitStatus.Success;
    }
}
