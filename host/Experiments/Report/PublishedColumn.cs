using EDA.Engine.Runs;

namespace EDA.Host.Experiments.Report;

/// <summary>The paper's scores, of tasks whose runs are on the published files: other data has nothing to do with them.</summary>
internal sealed class PublishedColumn
{
    private readonly Dictionary<ReportTask, PublishedScore> _scores = [];
    private readonly List<string> _notes = [];

    /// <summary>Decides which scores are shown.</summary>
    /// <param name="groups">The runs.</param>
    /// <param name="saidSo">Whether the user says that the files are the published ones.</param>
    public PublishedColumn(RunGroups groups, bool saidSo)
    {
        foreach (var task in groups.Tasks.Where(task => task.Published is not null))
        {
            var other = saidSo ? null : groups.All.SelectMany(group => group.Runs.GetValueOrDefault(task) ?? []).FirstOrDefault(run => !run.IsOnRecordedDownload);
            if (other is null)
                _scores[task] = task.Published!.Value;
            else
                _notes.Add($"the paper's score of {task.Name} is left out: {other.Request.Dataset} has no record of its download (.sha256) that fits the runs; --published says that it is the published file");
        }
    }

    /// <summary>Why scores are left out.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Whether there are any.</summary>
    public bool IsThere => _scores.Count > 0;

    /// <summary>The score of a task; null where it is left out.</summary>
    public PublishedScore? Of(ReportTask task) => _scores.TryGetValue(task, out var score) ? score : null;
}
