namespace EDA.Host.Progress;

/// <summary>Spans of time and rates in words.</summary>
internal static class Spans
{
    public static string Words(double seconds) => seconds switch
    {
        < 0 or double.NaN or double.PositiveInfinity => "?",
        < 59.5 => FormattableString.Invariant($"{Math.Ceiling(seconds):0} s"),
        < 3600 => FormattableString.Invariant($"{Math.Floor(Math.Round(seconds) / 60):0} min {Math.Round(seconds) % 60:00} s"),
        _ => FormattableString.Invariant($"{Math.Floor(seconds / 3600):0} h {Math.Floor(seconds % 3600 / 60):00} min"),
    };

    public static string Rate(double stepsPerSecond) => stepsPerSecond switch
    {
        double.NaN or double.PositiveInfinity or 0 => "?",
        < 10 => FormattableString.Invariant($"{stepsPerSecond:0.00} steps/s"),
        < 100 => FormattableString.Invariant($"{stepsPerSecond:0.0} steps/s"),
        _ => FormattableString.Invariant($"{stepsPerSecond:0} steps/s"),
    };
}
