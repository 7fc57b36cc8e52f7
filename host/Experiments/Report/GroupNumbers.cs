using EDA.Engine.Experiments.Statistics;
using EDA.Host.Reports;

namespace EDA.Host.Experiments.Report;

/// <summary>A series of one group on one task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Group">The group.</param>
/// <param name="Series">The series.</param>
/// <param name="Scores">Its runs' numbers, by rising seed.</param>
/// <param name="Spread">Mean and standard deviation over the seeds.</param>
/// <param name="Median">The median of the runs.</param>
/// <param name="Aggregates">Mean, interquartile mean and optimality gap with intervals; intervals are null of one seed.</param>
internal sealed record TaskNumbers(ReportTask Task, RunGroup Group, ReportSeries Series, double[] Scores, Spread Spread, double Median, AggregateScores Aggregates);

/// <summary>A series of one group over several tasks.</summary>
/// <param name="Group">The group.</param>
/// <param name="Series">The series.</param>
/// <param name="Scores">The numbers by task.</param>
/// <param name="Aggregates">The aggregates.</param>
internal sealed record AllTasksNumbers(RunGroup Group, ReportSeries Series, RunScores Scores, AggregateScores Aggregates);

/// <summary>How likely a run of one group is better than one of another.</summary>
/// <param name="Series">In what.</param>
/// <param name="X">The one.</param>
/// <param name="Y">The other.</param>
/// <param name="Probability">P(X &gt; Y).</param>
internal sealed record Improvement(ReportSeries Series, RunGroup X, RunGroup Y, Estimate Probability);

/// <summary>The performance profile of a group.</summary>
/// <param name="Series">In what.</param>
/// <param name="Group">The group.</param>
/// <param name="Thresholds">The scores τ.</param>
/// <param name="Shares">The share of runs above each.</param>
/// <param name="Band">The interval at each; null where a task has one seed.</param>
internal sealed record GroupProfile(ReportSeries Series, RunGroup Group, double[] Thresholds, double[] Shares, Interval[]? Band);
