using System.Runtime.CompilerServices;

namespace EDA.Kernels.Cpu;

/// <summary>e^x in vectors: e^x = 2ⁿ·e^r with n = round(x·log₂e) and r = x − n·ln 2, |r| ≤ ln 2 / 2.</summary>
/// <typeparam name="TV">The vector.</typeparam>
/// <typeparam name="TS">Its instructions.</typeparam>
internal static class Exponential<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    // ln 2 in two parts: n·Ln2High is exact.
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;
    private const float RoundingMagic = 12582912f; // 1.5·2²³

    /// <summary>r.</summary>
    /// <param name="x">x, in ±87.</param>
    /// <param name="shifted">1.5·2²³ + n, of which <see cref="ISimd{TVector}.PowerOfTwo"/> makes 2ⁿ.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Reduce(TV x, out TV shifted)
    {
        TV magic = TS.Broadcast(RoundingMagic);
        shifted = TS.MultiplyAdd(x, TS.Broadcast(Log2E), magic);
        TV n = TS.Subtract(shifted, magic);
        TV r = TS.MultiplyAdd(n, TS.Broadcast(-Ln2High), x);
        return TS.MultiplyAdd(n, TS.Broadcast(-Ln2Low), r);
    }

    /// <summary>e^x − 1, without cancellation near 0, to a few units in the last place.</summary>
    /// <param name="x">x, in ±87; NaN of NaN.</param>
    /// <param name="power">e^x.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV MinusOne(TV x, out TV power)
    {
        // The Taylor series of e^r − 1 to r⁷, see Sigmoid.
        TV r = Reduce(x, out TV shifted);
        TV p = TS.Broadcast(1f / 5040);
        p = TS.MultiplyAdd(p, r, TS.Broadcast(1f / 720));
        p = TS.MultiplyAdd(p, r, TS.Broadcast(1f / 120));
        p = TS.MultiplyAdd(p, r, TS.Broadcast(1f / 24));
        p = TS.MultiplyAdd(p, r, TS.Broadcast(1f / 6));
        p = TS.MultiplyAdd(p, r, TS.Broadcast(0.5f));
        p = TS.MultiplyAdd(TS.Multiply(r, r), p, r);
        TV scale = TS.PowerOfTwo(shifted);
        power = TS.MultiplyAdd(p, scale, scale);
        return TS.MultiplyAdd(p, scale, TS.Subtract(scale, TS.Broadcast(1f)));
    }
}
