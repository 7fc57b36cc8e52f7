namespace EDA.Host.Reports;

/// <summary>The last lines of a run of several seeds: its numbers as mean ± standard deviation.</summary>
internal static class SeedsSummary
{
    /// <summary>Writes them.</summary>
    /// <param name="folder">Where the runs are.</param>
    /// <param name="outcome">What they came to.</param>
    /// <param name="output">Where the lines go.</param>
    public static void Write(SeedsFolder folder, SeedsOutcome outcome, TextWriter output)
    {
        var numbers = outcome.Numbers;
        int finished = outcome.Runs.Count(run => run.Metrics is not null);
        if (finished > 0)
        {
            bool isExact = outcome.Runs[0].TargetIsExact;
            string target = isExact ? "exact" : "value objective's answer";
            if (numbers.ContainsKey("q_slope"))
                Line("Q_θ against qQ", $"correlation {Show("q_correlation")}, slope {Show("q_slope")} (exact: 1, 1)");
            Line("mean Q", $"policy {Show("policy_mean_q")} ({target}: {Show("target_mean_q")}), behavior {Show("behavior_mean_q")}");
            Line("energy distance", $"policy {Show("energy_distance_policy", 4)}, behavior {Show("energy_distance_behavior", 4)}");
            output.WriteLine($"mean{(finished > 1 ? " ± standard deviation" : string.Empty)} of {finished} of {outcome.Seeds.Count} seeds");
        }

        string state = outcome.Interrupted ? "interrupted; what there is" : FormattableString.Invariant($"{outcome.Seconds:0} s; all of it");
        output.WriteLine($"{state} is in {folder.ShownPath}");

        string Show(string key, int places = 3) => numbers[key].Show(places);

        void Line(string name, string text) => output.WriteLine($"{name,-16} {text}");
    }
}
