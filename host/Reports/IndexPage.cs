using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EDA.Engine.Baselines;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.Figures;
using EDA.Host.Runs;

namespace EDA.Host.Reports;

/// <summary>index.html: figures, numbers beside the exact answer, settings, in one file that needs no network.</summary>
public static partial class IndexPage
{
    /// <summary>A page is to be less than 2 MB: what else is in it leaves the rollouts the rest.</summary>
    private const int MostBytes = 1_950_000;

    /// <summary>How a page looks.</summary>
    public const string Style = """
        :root { color-scheme: light dark; }
        body { margin: 0 auto; padding: 28px 24px 48px; max-width: 1080px; background: #fff; color: #222;
               font: 15px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }
        h1 { font-size: 26px; margin: 0 0 2px; font-weight: 600; }
        h2 { font-size: 17px; margin: 34px 0 10px; font-weight: 600; }
        .lead { color: #555; margin: 0 0 22px; }
        .note { border-left: 3px solid #c77d0a; padding: 6px 12px; background: #fdf7ec; margin: 14px 0; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { text-align: right; padding: 4px 18px 4px 0; border-bottom: 1px solid #eee; font-weight: 400; vertical-align: top; }
        th:first-child, td:first-child { text-align: left; }
        thead th { color: #777; font-size: 13px; border-bottom: 1px solid #bbb; }
        table.numbers td:not(.what) { white-space: nowrap; }
        td.what { text-align: left; color: #666; font-size: 13px; padding-top: 6px; }
        figure { margin: 0 0 26px; }
        figure svg { display: block; max-width: 100%; height: auto; }
        figcaption { color: #555; font-size: 13px; margin-top: 6px; max-width: 900px; }
        sub, sup { line-height: 0; }
        td code { font-size: 13px; }
        pre { background: #f6f6f4; padding: 10px 14px; overflow-x: auto; font-size: 13px; margin: 0; }
        code { font-family: "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        details { margin-top: 10px; } summary { cursor: pointer; color: #31688e; }
        @media (prefers-color-scheme: dark) {
          body { background: #17191c; color: #ddd; }
          .lead, figcaption, td.what { color: #a5a9ae; }
          .note { background: #2b2417; }
          th, td { border-bottom-color: #2e3237; } thead th { color: #9a9ea3; border-bottom-color: #4a4f55; }
          pre { background: #22252a; } summary { color: #7db8dd; }
          figure svg { background: #fff; border-radius: 6px; }
        }
        """;

    /// <summary>Writes the page.</summary>
    /// <param name="outcome">What the run came to.</param>
    /// <param name="config">The document of config.json.</param>
    /// <param name="figures">The figures, in order.</param>
    /// <param name="rollouts">Gives the section that plays rollouts, in so many bytes; null for none.</param>
    /// <returns>The text of the file.</returns>
    public static string Write(RunOutcome outcome, JsonObject config, IReadOnlyList<Figure> figures, Func<int, string?>? rollouts = null)
    {
        StringBuilder page = new(), before = page;
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append($"<title>{Text(outcome.Task.Name)}, seed {outcome.Settings.Seed}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n");
        page.Append($"<h1>{Text(Title(outcome))}</h1>\n<p class=\"lead\">{Lead(outcome)}</p>\n");
        if (outcome.Error is not null)
            page.Append($"<p class=\"note\">The run failed: {Text(outcome.Error)}.</p>\n");
        else if (outcome.Interrupted)
            page.Append("<p class=\"note\">The run was interrupted; what is here is what there was at that moment.</p>\n");
        if (RunBudgets.IsTrial(outcome.Budget))
            page.Append($"<p class=\"note\">{char.ToUpperInvariant(RunBudgets.TrialNote[0])}{Text(RunBudgets.TrialNote[1..])}.</p>\n");
        if (RunPresentation.Of(outcome.Settings).Table(outcome) is { } numbers)
            page.Append($"<h2>Numbers</h2>\n{Numbers(numbers)}");

        page = new StringBuilder();
        page.Append("<h2>Figures</h2>\n");
        foreach (var figure in figures)
            page.Append($"<figure>\n{Inline(figure)}\n<figcaption>{Marked(figure.Caption)}</figcaption>\n</figure>\n");

        page.Append($"<h2>Reproduce</h2>\n<pre><code>{Text(outcome.Command)}</code></pre>\n");
        page.Append($"<h2>Time</h2>\n{Times(outcome)}{Settings(config)}</body>\n</html>\n");
        string start = before.ToString(), end = page.ToString();
        return start + rollouts?.Invoke(MostBytes - Encoding.UTF8.GetByteCount(start) - Encoding.UTF8.GetByteCount(end)) + end;
    }

    /// <summary>What was run, in a line of HTML.</summary>
    internal static string Lead(RunOutcome outcome)
    {
        var alignment = outcome.Settings.Alignment;
        var method = outcome.Settings.Method.Row;
        string what = method == Method.Eda
            ? FormattableString.Invariant($"{alignment.Objective.Name} objective, q = {alignment.LabelScale}, β = {alignment.Temperature}, K = {alignment.Candidates}")
            : $"{method}: {method.Summary}";
        return Text(FormattableString.Invariant(
            $"{what}; budget {outcome.Budget}, seed {outcome.Settings.Seed}{(outcome.Batch is null ? string.Empty : $", trained beside seeds {outcome.Batch}")}; {outcome.Device}, {outcome.Precision}; EDA.Engine {ProgramVersion.Engine.Split('+')[0]}"));
    }

    // A recipe for any file says nothing of where the run is.
    private static string Title(RunOutcome outcome) =>
        outcome.Task.Name == DatasetTask.AnyFile.Name ? $"{outcome.Task.Name}, {(EnvironmentCatalogue.Find(outcome.Settings.Environment).CanBeStepped ? outcome.Settings.Environment : "no environment")}" : outcome.Task.Name;

    /// <summary>A table of numbers as HTML.</summary>
    internal static string Numbers(NumberTable numbers)
    {
        var table = new StringBuilder($"<table class=\"numbers\">\n<thead><tr><th></th>{string.Concat(numbers.Heads.Select(head => $"<th>{Text(head)}</th>"))}<th></th></tr></thead>\n<tbody>\n");
        foreach (var row in numbers.Rows)
            table.Append($"<tr><td><code>{Text(row.Name)}</code></td>{string.Concat(row.Cells.Select(cell => $"<td>{Text(cell)}</td>"))}<td class=\"what\">{Marked(row.What)}</td></tr>\n");
        return table.Append("</tbody>\n</table>\n").ToString();
    }

    /// <summary>The table of what every stage took, as HTML.</summary>
    internal static string Times(RunOutcome outcome)
    {
        var table = new StringBuilder("<table>\n<thead><tr><th>stage</th><th>seconds</th><th>steps</th></tr></thead>\n<tbody>\n");
        foreach (var (stage, seconds) in outcome.Seconds)
        {
            var result = outcome.Stages.FirstOrDefault(entry => entry.Stage == stage && stage != Rollouts.StageName);
            string steps = result is null ? string.Empty
                : result.Completed ? result.Steps.ToString("#,0", CultureInfo.InvariantCulture)
                : FormattableString.Invariant($"{result.Steps:#,0} of {result.Total:#,0}");
            table.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(stage)}</td><td>{seconds:0.0}</td><td>{steps}</td></tr>\n");
        }

        return table.Append("</tbody>\n</table>\n").ToString();
    }

    /// <summary>Every setting, folded, as HTML.</summary>
    internal static string Settings(JsonObject config)
    {
        var table = new StringBuilder("<details><summary>Every setting</summary>\n<table><tbody>\n");
        foreach (var (path, value) in Flatten(config, string.Empty))
            table.Append($"<tr><td>{Text(path)}</td><td>{Text(value)}</td></tr>\n");
        return table.Append("</tbody></table></details>\n").ToString();
    }

    private static IEnumerable<(string Path, string Value)> Flatten(JsonObject document, string prefix)
    {
        foreach (var (key, value) in document)
        {
            if (value is JsonArray { Count: 0 })
                continue;
            if (value is JsonObject nested)
            {
                foreach (var entry in Flatten(nested, $"{prefix}{key}."))
                    yield return entry;
            }
            else
            {
                yield return (prefix + key, value is JsonValue text && text.TryGetValue(out string? word) ? word : value?.ToJsonString(SettingPaths.Json) ?? "null");
            }
        }
    }

    /// <summary>A figure within a page: without the document's header, and the names of namespaces.</summary>
    /// <param name="figure">The figure.</param>
    /// <returns>HTML.</returns>
    public static string Inline(Figure figure)
    {
        string svg = figure.Svg[figure.Svg.IndexOf("<svg", StringComparison.Ordinal)..].TrimEnd();
        svg = NamespaceName().Replace(svg, string.Empty).Replace("xlink:href", "href", StringComparison.Ordinal);
        return string.Concat("<svg role=\"img\" aria-label=\"", Text(figure.Name), "\"", svg.AsSpan(4));
    }

    internal static string Marked(string text)
    {
        string safe = Lowered().Replace(Text(text), "<sub>$1</sub>");
        return Raised().Replace(safe, "<sup>$1</sup>");
    }

    /// <summary>Words as HTML.</summary>
    /// <param name="text">The words.</param>
    /// <returns>HTML.</returns>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    [GeneratedRegex("\\sxmlns(:\\w+)?=\"[^\"]*\"")]
    private static partial Regex NamespaceName();

    [GeneratedRegex(@"_\{([^}]*)\}")]
    private static partial Regex Lowered();

    [GeneratedRegex(@"\^\{([^}]*)\}")]
    private static partial Regex Raised();
}
