using EDA.Engine.Runs;

namespace EDA.Host.Experiments.Report;

/// <summary>The paper's scores, of tasks whose runs are on the published files: other data has nothing to do with them.</summary>
internal sealed class PublishedColumn
{
    private const int MostNamed = 3;

    private readonly Dictionary<ReportTask, PublishedScore> _scores = [];
    private readonly List<string> _leftOut = [];

    /// <summary>Decides which scores are shown.</summary>
    /// <param name="groups">The runs.</param>
    /// <param name="saidSo">Whether the user says that the files are the published ones.</param>
    public PublishedColumn(RunGroups groups, bool saidSo)
    {
        foreach (var task in groups.Tasks.Where(task => task.Published is not null))
        {
            if (saidSo || groups.All.SelectMany(group => group.Runs.GetValueOrDefault(task) ?? []).All(run => run.IsOnRecordedDownload))
                _scores[task] = task.Published!.Value;
            else
                _leftOut.Add(task.Name);
        }
    }

    /// <summary>Why scores are left out, in a line; none where all are shown.</summary>
    public IReadOnlyList<string> Notes => _leftOut.Count == 0 ? [] :
        [$"the paper's score of {string.Join(", ", _leftOut.Take(MostNamed))}{(_leftOut.Count > MostNamed ? $" and {_leftOut.Count - MostNamed} more" : string.Empty)} is left out: no record of a download (FILE.sha256) says that the runs' data is the published file; --published says so"];

    /// <summary>Whether there are any.</summary>
    public bool IsThere => _scores.Count > 0;

    /// <summary>The score of a task; null where it is left out.</summary>
    public PublishedScore? Of(ReportTask task) => _scores.TryGetValue(task, out var score) ? score : null;
}
