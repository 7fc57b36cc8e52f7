using System.Runtime.CompilerServices;

namespace EDA.Kernels.Cpu;

/// <summary>
/// A function between the layers of a network. Within a few units in the last place of the largest term, for every z;
/// NaN of NaN. Who has no use for the slope pays nothing for it.
/// </summary>
/// <typeparam name="TV">The vector.</typeparam>
internal interface IActivation<TV>
    where TV : struct
{
    /// <summary>The function.</summary>
    /// <param name="z">z.</param>
    /// <param name="slope">Its derivative at z.</param>
    static abstract TV Invoke(TV z, out TV slope);
}

/// <summary>z.</summary>
internal readonly struct Identity<TV, TS> : IActivation<TV>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Invoke(TV z, out TV slope)
    {
        slope = TS.Broadcast(1f);
        return z;
    }
}

/// <summary>max(0, z), with slope 0 at 0.</summary>
internal readonly struct Relu<TV, TS> : IActivation<TV>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Invoke(TV z, out TV slope)
    {
        slope = TS.WherePositive(z, TS.Broadcast(1f));
        return TS.Max(TS.Broadcast(0f), z);
    }
}

/// <summary>zσ(z).</summary>
internal readonly struct SiLU<TV, TS> : IActivation<TV>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Invoke(TV z, out TV slope)
    {
        // Where σ no longer follows, z must not go on: below −87 the product is below 1e-36, above 87 the slope is 1.
        TV low = TS.Max(TS.Broadcast(-87f), z);
        TV sigma = Sigmoid<TV, TS>.Invoke(low);
        slope = Sigmoid<TV, TS>.FirstDerivative(TS.Min(TS.Broadcast(87f), low), sigma);
        return TS.Multiply(low, sigma);
    }
}

/// <summary>
/// z·tanh(softplus(z)). With e = e^z, tanh(ln(1 + e)) = w = e(e + 2)/(e(e + 2) + 2) and
/// dw/dz = 4e(e + 1)/(e(e + 2) + 2)²: nothing cancels.
/// </summary>
internal readonly struct Mish<TV, TS> : IActivation<TV>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Invoke(TV z, out TV slope)
    {
        // At 20 w is 1 to a float's rounding, and the square of its denominator still a float; below −87 z·w is below 1e-36.
        TV low = TS.Max(TS.Broadcast(-87f), z);
        TV x = TS.Min(TS.Broadcast(20f), low);
        Exponential<TV, TS>.MinusOne(x, out TV e);
        TV two = TS.Broadcast(2f);
        TV numerator = TS.Multiply(e, TS.Add(e, two));
        TV reciprocal = TS.Divide(TS.Broadcast(1f), TS.Add(numerator, two));
        TV w = TS.Multiply(numerator, reciprocal);
        TV rise = TS.Multiply(TS.Multiply(TS.Broadcast(4f), TS.Multiply(e, TS.Add(e, TS.Broadcast(1f)))), TS.Multiply(reciprocal, reciprocal));
        slope = TS.MultiplyAdd(x, rise, w);
        return TS.Multiply(low, w);
    }
}

/// <summary>tanh z = (e^2z − 1)/(e^2z + 1), with slope 4e^2z/(e^2z + 1)²: exact to rounding where 1 − tanh² would cancel.</summary>
internal readonly struct Tanh<TV, TS> : IActivation<TV>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Invoke(TV z, out TV slope)
    {
        // Beyond ±20 it is ±1, and the square of the denominator still a float.
        TV x = TS.Min(TS.Broadcast(40f), TS.Max(TS.Broadcast(-40f), TS.Add(z, z)));
        TV numerator = Exponential<TV, TS>.MinusOne(x, out TV power);
        TV reciprocal = TS.Divide(TS.Broadcast(1f), TS.Add(numerator, TS.Broadcast(2f)));
        slope = TS.Multiply(TS.Multiply(TS.Broadcast(4f), power), TS.Multiply(reciprocal, reciprocal));
        return TS.Multiply(numerator, reciprocal);
    }
}
