using EDA.Engine.Training;

namespace EDA.Host.Progress;

/// <summary>Spans of time and rates in words.</summary>
internal static class Spans
{
    /// <summary>What stands in place of the time of a stage that <see cref="WasDone"/>.</summary>
    public const string DoneBefore = "was done before";

    private const string PerSecond = "_per_second";

    public static string Words(double seconds) => seconds switch
    {
        < 0 or double.NaN or double.PositiveInfinity => "?",
        < 59.5 => FormattableString.Invariant($"{Math.Ceiling(seconds):0} s"),
        < 3600 => FormattableString.Invariant($"{Math.Floor(Math.Round(seconds) / 60):0} min {Math.Round(seconds) % 60:00} s"),
        _ => FormattableString.Invariant($"{Math.Floor(seconds / 3600):0} h {Math.Floor(seconds % 3600 / 60):00} min"),
    };

    /// <summary>Whether a stage had all its steps when it began, so that it has no time to tell.</summary>
    public static bool WasDone(StageResult result, long firstStep) => result.Completed && result.Total > 0 && firstStep >= result.Total;

    /// <summary>What a stage itself says of its rate, such as actions per second, or else its steps.</summary>
    public static string Rate(in TrainingProgress progress, double stepsPerSecond)
    {
        foreach (var metric in progress.Metrics)
        {
            if (metric.Name.EndsWith(PerSecond, StringComparison.Ordinal))
                return FormattableString.Invariant($"{metric.Value:0} {metric.Name[..^PerSecond.Length]}/s");
        }

        return Rate(stepsPerSecond);
    }

    public static string Rate(double stepsPerSecond) => stepsPerSecond switch
    {
        double.NaN or double.PositiveInfinity or 0 => "?",
        < 10 => FormattableString.Invariant($"{stepsPerSecond:0.00} steps/s"),
        < 100 => FormattableString.Invariant($"{stepsPerSecond:0.0} steps/s"),
        _ => FormattableString.Invariant($"{stepsPerSecond:0} steps/s"),
    };
}
