namespace EDA.Bench.Ptx;

/// <summary>PTX's conversions, cvt, an element each (PTX ISA 8.0, section 9.7.9).</summary>
public static class PtxConversions
{
    private const uint SignBit = 0x80000000;
    private const uint Infinity = 0x7F800000;
    private const uint CanonicalNaN = 0x7FFFFFFF;

    /// <summary>The nearest number with fewer bits of mantissa.</summary>
    /// <param name="bits">A float.</param>
    /// <param name="dropped">How many bits are dropped.</param>
    /// <param name="halvesToEven">Whether halves go to even numbers, rather than away from zero.</param>
    /// <returns>The float, with zeros where bits were dropped; NaN as it is.</returns>
    public static uint Round(uint bits, int dropped, bool halvesToEven)
    {
        uint magnitude = bits & ~SignBit;
        if (magnitude >= Infinity)
            return bits;
        uint unit = 1u << dropped, rest = magnitude % unit, down = magnitude - rest;
        bool isUp = rest > unit / 2 || (rest == unit / 2 && (!halvesToEven || (down & unit) != 0));
        return (bits & SignBit) | (isUp ? down + unit : down);
    }

    /// <summary>cvt.rna.tf32.f32. The last 13 bits say nothing: here they are set.</summary>
    public readonly struct Tf32 : IPtxUnary<float, uint>
    {
        // Infinity would become NaN.
        public static uint Apply(float a)
        {
            uint rounded = Round(BitConverter.SingleToUInt32Bits(a), 13, false);
            return float.IsNaN(a) ? CanonicalNaN : (rounded & Infinity) == Infinity ? rounded : rounded | 0x1FFF;
        }
    }

    /// <summary>cvt.rn.bf16x2.f32: the first operand goes to the upper half.</summary>
    public readonly struct Bf16Pair : IPtxBinary<float, float, uint>
    {
        public static uint Apply(float a, float b) => (Bf16(a) << 16) | Bf16(b);

        private static uint Bf16(float value) => float.IsNaN(value) ? CanonicalNaN >> 16 : Round(BitConverter.SingleToUInt32Bits(value), 16, true) >> 16;
    }

    /// <summary>Towards zero, and to the nearest integer there is; NaN becomes 0.</summary>
    public readonly struct Int32OfSingle : IPtxUnary<float, int>
    {
        public static int Apply(float a) => float.IsNaN(a) ? 0 : (int)Math.Clamp(Math.Truncate((double)a), int.MinValue, int.MaxValue);
    }

    /// <summary>Towards zero, and to the nearest integer there is; NaN becomes the smallest.</summary>
    public readonly struct Int32OfDouble : IPtxUnary<double, int>
    {
        public static int Apply(double a) => double.IsNaN(a) ? int.MinValue : (int)Math.Clamp(Math.Truncate(a), int.MinValue, int.MaxValue);
    }

    /// <summary>cvt.rn.f32.f64, to nearest, halves to even.</summary>
    public readonly struct SingleOfDouble : IPtxUnary<double, float>
    {
        public static float Apply(double a) => double.IsNaN(a) ? BitConverter.UInt32BitsToSingle(CanonicalNaN) : (float)a;
    }

    /// <summary>The same number, or its lower half.</summary>
    public readonly struct Exact : IPtxUnary<float, double>, IPtxUnary<int, double>, IPtxUnary<uint, double>, IPtxUnary<int, long>, IPtxUnary<uint, ulong>, IPtxUnary<ulong, uint>
    {
        public static double Apply(float a) => a;

        public static double Apply(int a) => a;

        static double IPtxUnary<uint, double>.Apply(uint a) => a;

        static long IPtxUnary<int, long>.Apply(int a) => a;

        static ulong IPtxUnary<uint, ulong>.Apply(uint a) => a;

        public static uint Apply(ulong a) => unchecked((uint)a);
    }

    /// <summary>cvt.rn.f32.s32, to nearest, halves to even.</summary>
    public readonly struct SingleOfInt32 : IPtxUnary<int, float>
    {
        public static float Apply(int a) => (float)(double)a;
    }
}
