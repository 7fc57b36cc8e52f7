namespace EDA.Kernels.Gpu;

/// <summary>
/// The larger and the smaller of two as IEEE 754-2019 calls them: NaN where either is NaN. A GPU's own instructions, which
/// <c>XMath.Max</c> and <c>XMath.Min</c> become, give the operand that is a number instead, and would hide that training
/// diverged. Of two equal operands, zeros of either sign among them, it is the second.
/// </summary>
/// <remarks>
/// A constant must be the second operand: ILGPU turns a comparison around whose left side is a constant, and takes NaN for
/// the opposite then.
/// </remarks>
public static class Ieee
{
    /// <summary>The larger.</summary>
    /// <param name="first">One, no constant.</param>
    /// <param name="second">The other.</param>
    /// <returns>The larger; NaN where either is NaN.</returns>
    public static float Maximum(float first, float second) => XMath.IsNaN(first) | first > second ? first : second;

    /// <summary>The larger.</summary>
    /// <param name="first">One, no constant.</param>
    /// <param name="second">The other.</param>
    /// <returns>The larger; NaN where either is NaN.</returns>
    public static double Maximum(double first, double second) => XMath.IsNaN(first) | first > second ? first : second;

    /// <summary>The smaller.</summary>
    /// <param name="first">One, no constant.</param>
    /// <param name="second">The other.</param>
    /// <returns>The smaller; NaN where either is NaN.</returns>
    public static float Minimum(float first, float second) => XMath.IsNaN(first) | first < second ? first : second;

    /// <summary>The smaller.</summary>
    /// <param name="first">One, no constant.</param>
    /// <param name="second">The other.</param>
    /// <returns>The smaller; NaN where either is NaN.</returns>
    public static double Minimum(double first, double second) => XMath.IsNaN(first) | first < second ? first : second;
}
