namespace EDA.Kernels.Gpu;

/// <summary>
/// Exponential, logarithm, sine and cosine in double precision from plain arithmetic, to about 1e-14: the same on every
/// device, where a GPU's own functions are float32 approximations. For the few numbers a row needs, not for layers.
/// </summary>
public static class Precise
{
    private const double Log2E = 1.4426950408889634;
    private const double Ln2High = 0.6931471803691238; // the upper 32 bits of ln 2: n·Ln2High is exact
    private const double Ln2Low = 1.9082149292705877e-10;
    private const double TwoPi = 6.283185307179586;

    /// <summary>e^x.</summary>
    /// <param name="x">x, at most 700; below −700 the result is e^−700.</param>
    /// <returns>e^x; NaN of NaN.</returns>
    public static double Exp(double x)
    {
        x = Ieee.Maximum(x, -700.0);
        int n = Nearest(x * Log2E);
        return (1.0 + Reduced(x, n)) * PowerOfTwo(n);
    }

    /// <summary>e^x − 1, without cancellation near 0.</summary>
    /// <param name="x">x, in [−700, 700].</param>
    /// <returns>e^x − 1.</returns>
    public static double ExpMinusOne(double x)
    {
        int n = Nearest(x * Log2E);
        double scale = PowerOfTwo(n);
        return (Reduced(x, n) * scale) + (scale - 1.0);
    }

    /// <summary>tanh x.</summary>
    /// <param name="x">x.</param>
    /// <returns>tanh x, to float32 rounding; NaN of NaN.</returns>
    public static float Tanh(float x)
    {
        // (e^2x − 1)/(e^2x + 1); beyond ±20 it is ±1.
        double power = ExpMinusOne(2.0 * Ieee.Minimum(Ieee.Maximum(x, -20f), 20f));
        return (float)(power / (power + 2.0));
    }

    /// <summary>ln x.</summary>
    /// <param name="x">x, positive and normal.</param>
    /// <returns>ln x.</returns>
    public static double Log(double x)
    {
        // x = m·2ⁿ with m in [√½, √2): ln m = 2·artanh(s), s = (m − 1)/(m + 1), |s| < 0.172.
        ulong bits = Interop.FloatAsInt(x);
        int n = (int)(bits >> 52) - 1023;
        double m = Interop.IntAsFloat((bits & 0xFFFFFFFFFFFFFUL) | 0x3FF0000000000000UL);
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            n++;
        }

        double s = (m - 1.0) / (m + 1.0);
        double square = s * s;
        double p = 1.0 / 17;
        p = (p * square) + (1.0 / 15);
        p = (p * square) + (1.0 / 13);
        p = (p * square) + (1.0 / 11);
        p = (p * square) + (1.0 / 9);
        p = (p * square) + (1.0 / 7);
        p = (p * square) + (1.0 / 5);
        p = (p * square) + (1.0 / 3);
        return (n * Ln2High) + ((n * Ln2Low) + ((2.0 * s) + (2.0 * s * square * p)));
    }

    /// <summary>sin 2πx.</summary>
    /// <param name="turns">x, in full turns, in ±2⁻¹·2³¹.</param>
    /// <returns>The sine.</returns>
    public static double SinTurns(double turns) => QuarterShifted(turns, 0);

    /// <summary>cos 2πx.</summary>
    /// <param name="turns">x, in full turns, in ±2⁻¹·2³¹.</param>
    /// <returns>The cosine.</returns>
    public static double CosTurns(double turns) => QuarterShifted(turns, 1);

    // sin(2π·turns + quarters·π/2)
    private static double QuarterShifted(double turns, int quarters)
    {
        turns -= Nearest(turns);
        int quarter = Nearest(4.0 * turns);
        double angle = (turns - (0.25 * quarter)) * TwoPi;
        int q = (quarter + quarters) & 3;
        double square = angle * angle;
        double value;
        if ((q & 1) == 0)
        {
            double p = 1.0 / 6227020800;
            p = (p * square) - (1.0 / 39916800);
            p = (p * square) + (1.0 / 362880);
            p = (p * square) - (1.0 / 5040);
            p = (p * square) + (1.0 / 120);
            p = (p * square) - (1.0 / 6);
            value = angle + (angle * square * p);
        }
        else
        {
            double p = -1.0 / 87178291200;
            p = (p * square) + (1.0 / 479001600);
            p = (p * square) - (1.0 / 3628800);
            p = (p * square) + (1.0 / 40320);
            p = (p * square) - (1.0 / 720);
            p = (p * square) + (1.0 / 24);
            value = 1.0 - (0.5 * square) + (square * square * p);
        }

        return q >= 2 ? -value : value;
    }

    private static int Nearest(double x) => (int)(x + (x < 0 ? -0.5 : 0.5));

    private static double PowerOfTwo(int n) => Interop.IntAsFloat((ulong)(n + 1023) << 52);

    // e^r − 1 with r = x − n·ln 2, |r| ≤ 0.35: the Taylor series to r¹³.
    private static double Reduced(double x, int n)
    {
        double r = x - (n * Ln2High) - (n * Ln2Low);
        double p = 1.0 / 6227020800;
        p = (p * r) + (1.0 / 479001600);
        p = (p * r) + (1.0 / 39916800);
        p = (p * r) + (1.0 / 3628800);
        p = (p * r) + (1.0 / 362880);
        p = (p * r) + (1.0 / 40320);
        p = (p * r) + (1.0 / 5040);
        p = (p * r) + (1.0 / 720);
        p = (p * r) + (1.0 / 120);
        p = (p * r) + (1.0 / 24);
        p = (p * r) + (1.0 / 6);
        p = (p * r) + 0.5;
        return r + (r * r * p);
    }
}
