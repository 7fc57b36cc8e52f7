namespace EDA.Kernels.Gpu;

/// <summary>SiLU(z) = zσ(z), accurate to a few units in the last place on every device.</summary>
public static class Silu
{
    // The same reduction and polynomial as the CPU's (e^x = 2ⁿ·e^r): the GPU's own exp is an approximation whose
    // error grows with |x|.
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;
    private const float RoundingMagic = 12582912f; // 1.5·2²³

    /// <summary>SiLU(z).</summary>
    /// <param name="z">z.</param>
    /// <returns>zσ(z).</returns>
    public static float Invoke(float z) => z * Sigmoid(z);

    /// <summary>SiLU'(z) = σ(1 + z(1 − σ)).</summary>
    /// <param name="z">z.</param>
    /// <param name="sigma">σ(z).</param>
    /// <returns>The slope.</returns>
    public static float FirstDerivative(float z, float sigma) => sigma * ((z * (1f - sigma)) + 1f);

    /// <summary>SiLU''(z) = σ(1 − σ)(2 + z(1 − 2σ)).</summary>
    /// <param name="z">z.</param>
    /// <param name="sigma">σ(z).</param>
    /// <returns>The curvature.</returns>
    public static float SecondDerivative(float z, float sigma) => sigma * (1f - sigma) * ((z * (1f - sigma - sigma)) + 2f);

    /// <summary>σ(z) = 1/(1 + e^−z).</summary>
    /// <param name="z">z.</param>
    /// <returns>σ(z).</returns>
    public static float Sigmoid(float z)
    {
        // Beyond ±87, e^−z would leave the range of normal floats. Max takes NaN for −87 on a GPU; SiLU and its derivatives
        // are NaN all the same, by their factor z.
        float x = XMath.Min(XMath.Max(-z, -87f), 87f);
        float shifted = (x * Log2E) + RoundingMagic;
        float n = shifted - RoundingMagic;
        float r = x - (n * Ln2High);
        r -= n * Ln2Low;
        float p = 1f / 5040;
        p = (p * r) + (1f / 720);
        p = (p * r) + (1f / 120);
        p = (p * r) + (1f / 24);
        p = (p * r) + (1f / 6);
        p = (p * r) + 0.5f;
        p = (p * r) + 1f;
        p = (p * r) + 1f;
        float power = Interop.IntAsFloat((uint)(((int)n + 127) << 23));
        return Reciprocal(1f + (p * power));
    }

    // 1/x for x from 1 to 1e38, within 1.2 units in the last place (0.51 where products and sums are fused). A division
    // branches, for what is not such a number, and what branches the assembler cannot interleave with its neighbours. From
    // the exponent's negative, 5% off at most, the error is squared three times.
    private static float Reciprocal(float x)
    {
        float y = Interop.IntAsFloat(0x7EF311C7u - Interop.FloatAsInt(x));
        y += y * (1f - (x * y));
        y += y * (1f - (x * y));
        return y + (y * (1f - (x * y)));
    }
}
