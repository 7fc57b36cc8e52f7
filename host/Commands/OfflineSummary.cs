using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Reports;

namespace EDA.Host.Commands;

/// <summary>The last lines of a command that ran stages of a run on a dataset.</summary>
internal static class OfflineSummary
{
    /// <summary>Writes them.</summary>
    /// <returns>The exit status.</returns>
    public static int Write(RunFolder folder, OfflineOutcome outcome)
    {
        foreach (string name in OfflineEvaluation.Names)
        {
            if (!outcome.Scores.TryGetValue(name, out var score))
                continue;
            double Number(string key) => score[key]!.GetValue<double>();
            Console.WriteLine(FormattableString.Invariant(
                $"{name,-16} score {Number("normalized_mean"):0.0} ± {Number("normalized_std"):0.0}, return {Number("return_mean"):0.###}, {Number("episodes"):0} episodes"));
        }

        if (outcome.HeldOutLoss is { } loss)
            Console.WriteLine(FormattableString.Invariant($"{"held-out loss",-16} {loss:0.0000}"));
        if (outcome.Task.Published is { } published && outcome.Scores.ContainsKey(OfflineEvaluation.PolicyRejecting))
            Console.WriteLine(FormattableString.Invariant($"{"paper",-16} score {published.Mean:0.0} ± {published.Deviation:0.0}"));
        string state = outcome.Interrupted
            ? $"interrupted; ./eda resume {folder.ShownPath} goes on with it; what there is"
            : $"open {Path.Combine(folder.ShownPath, "index.html")}; all of it";
        Console.WriteLine($"{state} is in {folder.ShownPath}");
        return outcome.Interrupted ? ExitStatus.Interrupted : ExitStatus.Success;
    }
}
