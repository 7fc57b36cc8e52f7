using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>
/// Lays fp32 numbers out as the factors of a <see cref="BlockProduct"/>. A word is made of two vectors by shifting one and
/// masking the other; which terms pair up is chosen so that nothing need be permuted.
/// </summary>
internal static unsafe class BlockFactor<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int Side = BlockProduct.Side;
    private const int Words = Side / 2;

    /// <summary>
    /// The right factor of a product: [features][32 rows] to [features / 2 words][32 rows]. A block [32 rows][32 features] of a
    /// transposed panel becomes the right factor of a weight gradient in the same way.
    /// </summary>
    /// <param name="panel">The activations.</param>
    /// <param name="features">How many, the terms of the sums.</param>
    /// <param name="parts">1, or 2 for high and low parts.</param>
    /// <param name="high">Filled, whole blocks.</param>
    /// <param name="low">Numbers from a high part to its low part.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Activations(float* panel, int features, int parts, ushort* high, long low)
    {
        int first = 0;
        for (; first <= features - Side; first += Side, panel += Side * PanelRows, high += BlockProduct.Length)
        {
            for (int i = 0; i < Words * PanelRows; i += TS.Count)
                Pair(TS.Load(panel + i), TS.Load(panel + i + (Words * PanelRows)), parts, high + (2 * i), low);
        }

        if (first == features)
            return;
        TV zero = TS.Broadcast(0f);
        int rest = (features - first) * PanelRows;
        for (int i = 0; i < Words * PanelRows; i += TS.Count)
        {
            int second = i + (Words * PanelRows);
            Pair(i < rest ? TS.Load(panel + i) : zero, second < rest ? TS.Load(panel + second) : zero, parts, high + (2 * i), low);
        }
    }

    /// <summary>The left factor of a weight gradient: 32 features of a panel [features][32 rows], whose rows are the terms.</summary>
    /// <param name="panel">The first of the features.</param>
    /// <param name="features">How many there are of the 32; the others become zeros.</param>
    /// <param name="parts">1, or 2 for high and low parts, which follow.</param>
    /// <param name="block">Filled.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Features(float* panel, int features, int parts, ushort* block)
    {
        for (int f = 0; f < features; f++, panel += PanelRows, block += 2 * Words)
        {
            for (int r = 0; r < Words; r += TS.Count)
                Pair(TS.Load(panel + r), TS.Load(panel + r + Words), parts, block + (2 * r), BlockProduct.Length);
        }

        for (int f = features; f < Side; f++, block += 2 * Words)
        {
            for (int part = 0; part < parts; part++)
                new Span<ushort>(block + (part * BlockProduct.Length), 2 * Words).Clear();
        }
    }

    /// <summary>The left factor of a product: 32 rows of a matrix, all its terms.</summary>
    /// <param name="source">Weight (o, k) stands at o·outputStride + k·depthStride, one of the two being 1.</param>
    /// <param name="outputStride">Floats from one output to the next.</param>
    /// <param name="depthStride">Floats from one term to the next.</param>
    /// <param name="outputScale">A factor per output, or null.</param>
    /// <param name="depthScale">A factor per term, or null.</param>
    /// <param name="outputs">How many there are of the 32; the others become zeros.</param>
    /// <param name="depth">Terms.</param>
    /// <param name="parts">1, or 2 for high and low parts, which follow block by block.</param>
    /// <param name="block">Filled.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights(
        float* source, long outputStride, long depthStride, float* outputScale, float* depthScale, int outputs, int depth, int parts, ushort* block)
    {
        float* values = stackalloc float[BlockProduct.Length];
        for (int first = 0; first < depth; first += Side, block += parts * BlockProduct.Length)
        {
            int terms = Math.Min(Side, depth - first);
            if (outputs < Side || terms < Side)
                new Span<float>(values, BlockProduct.Length).Clear();

            // [output][term] or [term][output], whichever is read in one go.
            bool byOutput = depthStride == 1;
            float* from = source + (first * depthStride);
            int lines = byOutput ? outputs : terms, count = byOutput ? terms : outputs;
            long stride = byOutput ? outputStride : depthStride;
            float* lineScale = byOutput ? outputScale : depthScale == null ? null : depthScale + first;
            float* scale = byOutput ? depthScale == null ? null : depthScale + first : outputScale;
            for (int line = 0; line < lines; line++)
                Line(from + (line * stride), count, lineScale == null ? 1f : lineScale[line], scale, values + (line * Side));
            if (byOutput)
                Features(values, Side, parts, block);
            else
                Across(values, parts, block);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(float* from, int count, float factor, float* scale, float* to)
    {
        TV all = TS.Broadcast(factor);
        int i = 0;
        for (; i <= count - TS.Count; i += TS.Count)
        {
            TV value = TS.Multiply(TS.Load(from + i), all);
            TS.Store(scale == null ? value : TS.Multiply(value, TS.Load(scale + i)), to + i);
        }

        for (; i < count; i++)
            to[i] = from[i] * factor * (scale == null ? 1f : scale[i]);
    }

    // From [term][output] to words by output.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Across(float* values, int parts, ushort* block)
    {
        uint* words = stackalloc uint[2 * Side];
        for (int word = 0; word < Words; word++)
        {
            float* line = values + (word * Side);
            for (int o = 0; o < Side; o += TS.Count)
                Pair(TS.Load(line + o), TS.Load(line + o + (Words * Side)), parts, (ushort*)(words + o), 2 * Side);
            for (int part = 0; part < parts; part++)
            {
                uint* to = (uint*)(block + (part * BlockProduct.Length)) + word;
                for (int o = 0; o < Side; o++)
                    to[o * Words] = words[(part * Side) + o];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair(TV lower, TV upper, int parts, ushort* high, long low)
    {
        TV first = TS.RoundToUpperHalf(lower), second = TS.RoundToUpperHalf(upper);
        TS.Store(TS.PairUpperHalves(first, second), (float*)high);
        if (parts == 1)
            return;
        first = TS.RoundToUpperHalf(TS.Subtract(lower, first));
        second = TS.RoundToUpperHalf(TS.Subtract(upper, second));
        TS.Store(TS.PairUpperHalves(first, second), (float*)(high + low));
    }
}
