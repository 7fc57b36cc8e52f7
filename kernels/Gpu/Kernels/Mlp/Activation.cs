namespace EDA.Kernels.Gpu;

/// <summary>Which activation a kernel applies.</summary>
public static class ActivationKind
{
    /// <summary>z.</summary>
    public const int Identity = 0;

    /// <summary>max(0, z), with slope 0 at 0.</summary>
    public const int Relu = 1;

    /// <summary>zσ(z).</summary>
    public const int SiLU = 2;

    /// <summary>z·tanh(softplus(z)).</summary>
    public const int Mish = 3;

    /// <summary>tanh z.</summary>
    public const int Tanh = 4;
}

/// <summary>An activation and its slope.</summary>
public struct Activated
{
    /// <summary>The function's value.</summary>
    public float Value;

    /// <summary>Its derivative.</summary>
    public float Slope;
}

/// <summary>
/// What stands between the layers of a network, by the CPU's formulas: within a few units in the last place of the largest
/// term for every z, NaN of NaN.
/// </summary>
public static class Activation
{
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f; // n·Ln2High is exact
    private const float Ln2Low = -2.12194440e-4f;
    private const float RoundingMagic = 12582912f; // 1.5·2²³

    /// <summary>Applies one.</summary>
    /// <param name="kind">An <see cref="ActivationKind"/>.</param>
    /// <param name="z">z.</param>
    /// <returns>Value and slope.</returns>
    public static Activated Invoke(int kind, float z)
    {
        Activated result = default;
        result.Value = z;
        result.Slope = 1f;
        if (kind == ActivationKind.Relu)
        {
            result.Value = Ieee.Maximum(z, 0f);
            result.Slope = z > 0f ? 1f : 0f;
        }
        else if (kind == ActivationKind.SiLU)
        {
            // Where σ no longer follows, z must not go on: below −87 the product is below 1e-36, above 87 the slope is 1.
            float low = Ieee.Maximum(z, -87f);
            float sigma = Silu.Sigmoid(low);
            result.Value = low * sigma;
            result.Slope = Silu.FirstDerivative(Ieee.Minimum(low, 87f), sigma);
        }
        else if (kind == ActivationKind.Mish)
        {
            result = Mish(z);
        }
        else if (kind == ActivationKind.Tanh)
        {
            result = Tanh(z);
        }

        return result;
    }

    // With e = e^z: w = tanh(ln(1 + e)) = e(e + 2)/(e(e + 2) + 2) and dw/dz = 4e(e + 1)/(e(e + 2) + 2)². At 20 w is 1 to a
    // float's rounding, and the square of its denominator still a float; below −87 z·w is below 1e-36.
    private static Activated Mish(float z)
    {
        float low = Ieee.Maximum(z, -87f);
        float x = Ieee.Minimum(low, 20f);
        float scale = Scale(x);
        float e = (Reduced(x) * scale) + scale;
        float numerator = e * (e + 2f);
        float reciprocal = 1f / (numerator + 2f);
        float w = numerator * reciprocal;
        Activated result = default;
        result.Value = low * w;
        result.Slope = (x * (4f * (e * (e + 1f)) * (reciprocal * reciprocal))) + w;
        return result;
    }

    // (e^2z − 1)/(e^2z + 1), with slope 4e^2z/(e^2z + 1)². Beyond ±20 it is ±1, and the square still a float.
    private static Activated Tanh(float z)
    {
        float x = Ieee.Minimum(Ieee.Maximum(z + z, -40f), 40f);
        float scale = Scale(x), p = Reduced(x);
        float numerator = (p * scale) + (scale - 1f);
        float reciprocal = 1f / (numerator + 2f);
        Activated result = default;
        result.Value = numerator * reciprocal;
        result.Slope = 4f * ((p * scale) + scale) * (reciprocal * reciprocal);
        return result;
    }

    // n = round(x·log₂e), as a float.
    private static float Nearest(float x) => (x * Log2E) + RoundingMagic - RoundingMagic;

    // 2ⁿ.
    private static float Scale(float x) => Interop.IntAsFloat((uint)(((int)Nearest(x) + 127) << 23));

    // e^r − 1 with r = x − n·ln 2: the Taylor series to r⁷.
    private static float Reduced(float x)
    {
        float n = Nearest(x);
        float r = x - (n * Ln2High);
        r -= n * Ln2Low;
        float p = 1f / 5040;
        p = (p * r) + (1f / 720);
        p = (p * r) + (1f / 120);
        p = (p * r) + (1f / 24);
        p = (p * r) + (1f / 6);
        p = (p * r) + 0.5f;
        return (r * r * p) + r;
    }
}
