using System.Numerics;
using System.Runtime.Intrinsics;

namespace EDA.Bench.Ptx;

/// <summary>What PTX's arithmetic instructions compute, an element each (PTX ISA 8.0, section 9.7).</summary>
public static class PtxArithmetic
{
    private const uint CanonicalNaN = 0x7FFFFFFF;

    private static Vector256<float> NaN => Vector256.Create(CanonicalNaN).AsSingle();

    private static float NaN32 => BitConverter.UInt32BitsToSingle(CanonicalNaN);

    // Where a float32 result is no number it is always the same one.
    private static Vector256<float> Canonical(Vector256<float> value) => Vector256.ConditionalSelect(Vector256.Equals(value, value), value, NaN);

    /// <summary>a · b + c, rounded once.</summary>
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Canonical(Vector256.FusedMultiplyAdd(a, b, c));

    public readonly struct Add<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a + b;
    }

    public readonly struct Subtract<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a - b;
    }

    public readonly struct Multiply<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a * b;
    }

    public readonly struct And<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a & b;
    }

    public readonly struct Or<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a | b;
    }

    public readonly struct Xor<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a ^ b;
    }

    public readonly struct Add : IPtxVector<float>
    {
        public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => Canonical(a + b);
    }

    public readonly struct Subtract : IPtxVector<float>
    {
        public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => Canonical(a - b);
    }

    public readonly struct Multiply : IPtxVector<float>
    {
        public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => Canonical(a * b);
    }

    public readonly struct Divide : IPtxVector<float>, IPtxVector<double>
    {
        public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => Canonical(a / b);

        public static Vector256<double> Apply(Vector256<double> a, Vector256<double> b) => a / b;
    }

    /// <summary>The smaller of integers.</summary>
    public readonly struct Minimum : IPtxVector<int>, IPtxBinary<float, float, float>
    {
        public static Vector256<int> Apply(Vector256<int> a, Vector256<int> b) => Vector256.Min(a, b);

        // A number where there is one; −0 is smaller than 0.
        public static float Apply(float a, float b)
        {
            if (float.IsNaN(a))
                return float.IsNaN(b) ? NaN32 : b;
            return float.IsNaN(b) || a < b || (a == b && float.IsNegative(a)) ? a : b;
        }
    }

    /// <summary>The larger of integers.</summary>
    public readonly struct Maximum : IPtxVector<int>, IPtxBinary<float, float, float>
    {
        public static Vector256<int> Apply(Vector256<int> a, Vector256<int> b) => Vector256.Max(a, b);

        // A number where there is one; 0 is larger than −0.
        public static float Apply(float a, float b)
        {
            if (float.IsNaN(a))
                return float.IsNaN(b) ? NaN32 : b;
            return float.IsNaN(b) || a > b || (a == b && float.IsPositive(a)) ? a : b;
        }
    }

    // Comparisons of floats do not hold where one is no number.
    public readonly struct Equal<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, b);
    }

    /// <summary>For integers: of floats it would hold where one is no number.</summary>
    public readonly struct Unequal<T> : IPtxVector<T>
        where T : IBinaryInteger<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~Vector256.Equals(a, b);
    }

    public readonly struct Less<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.LessThan(a, b);
    }

    public readonly struct AtMost<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.LessThanOrEqual(a, b);
    }

    public readonly struct Greater<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.GreaterThan(a, b);
    }

    public readonly struct AtLeast<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.GreaterThanOrEqual(a, b);
    }

    /// <summary>Looks at the first operand alone.</summary>
    public readonly struct NotANumber<T> : IPtxVector<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~Vector256.Equals(a, a);
    }

    // A sign changes, of whatever it is.
    public readonly struct Negate : IPtxUnary<int, int>, IPtxUnary<uint, uint>, IPtxUnary<ulong, ulong>
    {
        public static int Apply(int a) => unchecked(-a);

        public static uint Apply(uint a) => a ^ 0x80000000;

        public static ulong Apply(ulong a) => a ^ 0x8000000000000000;
    }

    public readonly struct Reciprocal : IPtxUnary<float, float>
    {
        public static float Apply(float a) => float.IsNaN(a) ? NaN32 : 1 / a;
    }

    public readonly struct SquareRoot : IPtxUnary<float, float>, IPtxUnary<double, double>
    {
        public static float Apply(float a) => MathF.Sqrt(a) is var root && float.IsNaN(root) ? NaN32 : root;

        public static double Apply(double a) => Math.Sqrt(a);
    }

    /// <summary>Without an answer where the divisor is 0, which PTX leaves open.</summary>
    public readonly struct Quotient : IPtxBinary<int, int, int>, IPtxBinary<uint, uint, uint>
    {
        public static int Apply(int a, int b) => b == -1 ? unchecked(-a) : a / b;

        public static uint Apply(uint a, uint b) => a / b;
    }

    /// <summary>The sign is the dividend's.</summary>
    public readonly struct Remainder : IPtxBinary<int, int, int>
    {
        public static int Apply(int a, int b) => b == -1 ? 0 : a % b;
    }

    public readonly struct WideProduct : IPtxBinary<uint, uint, ulong>
    {
        public static ulong Apply(uint a, uint b) => (ulong)a * b;
    }

    // Shifts by more than all bits are by all bits.
    public readonly struct ShiftLeft : IPtxBinary<uint, uint, uint>, IPtxBinary<ulong, uint, ulong>
    {
        public static uint Apply(uint a, uint b) => b > 31 ? 0 : a << (int)b;

        public static ulong Apply(ulong a, uint b) => b > 63 ? 0 : a << (int)b;
    }

    public readonly struct ShiftRight : IPtxBinary<uint, uint, uint>, IPtxBinary<ulong, uint, ulong>, IPtxBinary<int, uint, int>
    {
        public static uint Apply(uint a, uint b) => b > 31 ? 0 : a >> (int)b;

        public static ulong Apply(ulong a, uint b) => b > 63 ? 0 : a >> (int)b;

        public static int Apply(int a, uint b) => a >> (int)Math.Min(b, 31);
    }
}
