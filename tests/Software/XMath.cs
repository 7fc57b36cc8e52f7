namespace EDA.Tests.Software;

/// <summary>Mathematics.</summary>
public static class XMath
{
    /// <summary>The square root.</summary>
    /// <param name="value">x.</param>
    /// <returns>√x.</returns>
    public static float Sqrt(float value) => MathF.Sqrt(value);

    /// <summary>The smaller of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The smaller.</returns>
    public static float Min(float first, float second) => MathF.Min(first, second);

    /// <summary>The larger of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The larger.</returns>
    public static float Max(float first, float second) => MathF.Max(first, second);

    /// <summary>The square root.</summary>
    /// <param name="value">x.</param>
    /// <returns>√x.</returns>
    public static double Sqrt(double value) => Math.Sqrt(value);

    /// <summary>The larger of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The larger.</returns>
    public static double Max(double first, double second) => Math.Max(first, second);

    /// <summary>The smaller of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The smaller.</returns>
    public static int Min(int first, int second) => Math.Min(first, second);

    /// <summary>The smaller of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The smaller.</returns>
    public static double Min(double first, double second) => Math.Min(first, second);

    /// <summary>The larger of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The larger.</returns>
    public static int Max(int first, int second) => Math.Max(first, second);
}
