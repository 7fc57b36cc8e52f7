namespace EDA.Bench.Ptx;

/// <summary>PTX's conversions, cvt, an element each (PTX ISA 8.0, section 9.7.9).</summary>
public static class PtxConversions
{
    private const uint SignBit = 0x80000000;
    private const uint Infinity = 0x7F800000;
    private const uint CanonicalNaN = 0x7FFFFFFF;

    /// <summary>cvt.rn.bf16x2.f32: the first operand goes to the upper half.</summary>
    public readonly struct Bf16Pair : IPtxBinary<float, float, uint>
    {
        public static uint Apply(float a, float b) => (Bf16(a) << 16) | Bf16(b);

        private static uint Bf16(float value) => float.IsNaN(value) ? CanonicalNaN >> 16 : Nearest(BitConverter.SingleToUInt32Bits(value)) >> 16;

        // The nearest number with 16 bits fewer, halves to even; infinity as it is.
        private static uint Nearest(uint bits)
        {
            const uint Unit = 1u << 16;
            uint magnitude = bits & ~SignBit;
            if (magnitude >= Infinity)
                return bits;
            uint rest = magnitude % Unit, down = magnitude - rest;
            bool isUp = rest > Unit / 2 || (rest == Unit / 2 && (down & Unit) != 0);
            return (bits & SignBit) | (isUp ? down + Unit : down);
        }
    }

    /// <summary>cvt.f32.f16: exact.</summary>
    public readonly struct SingleOfHalf : IPtxUnary<uint, float>
    {
        public static float Apply(uint a) => (float)BitConverter.UInt16BitsToHalf((ushort)a);
    }

    /// <summary>cvt.rn.f16.f32, to nearest, halves to even; what is beyond the largest becomes infinite, NaN the canonical one.</summary>
    public readonly struct HalfOfSingle : IPtxUnary<float, uint>
    {
        public static uint Apply(float a) => float.IsNaN(a) ? 0x7FFFu : BitConverter.HalfToUInt16Bits((Half)a);
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
