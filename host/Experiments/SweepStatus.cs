using EDA.Engine.Experiments;
using EDA.Engine.Files;

namespace EDA.Host.Experiments;

/// <summary>Where a stage of a sweep stands.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="State"><c>done</c>, <c>running</c>, <c>ready</c> to be worked on, <c>waiting</c> for what it reads, <c>failed</c>, or <c>blocked</c> by one that failed.</param>
/// <param name="Detail">Who works on it, or why it failed; null for nothing to say.</param>
internal sealed record StageStanding(SharedStage Stage, string State, string? Detail);

/// <summary>Where a sweep stands, by what lies in its folder.</summary>
internal sealed class SweepStatus
{
    private readonly Sweep _sweep;
    private readonly List<StageStanding> _stages = [];

    /// <summary>Looks at a sweep.</summary>
    /// <param name="sweep">The sweep.</param>
    public SweepStatus(Sweep sweep)
    {
        _sweep = sweep;
        var failed = new HashSet<SharedStage>();
        foreach (var stage in sweep.Graph.Stages)
        {
            var failures = sweep.FailuresOf(stage);
            string? holder = FolderLock.HolderOf(sweep.FolderOf(stage));
            var (state, detail) = sweep.IsDone(stage) ? ("done", null)
                : failures.Count >= Sweep.MostFailures ? ("failed", failures[^1])
                : stage.Reads.FirstOrDefault(failed.Contains) is { } cause ? ("blocked", $"by {cause.Id}")
                : holder is not null ? ("running", holder)
                : stage.Reads.All(sweep.IsDone) ? ("ready", failures.Count > 0 ? $"failed {failures.Count} times: {failures[^1]}" : null)
                : ("waiting", (string?)null);
            if (state is "failed" or "blocked")
                failed.Add(stage);
            _stages.Add(new(stage, state, detail));
        }
    }

    /// <summary>The stages.</summary>
    public IReadOnlyList<StageStanding> Stages => _stages;

    /// <summary>The share of the stages that is done.</summary>
    public double DoneShare => _stages.Count == 0 ? 1 : (double)_stages.Count(stage => stage.State == "done") / _stages.Count;

    /// <summary>Whether everything is done.</summary>
    public bool IsDone => _stages.All(stage => stage.State == "done");

    /// <summary>Stages that failed for good, and those that wait for them for ever.</summary>
    public IEnumerable<string> Failures => _stages.Where(stage => stage.State is "failed" or "blocked").Select(stage => $"{stage.Stage.Id} {stage.State}{(stage.State == "failed" ? ": " : " ")}{stage.Detail}");

    /// <summary>One line.</summary>
    public string Summary => string.Join(", ", ((string[])["done", "running", "ready", "waiting", "failed", "blocked"])
        .Select(state => (State: state, Count: _stages.Count(stage => stage.State == state)))
        .Where(group => group.Count > 0)
        .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count} {group.State}")));

    /// <summary>A table by stage, and a line for each that is worked on or failed.</summary>
    public IEnumerable<string> Lines
    {
        get
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{_sweep.ShownPath}: {_sweep.Runs.Count} runs, {_stages.Count} stages where each run alone would have {_sweep.Runs.Sum(run => run.Plan.Stages.Count)}");
            yield return $"{"stage",-10} {"done",6} {"running",8} {"to do",6} {"failed",7}  steps taken";
            foreach (var group in _stages.GroupBy(stage => stage.Stage.Name))
            {
                int Count(params string[] states) => group.Count(stage => states.Contains(stage.State));
                var taken = group.SelectMany(stage => WorkLog.Read(_sweep.FolderOf(stage.Stage))).GroupBy(entry => entry.Key).Select(entries => string.Create(CultureInfo.InvariantCulture, $"{entries.Key} {entries.Sum(entry => entry.Value.Steps)} in {entries.Sum(entry => entry.Value.Seconds):0} s"));
                yield return string.Create(CultureInfo.InvariantCulture, $"{group.Key,-10} {Count("done"),6} {Count("running"),8} {Count("ready", "waiting"),6} {Count("failed", "blocked"),7}  {string.Join(", ", taken)}");
            }

            foreach (var (stage, state, detail) in _stages.Where(stage => stage.Detail is not null))
                yield return $"{state,-8} {stage.Id}: {detail}";
        }
    }
}
