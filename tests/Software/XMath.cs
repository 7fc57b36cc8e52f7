namespace EDA.Tests.Software;

/// <summary>Mathematics. Of NaN and a number, the larger and the smaller are the number, as in PTX's max and min.</summary>
public static class XMath
{
    /// <summary>The square root.</summary>
    /// <param name="value">x.</param>
    /// <returns>√x.</returns>
    public static float Sqrt(float value) => MathF.Sqrt(value);

    /// <summary>The smaller of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The smaller; of NaN and a number, the number.</returns>
    public static float Min(float first, float second) => float.MinNumber(first, second);

    /// <summary>The larger of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The larger; of NaN and a number, the number.</returns>
    public static float Max(float first, float second) => float.MaxNumber(first, second);

    /// <summary>Whether it is NaN.</summary>
    /// <param name="value">x.</param>
    /// <returns>True where it is.</returns>
    public static bool IsNaN(float value) => float.IsNaN(value);

    /// <summary>The square root.</summary>
    /// <param name="value">x.</param>
    /// <returns>√x.</returns>
    public static double Sqrt(double value) => Math.Sqrt(value);

    /// <summary>Whether it is NaN.</summary>
    /// <param name="value">x.</param>
    /// <returns>True where it is.</returns>
    public static bool IsNaN(double value) => double.IsNaN(value);

    /// <summary>The smaller of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The smaller.</returns>
    public static int Min(int first, int second) => Math.Min(first, second);

    /// <summary>The larger of two.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The larger.</returns>
    public static int Max(int first, int second) => Math.Max(first, second);
}
