using System.Collections.Concurrent;
using System.Text;
using EDA.Host.Figures;
using EDA.Host.Player;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.View;

/// <summary>The page of one run, which grows while it trains.</summary>
/// <param name="catalogue">The runs.</param>
internal sealed class RunPage(RunCatalogue catalogue)
{
    // Drawn from what was measured so far, not from what the last command drew.
    private static readonly string[] _drawnHere = ["losses", "learning-curve"];

    // Recorded rollouts are the most of a page.
    private const int MostBytes = 1_600_000;

    private readonly ReportRate _rates = new();
    private readonly ConcurrentDictionary<string, ((FileStamp Result, FileStamp Index) Stamp, string? Html)> _rollouts = new();

    /// <summary>The page.</summary>
    /// <param name="path">The run's folder.</param>
    /// <returns>The page.</returns>
    public string Write(string path)
    {
        var row = catalogue.RowOf(path);
        string name = row.Recipe.Length == 0 ? row.Folder : $"{row.Recipe}, seed {row.Seed}";
        return ViewPage.Write(name, $"/run/{row.Id}/parts", $"<h1>{ViewPage.Text(name)}</h1>\n<p class=\"lead\"><code>{ViewPage.Text(row.Folder)}</code></p>\n{Parts(path)}");
    }

    /// <summary>Its parts as they are now.</summary>
    /// <param name="path">The run's folder.</param>
    /// <returns>The parts.</returns>
    public string Parts(string path)
    {
        var (row, run) = (catalogue.RowOf(path), new ViewedRun(path));
        var parts = new StringBuilder(ViewPage.Part("state", State(row, run)));
        if (row.State == RunState.Broken)
            return parts.ToString();
        var history = new MetricsHistory(SharedFile.Rows(run.Metrics));
        try
        {
            var request = RunRequest.FromConfig(RunFolder.Open(path));
            var outcome = RunOutcome.Of(request, run.ReadResult(), history);
            parts.Insert(0, ViewPage.Part("what", $"<p>{IndexPage.Lead(outcome)}</p>"));
            if (RunPresentation.Of(request.Settings).Table(outcome) is { } numbers)
                parts.Append(ViewPage.Part("numbers", Wide(IndexPage.Numbers(numbers), "numbers"), "Numbers"));
            parts.Append(ViewPage.Part("curves", Curves(history, request.Settings.Evaluation.Episodes), "Curves"));
            if (row.State != RunState.Running && Rollouts(run, outcome) is { } rollouts)
                parts.Append(ViewPage.Part("rollouts", rollouts));
            parts.Append(ViewPage.Part("figures", Saved(row, run)));
            if (outcome.Seconds.Count > 0)
                parts.Append(ViewPage.Part("time", Wide(IndexPage.Times(outcome), "time"), "Time"));
            parts.Append(ViewPage.Part("settings", $"<h2>Reproduce</h2>\n<pre tabindex=\"0\"><code>{ViewPage.Text(outcome.Command)}</code></pre>\n{IndexPage.Settings(run.ReadConfig())}"));
        }
        catch (Exception broken) when (RunRow.IsOfTheFolder(broken))
        {
            parts.Append(ViewPage.Part("problem", $"<p class=\"note\">{ViewPage.Text(RunRow.Why(broken))}</p>"));
            parts.Append(ViewPage.Part("curves", Curves(history, 0), "Curves"));
        }

        return parts.ToString();
    }

    // Packing them takes a moment, and a page asks for its parts again and again.
    private string? Rollouts(ViewedRun run, RunOutcome outcome)
    {
        var stamp = (run.Stamp.Result, FileStamp.Of(run.EpisodeIndex));
        if (_rollouts.TryGetValue(run.FullPath, out var known) && known.Stamp == stamp)
            return known.Html;
        string? html = RolloutPlayer.Bare(run.Episodes, outcome, MostBytes);
        _rollouts[run.FullPath] = (stamp, html);
        return html;
    }

    private static string Wide(string table, string what) => $"<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"{what}\">{table}</div>";

    private static string Curves(MetricsHistory history, int episodes)
    {
        Figure[] figures = [.. history.Scores is { } scores ? [CurveFigure.Scores(scores, episodes)] : (Figure[])[], .. history.Curves is { Count: > 0 } curves ? [CurveFigure.Losses(curves)] : (Figure[])[]];
        return figures.Length == 0 ? "<p class=\"lead\">Nothing was reported at two steps yet.</p>" : string.Concat(figures.Select(figure => $"<figure class=\"plot\">\n{IndexPage.Inline(figure)}\n<figcaption>{IndexPage.Marked(figure.Caption)}</figcaption></figure>\n"));
    }

    // As images, so that nothing in them can act on the page.
    private static string Saved(RunRow row, ViewedRun run)
    {
        var names = run.Figures.Except(_drawnHere).ToList();
        if (names.Count == 0)
            return string.Empty;
        return "<h2>Figures</h2>\n" + string.Concat(names.Select(name => string.Create(
            CultureInfo.InvariantCulture,
            $"<figure><img src=\"/run/{row.Id}/figure/{Uri.EscapeDataString(name)}?at={FileStamp.Of(run.Figure(name)).Modified}\" alt=\"{ViewPage.Text(name)}\"><figcaption>{ViewPage.Text(name)}</figcaption></figure>\n")));
    }

    private string State(RunRow row, ViewedRun run)
    {
        var text = new StringBuilder($"<p>{ViewPage.State(ListPage.Word(row.State))}");
        if (row.Reason is not null)
            text.Append($" <span class=\"reason\">{ViewPage.Text(row.Reason)}</span>");
        text.Append("</p>\n");
        if (row.Stage is not null && row.State is RunState.Running or RunState.Stopped)
        {
            var rate = row.State == RunState.Running ? _rates.Observe(row, FileStamp.Of(run.Metrics)) : null;
            string steps = row.Steps is { } total
                ? string.Create(CultureInfo.InvariantCulture, $"step {row.Step:#,0} of {total:#,0}")
                : string.Create(CultureInfo.InvariantCulture, $"step {row.Step:#,0}");
            text.Append($"<p>{ViewPage.Text(row.Stage ?? string.Empty)}, {steps}");
            if (rate is { } speed)
                text.Append(string.Create(CultureInfo.InvariantCulture, $", {speed:#,0.#} steps/s{(row.Steps > row.Step ? $", {Spans.Words((row.Steps.Value - row.Step) / speed)} left of this stage" : string.Empty)}"));
            text.Append("</p>\n");
            if (row.Steps is > 0)
                text.Append(ViewPage.Bar((double)row.Step / row.Steps.Value, $"steps of {row.Stage}"));
        }

        if (File.Exists(Path.Combine(run.FullPath, "index.html")) && row.State != RunState.Running)
            text.Append($"<p><a href=\"/run/{row.Id}/page\">The run's own page</a></p>\n");
        return text.ToString();
    }
}
