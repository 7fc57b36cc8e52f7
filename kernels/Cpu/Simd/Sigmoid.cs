using System.Runtime.CompilerServices;

namespace EDA.Kernels.Cpu;

/// <summary>
/// The logistic function and with it SiLU and its derivatives, in vectors. With σ = 1/(1 + e^−z):
/// SiLU(z) = zσ, SiLU'(z) = σ(1 + z(1 − σ)), SiLU''(z) = σ(1 − σ)(2 + z(1 − 2σ)).
/// </summary>
/// <typeparam name="TV">The vector.</typeparam>
/// <typeparam name="TS">Its instructions.</typeparam>
internal static class Sigmoid<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    /// <summary>σ(z), to about two units in the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Invoke(TV z)
    {
        // Beyond ±87, e^−z would leave the range of normal floats; σ is 1 or below 1e-37 there.
        TV x = TS.Min(TS.Max(TS.Subtract(TS.Broadcast(0f), z), TS.Broadcast(-87f)), TS.Broadcast(87f));
        TV r = Exponential<TV, TS>.Reduce(x, out TV shifted);

        // The Taylor series of e^r to r⁷, whose remainder at |r| ≤ ln 2 / 2 is below 6e-9: a tenth of a float's rounding.
        TV p = TS.Broadcast(1f / 5040);
        p = TS.MultiplyAdd(p, r, TS.Broadcast(1f / 720));
        p = TS.MultiplyAdd(p, r, TS.Broadcast(1f / 120));
        p = TS.MultiplyAdd(p, r, TS.Broadcast(1f / 24));
        p = TS.MultiplyAdd(p, r, TS.Broadcast(1f / 6));
        p = TS.MultiplyAdd(p, r, TS.Broadcast(0.5f));
        TV one = TS.Broadcast(1f);
        p = TS.MultiplyAdd(p, r, one);
        p = TS.MultiplyAdd(p, r, one);
        return TS.Divide(one, TS.MultiplyAdd(p, TS.PowerOfTwo(shifted), one));
    }

    /// <summary>SiLU'(z), given σ(z).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV FirstDerivative(TV z, TV sigma)
    {
        TV one = TS.Broadcast(1f);
        return TS.Multiply(sigma, TS.MultiplyAdd(z, TS.Subtract(one, sigma), one));
    }

    /// <summary>SiLU''(z), given σ(z).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV SecondDerivative(TV z, TV sigma)
    {
        TV one = TS.Broadcast(1f);
        TV rest = TS.Subtract(one, sigma);
        TV slope = TS.MultiplyAdd(z, TS.Subtract(rest, sigma), TS.Broadcast(2f));
        return TS.Multiply(TS.Multiply(sigma, rest), slope);
    }
}
