using EDA.Engine.Experiments.Statistics;
using EDA.Host.Reports;

namespace EDA.Host.Experiments.Report;

/// <summary>A score along training, over the seeds of a group.</summary>
/// <param name="Task">The task.</param>
/// <param name="Group">The group.</param>
/// <param name="Name">Which score.</param>
/// <param name="Points">Step, mean over the seeds, and its interval where there are several.</param>
internal sealed record LearningCurve(ReportTask Task, RunGroup Group, string Name, IReadOnlyList<(long Step, Estimate Mean)> Points);

/// <summary>The scores that policies were measured at along alignment, where metrics.csv has them (<c>evaluation.every</c>).</summary>
internal static class LearningCurves
{
    private const string Metric = "score", Policy = "policy";
    private const int LeastPoints = 2, Replications = 2000;

    /// <summary>Reads them.</summary>
    /// <param name="groups">The runs.</param>
    /// <returns>The curves, of steps that every seed of the group was measured at; none where runs have none.</returns>
    public static IReadOnlyList<LearningCurve> Of(RunGroups groups)
    {
        var bootstrap = new StratifiedBootstrap(Replications);
        var curves = new List<LearningCurve>();
        foreach (var task in groups.Tasks)
        {
            foreach (var group in groups.All.Where(group => group.Runs.ContainsKey(task)))
            {
                var seeds = group.Runs[task].Where(run => File.Exists(run.Folder.Metrics))
                    .Select(run => new MetricsHistory(run.Folder.Metrics).Of(run.Request.Settings.Method.Row.CurveName)).ToList();
                var measured = seeds.Where(seed => seed.ContainsKey(Metric)).Select(seed => seed[Metric].GroupBy(row => row.Step).ToDictionary(rows => rows.Key, rows => rows.Last().Value)).ToList();
                var steps = measured.Count == 0 ? [] : measured[0].Keys.Where(step => measured.All(seed => seed.ContainsKey(step))).Order().ToList();
                if (steps.Count >= LeastPoints)
                    curves.Add(new(task, group, Policy, [.. steps.Select(step => (step, Mean([.. measured.Select(seed => seed[step])])))]));
            }
        }

        return curves;

        Estimate Mean(double[] values)
        {
            var scores = RunScores.OfOneTask(values);
            return new(TaskMeans.Mean(scores), scores.HasSpread ? bootstrap.Interval(scores, TaskMeans.Mean) : null);
        }
    }
}
