namespace EDA.Tests.Twin;

/// <summary>The published noise schedule, from the formula (method: section 1).</summary>
public static class TwinSchedule
{
    public static double Alpha(double t) => Math.Exp(LogAlpha(t));

    public static double Sigma(double t)
    {
        // Kahan's 1 − e^x, in which the rounding of e^x cancels.
        double x = 2 * LogAlpha(t);
        double square = Math.Exp(x);
        return Math.Sqrt(square == 1 ? -x : (1 - square) * x / Math.Log(square));
    }

    public static double LogAlpha(double t) => (-t * t * (20.0 - 0.1) / 4) - (t * 0.1 / 2);
}
