using EDA.Host.Figures;

namespace EDA.Host.Experiments.Report;

/// <summary>What a user asked a report of.</summary>
/// <param name="Folders">The folders.</param>
/// <param name="By">The settings that make the groups; none for all that differ.</param>
/// <param name="Replications">Replications of the bootstrap.</param>
/// <param name="Published">Whether the datasets are said to be the published files.</param>
/// <param name="Command">The command.</param>
internal sealed record ReportRequest(IReadOnlyList<string> Folders, IReadOnlyList<string> By, int Replications, bool Published, string Command);

/// <summary>A report on finished runs: what was found, and what it comes to.</summary>
internal sealed record RunReport
{
    private RunReport(ReportRequest request)
    {
        Request = request;
        Search = RunSearch.In(request.Folders);
        Groups = RunGroups.Of(Search.Runs, request.By);
        Numbers = new ReportNumbers(Groups, request.Replications);
        Published = new PublishedColumn(Groups, request.Published);
        var tables = new ReportTables(Groups, Numbers, Published);
        (MainTables, FurtherTables) = (tables.Main, tables.Further);
        Figures = new ReportFigures(Groups, Numbers, Published).Draw(LearningCurves.Of(Groups));
    }

    /// <summary>What was asked.</summary>
    public ReportRequest Request { get; }

    /// <summary>The runs.</summary>
    public RunSearch Search { get; }

    /// <summary>Their groups.</summary>
    public RunGroups Groups { get; }

    /// <summary>The numbers.</summary>
    public ReportNumbers Numbers { get; }

    /// <summary>The paper's.</summary>
    public PublishedColumn Published { get; }

    /// <summary>The tables that a paper would have.</summary>
    public IReadOnlyList<ReportTable> MainTables { get; init; }

    /// <summary>The other tables.</summary>
    public IReadOnlyList<ReportTable> FurtherTables { get; init; }

    /// <summary>The figures.</summary>
    public IReadOnlyList<Figure> Figures { get; init; }

    /// <summary>What the report is of, in a line.</summary>
    public string Lead => FormattableString.Invariant($"{Count(Search.Runs.Count, "run")} of {Count(Groups.Tasks.Count, "task")}")
        + (Groups.Paths.Count == 0 ? string.Empty : $", {Count(Groups.All.Count, "group")} by {string.Join(", ", Groups.Paths)}")
        + (HasIntervals ? FormattableString.Invariant($"; intervals by {Request.Replications:#,0} replications of the stratified bootstrap") : string.Empty);

    /// <summary>What a reader must know beside the tables: a line each.</summary>
    public IReadOnlyList<string> Notes => [.. Groups.Notes, .. Numbers.Notes, .. Published.Notes, .. Search.LeftOut.Select(line => "left out: " + line)];

    private bool HasIntervals => Numbers.Tasks.Any(cell => cell.Scores.Length > 1);

    /// <summary>Makes it. Nothing is written.</summary>
    /// <param name="request">What is asked.</param>
    /// <returns>The report.</returns>
    /// <exception cref="CommandLine.UserError">It cannot be made as asked.</exception>
    public static RunReport Of(ReportRequest request) => new(request);

    private static string Count(int count, string what) => FormattableString.Invariant($"{count} {what}{(count == 1 ? string.Empty : "s")}");
}
