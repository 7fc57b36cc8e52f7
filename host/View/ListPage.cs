using System.Text.Json;
using System.Text.Json.Nodes;

namespace EDA.Host.View;

/// <summary>The list of all runs: a page that is filled from the document of <see cref="Document"/>.</summary>
internal static class ListPage
{
    private const int MostColumns = 6;

    /// <summary>The page.</summary>
    /// <param name="roots">The folders that are looked at.</param>
    /// <returns>The page.</returns>
    public static string Write(IReadOnlyList<string> roots) => ViewPage.Write("Runs", null, $"""
        <h1>Runs</h1>
        <p class="lead">{string.Join(", ", roots.Select(root => $"<code>{ViewPage.Text(root)}</code>"))}</p>
        <div id="sweeps"></div>
        <div class="tools">
        <label>Filter <input id="filter" type="search" autocomplete="off" spellcheck="false" placeholder="hopper seed=0 temperature=1 finished" aria-describedby="keys"></label>
        <label>State <select id="state"><option value="">all</option><option>running</option><option>finished</option><option>stopped</option><option>failed</option><option>broken</option></select></label>
        <button id="compare" type="button" disabled>Compare curves</button>
        <button id="report" type="button" disabled>Report</button>
        <button id="clear" type="button" disabled>Clear choice</button>
        <span id="count" role="status"></span>
        </div>
        <form id="reportform" method="post" action="/report" target="_blank"><input type="hidden" name="runs"></form>
        <div class="wide" id="runs" tabindex="-1"></div>
        <p class="keys" id="keys"><kbd>/</kbd> filter, <kbd>j</kbd> <kbd>k</kbd> next and previous run, <kbd>Enter</kbd> open, <kbd>x</kbd> choose, <kbd>c</kbd> compare, <kbd>r</kbd> report, <kbd>Esc</kbd> clear. Words are looked for anywhere in a row; <code>name=value</code> in the column or setting of that name.</p>
        """);

    /// <summary>The rows, and the settings that differ among runs of one recipe, budget and method.</summary>
    /// <param name="listing">What was found.</param>
    /// <returns>The document.</returns>
    public static string Document(Listing listing)
    {
        var differing = listing.Rows.Where(row => row.Settings.Count > 0).GroupBy(row => (row.Recipe, row.Budget, row.Method)).SelectMany(Differing).Distinct().ToList();
        bool areColumns = differing.Count <= MostColumns;
        return new JsonObject
        {
            ["version"] = listing.Version,
            ["columns"] = new JsonArray([.. areColumns ? differing.Select(path => (JsonNode)path) : []]),
            ["sweeps"] = new JsonArray([.. listing.Sweeps.Select(sweep => (JsonNode)new JsonObject { ["id"] = sweep.Id, ["folder"] = sweep.Folder })]),
            ["rows"] = new JsonArray([.. listing.Rows.Select(row => (JsonNode)Row(row, differing))]),
        }.ToJsonString();
    }

    // A setting that not all of them have, being of different versions, does not tell them apart.
    private static IEnumerable<string> Differing(IEnumerable<RunRow> alike)
    {
        var values = new Dictionary<string, string>();
        var differing = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (path, value) in alike.SelectMany(row => row.Settings))
        {
            if (!values.TryAdd(path, value) && values[path] != value)
                differing.Add(path);
        }

        return differing;
    }

    private static JsonObject Row(RunRow row, List<string> differing)
    {
        var settings = new JsonObject();
        foreach (string path in differing)
        {
            if (row.Settings.TryGetValue(path, out string? value))
                settings[path] = value;
        }

        return new JsonObject
        {
            ["id"] = row.Id,
            ["folder"] = row.Folder,
            ["state"] = Word(row.State),
            ["reason"] = row.Reason,
            ["recipe"] = row.Recipe,
            ["method"] = row.Method,
            ["budget"] = row.Budget,
            ["seed"] = row.Seed,
            ["stage"] = row.Stage,
            ["progress"] = row.Steps is > 0 ? Math.Round((double)row.Step / row.Steps.Value, 4) : null,
            ["score"] = row.Score,
            ["scoreName"] = row.ScoreName,
            ["written"] = row.Written,
            ["settings"] = settings,
        };
    }

    /// <summary>A state as pages call it.</summary>
    /// <param name="state">The state.</param>
    /// <returns>The word.</returns>
    public static string Word(RunState state) => JsonNamingPolicy.CamelCase.ConvertName(state.ToString());
}
