using System.Runtime.CompilerServices;

namespace EDA.Kernels.Cpu;

/// <summary>Where the broadcast operand of a panel product stands: two strides the JIT knows as constants.</summary>
internal interface IBroadcastOperand
{
    /// <summary>Floats from one output feature to the next.</summary>
    static abstract int FeatureStride { get; }

    /// <summary>Floats from one term of the sum to the next.</summary>
    static abstract int DepthStride { get; }
}

/// <summary>Weights packed for tiles of twelve output features: [depth][12].</summary>
internal readonly struct PackedTwelve : IBroadcastOperand
{
    public static int FeatureStride => 1;

    public static int DepthStride => 12;
}

/// <summary>Weights packed for tiles of eight output features: [depth][8].</summary>
internal readonly struct PackedEight : IBroadcastOperand
{
    public static int FeatureStride => 1;

    public static int DepthStride => 8;
}

/// <summary>
/// The same weights in tiles of twelve, read across: an output feature is a term of theirs, and the twelve features of a
/// tile are a run of terms.
/// </summary>
internal readonly struct PackedTwelveAcross : IBroadcastOperand
{
    public static int FeatureStride => 12;

    public static int DepthStride => 1;
}

/// <summary>Weights in tiles of eight, read across.</summary>
internal readonly struct PackedEightAcross : IBroadcastOperand
{
    public static int FeatureStride => 8;

    public static int DepthStride => 1;
}

/// <summary>An activation panel [feature][32 rows], summed over its rows.</summary>
internal readonly struct ActivationPanel : IBroadcastOperand
{
    public static int FeatureStride => PanelProduct.PanelRows;

    public static int DepthStride => 1;
}

/// <summary>The one shape of all activations.</summary>
internal static class PanelProduct
{
    /// <summary>
    /// Rows of a batch that stand side by side in memory: an activation panel is [feature][32 rows], so that vectors
    /// run along rows, every epilogue is element-wise and a layer norm needs no horizontal sum. The output of one
    /// product is in the layout the next one reads.
    /// </summary>
    public const int PanelRows = 32;
}

/// <summary>
/// The register-tiled product all matrix work goes through: c[j][0..31] (+)= Σ_k a(j, k)·b[k][0..31], for up to twelve
/// j at once. 24 accumulators of 16 lanes on AVX-512 (12 × 32), 12 on the 16-register sets (6 × 2 vectors, in turns).
/// Per k and tile: 2 loads, 12 broadcasts and 24 fused multiply-adds, so the adders are the limit.
/// </summary>
/// <typeparam name="TV">The vector.</typeparam>
/// <typeparam name="TS">Its instructions.</typeparam>
/// <typeparam name="TA">Where a stands.</typeparam>
internal static unsafe class PanelProduct<TV, TS, TA>
    where TV : struct
    where TS : struct, ISimd<TV>
    where TA : struct, IBroadcastOperand
{
    private const int PanelRows = PanelProduct.PanelRows;

    /// <summary>Computes a tile of 12, 8, 4 or 1 features.</summary>
    /// <param name="features">12, 8, 4 or 1.</param>
    /// <param name="terms">The operands.</param>
    /// <param name="c">The tile [features][32].</param>
    /// <param name="accumulate">Whether to add to what stands in c.</param>
    /// <param name="fetch">What to fetch meanwhile, as many at each run of each pair of operands; moved on.</param>
    /// <param name="fetches">How many those are.</param>
    public static void Tile(int features, in PanelTerms terms, float* c, bool accumulate, Fetch* fetch = null, int fetches = 0)
    {
        if (TS.HasManyRegisters)
        {
            switch (features)
            {
                case 12: Tile12(terms, c, accumulate, fetch, fetches); break;
                case 8: Tile8(terms, c, accumulate, fetch, fetches); break;
                case 4: Tile4(terms, c, accumulate); break;
                default: Tile1(terms, c, accumulate); break;
            }

            return;
        }

        for (int column = 0; column < PanelRows; column += 2 * TS.Count, fetches = 0)
        {
            var part = terms.Shifted(0, column);
            switch (features)
            {
                case 12:
                    Tile6(part, c + column, accumulate, fetch, fetches);
                    Tile6(part.Shifted(6 * TA.FeatureStride, 0), c + (6 * PanelRows) + column, accumulate, fetch, 0);
                    break;
                case 8:
                    Tile4(part, c + column, accumulate);
                    Tile4(part.Shifted(4 * TA.FeatureStride, 0), c + (4 * PanelRows) + column, accumulate);
                    break;
                case 4: Tile4(part, c + column, accumulate); break;
                default: Tile1(part, c + column, accumulate); break;
            }
        }
    }

    // The tiles differ in height alone; C# has no way to say "24 locals in registers" but to write them out.

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile12(in PanelTerms terms, float* c, bool accumulate, Fetch* fetch, int fetches)
    {
        nint feature = TA.FeatureStride;
        nint step = TA.DepthStride;
        var (depth, pairs) = (terms.Depth, terms.Pairs);
        TV c00 = default, c01 = default;
        TV c10 = default, c11 = default;
        TV c20 = default, c21 = default;
        TV c30 = default, c31 = default;
        TV c40 = default, c41 = default;
        TV c50 = default, c51 = default;
        TV c60 = default, c61 = default;
        TV c70 = default, c71 = default;
        TV c80 = default, c81 = default;
        TV c90 = default, c91 = default;
        TV c100 = default, c101 = default;
        TV c110 = default, c111 = default;
        if (accumulate)
        {
            (c00, c01) = (TS.Load(c + (0 * PanelRows)), TS.Load(c + (0 * PanelRows) + TS.Count));
            (c10, c11) = (TS.Load(c + (1 * PanelRows)), TS.Load(c + (1 * PanelRows) + TS.Count));
            (c20, c21) = (TS.Load(c + (2 * PanelRows)), TS.Load(c + (2 * PanelRows) + TS.Count));
            (c30, c31) = (TS.Load(c + (3 * PanelRows)), TS.Load(c + (3 * PanelRows) + TS.Count));
            (c40, c41) = (TS.Load(c + (4 * PanelRows)), TS.Load(c + (4 * PanelRows) + TS.Count));
            (c50, c51) = (TS.Load(c + (5 * PanelRows)), TS.Load(c + (5 * PanelRows) + TS.Count));
            (c60, c61) = (TS.Load(c + (6 * PanelRows)), TS.Load(c + (6 * PanelRows) + TS.Count));
            (c70, c71) = (TS.Load(c + (7 * PanelRows)), TS.Load(c + (7 * PanelRows) + TS.Count));
            (c80, c81) = (TS.Load(c + (8 * PanelRows)), TS.Load(c + (8 * PanelRows) + TS.Count));
            (c90, c91) = (TS.Load(c + (9 * PanelRows)), TS.Load(c + (9 * PanelRows) + TS.Count));
            (c100, c101) = (TS.Load(c + (10 * PanelRows)), TS.Load(c + (10 * PanelRows) + TS.Count));
            (c110, c111) = (TS.Load(c + (11 * PanelRows)), TS.Load(c + (11 * PanelRows) + TS.Count));
        }

        for (int run = 0; run < terms.Runs; run++)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                float* ak = terms.A(run, pair);
                float* bk = terms.B(run, pair);
                Fetch.Next(fetch + (pair * fetches), fetches);
                for (int k = 0; k < depth; k++, ak += step, bk += PanelRows)
                {
                    TV b0 = TS.Load(bk), b1 = TS.Load(bk + TS.Count);
                    TV a0 = TS.Broadcast(ak[0 * feature]);
                    c00 = TS.MultiplyAdd(a0, b0, c00);
                    c01 = TS.MultiplyAdd(a0, b1, c01);
                    TV a1 = TS.Broadcast(ak[1 * feature]);
                    c10 = TS.MultiplyAdd(a1, b0, c10);
                    c11 = TS.MultiplyAdd(a1, b1, c11);
                    TV a2 = TS.Broadcast(ak[2 * feature]);
                    c20 = TS.MultiplyAdd(a2, b0, c20);
                    c21 = TS.MultiplyAdd(a2, b1, c21);
                    TV a3 = TS.Broadcast(ak[3 * feature]);
                    c30 = TS.MultiplyAdd(a3, b0, c30);
                    c31 = TS.MultiplyAdd(a3, b1, c31);
                    TV a4 = TS.Broadcast(ak[4 * feature]);
                    c40 = TS.MultiplyAdd(a4, b0, c40);
                    c41 = TS.MultiplyAdd(a4, b1, c41);
                    TV a5 = TS.Broadcast(ak[5 * feature]);
                    c50 = TS.MultiplyAdd(a5, b0, c50);
                    c51 = TS.MultiplyAdd(a5, b1, c51);
                    TV a6 = TS.Broadcast(ak[6 * feature]);
                    c60 = TS.MultiplyAdd(a6, b0, c60);
                    c61 = TS.MultiplyAdd(a6, b1, c61);
                    TV a7 = TS.Broadcast(ak[7 * feature]);
                    c70 = TS.MultiplyAdd(a7, b0, c70);
                    c71 = TS.MultiplyAdd(a7, b1, c71);
                    TV a8 = TS.Broadcast(ak[8 * feature]);
                    c80 = TS.MultiplyAdd(a8, b0, c80);
                    c81 = TS.MultiplyAdd(a8, b1, c81);
                    TV a9 = TS.Broadcast(ak[9 * feature]);
                    c90 = TS.MultiplyAdd(a9, b0, c90);
                    c91 = TS.MultiplyAdd(a9, b1, c91);
                    TV a10 = TS.Broadcast(ak[10 * feature]);
                    c100 = TS.MultiplyAdd(a10, b0, c100);
                    c101 = TS.MultiplyAdd(a10, b1, c101);
                    TV a11 = TS.Broadcast(ak[11 * feature]);
                    c110 = TS.MultiplyAdd(a11, b0, c110);
                    c111 = TS.MultiplyAdd(a11, b1, c111);
                }
            }
        }

        TS.Store(c00, c + (0 * PanelRows));
        TS.Store(c01, c + (0 * PanelRows) + TS.Count);
        TS.Store(c10, c + (1 * PanelRows));
        TS.Store(c11, c + (1 * PanelRows) + TS.Count);
        TS.Store(c20, c + (2 * PanelRows));
        TS.Store(c21, c + (2 * PanelRows) + TS.Count);
        TS.Store(c30, c + (3 * PanelRows));
        TS.Store(c31, c + (3 * PanelRows) + TS.Count);
        TS.Store(c40, c + (4 * PanelRows));
        TS.Store(c41, c + (4 * PanelRows) + TS.Count);
        TS.Store(c50, c + (5 * PanelRows));
        TS.Store(c51, c + (5 * PanelRows) + TS.Count);
        TS.Store(c60, c + (6 * PanelRows));
        TS.Store(c61, c + (6 * PanelRows) + TS.Count);
        TS.Store(c70, c + (7 * PanelRows));
        TS.Store(c71, c + (7 * PanelRows) + TS.Count);
        TS.Store(c80, c + (8 * PanelRows));
        TS.Store(c81, c + (8 * PanelRows) + TS.Count);
        TS.Store(c90, c + (9 * PanelRows));
        TS.Store(c91, c + (9 * PanelRows) + TS.Count);
        TS.Store(c100, c + (10 * PanelRows));
        TS.Store(c101, c + (10 * PanelRows) + TS.Count);
        TS.Store(c110, c + (11 * PanelRows));
        TS.Store(c111, c + (11 * PanelRows) + TS.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8(in PanelTerms terms, float* c, bool accumulate, Fetch* fetch, int fetches)
    {
        nint feature = TA.FeatureStride;
        nint step = TA.DepthStride;
        var (depth, pairs) = (terms.Depth, terms.Pairs);
        TV c00 = default, c01 = default;
        TV c10 = default, c11 = default;
        TV c20 = default, c21 = default;
        TV c30 = default, c31 = default;
        TV c40 = default, c41 = default;
        TV c50 = default, c51 = default;
        TV c60 = default, c61 = default;
        TV c70 = default, c71 = default;
        if (accumulate)
        {
            (c00, c01) = (TS.Load(c + (0 * PanelRows)), TS.Load(c + (0 * PanelRows) + TS.Count));
            (c10, c11) = (TS.Load(c + (1 * PanelRows)), TS.Load(c + (1 * PanelRows) + TS.Count));
            (c20, c21) = (TS.Load(c + (2 * PanelRows)), TS.Load(c + (2 * PanelRows) + TS.Count));
            (c30, c31) = (TS.Load(c + (3 * PanelRows)), TS.Load(c + (3 * PanelRows) + TS.Count));
            (c40, c41) = (TS.Load(c + (4 * PanelRows)), TS.Load(c + (4 * PanelRows) + TS.Count));
            (c50, c51) = (TS.Load(c + (5 * PanelRows)), TS.Load(c + (5 * PanelRows) + TS.Count));
            (c60, c61) = (TS.Load(c + (6 * PanelRows)), TS.Load(c + (6 * PanelRows) + TS.Count));
            (c70, c71) = (TS.Load(c + (7 * PanelRows)), TS.Load(c + (7 * PanelRows) + TS.Count));
        }

        for (int run = 0; run < terms.Runs; run++)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                float* ak = terms.A(run, pair);
                float* bk = terms.B(run, pair);
                Fetch.Next(fetch + (pair * fetches), fetches);
                for (int k = 0; k < depth; k++, ak += step, bk += PanelRows)
                {
                    TV b0 = TS.Load(bk), b1 = TS.Load(bk + TS.Count);
                    TV a0 = TS.Broadcast(ak[0 * feature]);
                    c00 = TS.MultiplyAdd(a0, b0, c00);
                    c01 = TS.MultiplyAdd(a0, b1, c01);
                    TV a1 = TS.Broadcast(ak[1 * feature]);
                    c10 = TS.MultiplyAdd(a1, b0, c10);
                    c11 = TS.MultiplyAdd(a1, b1, c11);
                    TV a2 = TS.Broadcast(ak[2 * feature]);
                    c20 = TS.MultiplyAdd(a2, b0, c20);
                    c21 = TS.MultiplyAdd(a2, b1, c21);
                    TV a3 = TS.Broadcast(ak[3 * feature]);
                    c30 = TS.MultiplyAdd(a3, b0, c30);
                    c31 = TS.MultiplyAdd(a3, b1, c31);
                    TV a4 = TS.Broadcast(ak[4 * feature]);
                    c40 = TS.MultiplyAdd(a4, b0, c40);
                    c41 = TS.MultiplyAdd(a4, b1, c41);
                    TV a5 = TS.Broadcast(ak[5 * feature]);
                    c50 = TS.MultiplyAdd(a5, b0, c50);
                    c51 = TS.MultiplyAdd(a5, b1, c51);
                    TV a6 = TS.Broadcast(ak[6 * feature]);
                    c60 = TS.MultiplyAdd(a6, b0, c60);
                    c61 = TS.MultiplyAdd(a6, b1, c61);
                    TV a7 = TS.Broadcast(ak[7 * feature]);
                    c70 = TS.MultiplyAdd(a7, b0, c70);
                    c71 = TS.MultiplyAdd(a7, b1, c71);
                }
            }
        }

        TS.Store(c00, c + (0 * PanelRows));
        TS.Store(c01, c + (0 * PanelRows) + TS.Count);
        TS.Store(c10, c + (1 * PanelRows));
        TS.Store(c11, c + (1 * PanelRows) + TS.Count);
        TS.Store(c20, c + (2 * PanelRows));
        TS.Store(c21, c + (2 * PanelRows) + TS.Count);
        TS.Store(c30, c + (3 * PanelRows));
        TS.Store(c31, c + (3 * PanelRows) + TS.Count);
        TS.Store(c40, c + (4 * PanelRows));
        TS.Store(c41, c + (4 * PanelRows) + TS.Count);
        TS.Store(c50, c + (5 * PanelRows));
        TS.Store(c51, c + (5 * PanelRows) + TS.Count);
        TS.Store(c60, c + (6 * PanelRows));
        TS.Store(c61, c + (6 * PanelRows) + TS.Count);
        TS.Store(c70, c + (7 * PanelRows));
        TS.Store(c71, c + (7 * PanelRows) + TS.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6(in PanelTerms terms, float* c, bool accumulate, Fetch* fetch, int fetches)
    {
        nint feature = TA.FeatureStride;
        nint step = TA.DepthStride;
        var (depth, pairs) = (terms.Depth, terms.Pairs);
        TV c00 = default, c01 = default;
        TV c10 = default, c11 = default;
        TV c20 = default, c21 = default;
        TV c30 = default, c31 = default;
        TV c40 = default, c41 = default;
        TV c50 = default, c51 = default;
        if (accumulate)
        {
            (c00, c01) = (TS.Load(c + (0 * PanelRows)), TS.Load(c + (0 * PanelRows) + TS.Count));
            (c10, c11) = (TS.Load(c + (1 * PanelRows)), TS.Load(c + (1 * PanelRows) + TS.Count));
            (c20, c21) = (TS.Load(c + (2 * PanelRows)), TS.Load(c + (2 * PanelRows) + TS.Count));
            (c30, c31) = (TS.Load(c + (3 * PanelRows)), TS.Load(c + (3 * PanelRows) + TS.Count));
            (c40, c41) = (TS.Load(c + (4 * PanelRows)), TS.Load(c + (4 * PanelRows) + TS.Count));
            (c50, c51) = (TS.Load(c + (5 * PanelRows)), TS.Load(c + (5 * PanelRows) + TS.Count));
        }

        for (int run = 0; run < terms.Runs; run++)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                float* ak = terms.A(run, pair);
                float* bk = terms.B(run, pair);
                Fetch.Next(fetch + (pair * fetches), fetches);
                for (int k = 0; k < depth; k++, ak += step, bk += PanelRows)
                {
                    TV b0 = TS.Load(bk), b1 = TS.Load(bk + TS.Count);
                    TV a0 = TS.Broadcast(ak[0 * feature]);
                    c00 = TS.MultiplyAdd(a0, b0, c00);
                    c01 = TS.MultiplyAdd(a0, b1, c01);
                    TV a1 = TS.Broadcast(ak[1 * feature]);
                    c10 = TS.MultiplyAdd(a1, b0, c10);
                    c11 = TS.MultiplyAdd(a1, b1, c11);
                    TV a2 = TS.Broadcast(ak[2 * feature]);
                    c20 = TS.MultiplyAdd(a2, b0, c20);
                    c21 = TS.MultiplyAdd(a2, b1, c21);
                    TV a3 = TS.Broadcast(ak[3 * feature]);
                    c30 = TS.MultiplyAdd(a3, b0, c30);
                    c31 = TS.MultiplyAdd(a3, b1, c31);
                    TV a4 = TS.Broadcast(ak[4 * feature]);
                    c40 = TS.MultiplyAdd(a4, b0, c40);
                    c41 = TS.MultiplyAdd(a4, b1, c41);
                    TV a5 = TS.Broadcast(ak[5 * feature]);
                    c50 = TS.MultiplyAdd(a5, b0, c50);
                    c51 = TS.MultiplyAdd(a5, b1, c51);
                }
            }
        }

        TS.Store(c00, c + (0 * PanelRows));
        TS.Store(c01, c + (0 * PanelRows) + TS.Count);
        TS.Store(c10, c + (1 * PanelRows));
        TS.Store(c11, c + (1 * PanelRows) + TS.Count);
        TS.Store(c20, c + (2 * PanelRows));
        TS.Store(c21, c + (2 * PanelRows) + TS.Count);
        TS.Store(c30, c + (3 * PanelRows));
        TS.Store(c31, c + (3 * PanelRows) + TS.Count);
        TS.Store(c40, c + (4 * PanelRows));
        TS.Store(c41, c + (4 * PanelRows) + TS.Count);
        TS.Store(c50, c + (5 * PanelRows));
        TS.Store(c51, c + (5 * PanelRows) + TS.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4(in PanelTerms terms, float* c, bool accumulate)
    {
        nint feature = TA.FeatureStride;
        nint step = TA.DepthStride;
        var (depth, pairs) = (terms.Depth, terms.Pairs);
        TV c00 = default, c01 = default;
        TV c10 = default, c11 = default;
        TV c20 = default, c21 = default;
        TV c30 = default, c31 = default;
        if (accumulate)
        {
            (c00, c01) = (TS.Load(c + (0 * PanelRows)), TS.Load(c + (0 * PanelRows) + TS.Count));
            (c10, c11) = (TS.Load(c + (1 * PanelRows)), TS.Load(c + (1 * PanelRows) + TS.Count));
            (c20, c21) = (TS.Load(c + (2 * PanelRows)), TS.Load(c + (2 * PanelRows) + TS.Count));
            (c30, c31) = (TS.Load(c + (3 * PanelRows)), TS.Load(c + (3 * PanelRows) + TS.Count));
        }

        for (int run = 0; run < terms.Runs; run++)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                float* ak = terms.A(run, pair);
                float* bk = terms.B(run, pair);
                for (int k = 0; k < depth; k++, ak += step, bk += PanelRows)
                {
                    TV b0 = TS.Load(bk), b1 = TS.Load(bk + TS.Count);
                    TV a0 = TS.Broadcast(ak[0 * feature]);
                    c00 = TS.MultiplyAdd(a0, b0, c00);
                    c01 = TS.MultiplyAdd(a0, b1, c01);
                    TV a1 = TS.Broadcast(ak[1 * feature]);
                    c10 = TS.MultiplyAdd(a1, b0, c10);
                    c11 = TS.MultiplyAdd(a1, b1, c11);
                    TV a2 = TS.Broadcast(ak[2 * feature]);
                    c20 = TS.MultiplyAdd(a2, b0, c20);
                    c21 = TS.MultiplyAdd(a2, b1, c21);
                    TV a3 = TS.Broadcast(ak[3 * feature]);
                    c30 = TS.MultiplyAdd(a3, b0, c30);
                    c31 = TS.MultiplyAdd(a3, b1, c31);
                }
            }
        }

        TS.Store(c00, c + (0 * PanelRows));
        TS.Store(c01, c + (0 * PanelRows) + TS.Count);
        TS.Store(c10, c + (1 * PanelRows));
        TS.Store(c11, c + (1 * PanelRows) + TS.Count);
        TS.Store(c20, c + (2 * PanelRows));
        TS.Store(c21, c + (2 * PanelRows) + TS.Count);
        TS.Store(c30, c + (3 * PanelRows));
        TS.Store(c31, c + (3 * PanelRows) + TS.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1(in PanelTerms terms, float* c, bool accumulate)
    {
        nint feature = TA.FeatureStride;
        nint step = TA.DepthStride;
        var (depth, pairs) = (terms.Depth, terms.Pairs);
        TV c00 = default, c01 = default;
        if (accumulate)
        {
            (c00, c01) = (TS.Load(c + (0 * PanelRows)), TS.Load(c + (0 * PanelRows) + TS.Count));
        }

        for (int run = 0; run < terms.Runs; run++)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                float* ak = terms.A(run, pair);
                float* bk = terms.B(run, pair);
                for (int k = 0; k < depth; k++, ak += step, bk += PanelRows)
                {
                    TV b0 = TS.Load(bk), b1 = TS.Load(bk + TS.Count);
                    TV a0 = TS.Broadcast(ak[0 * feature]);
                    c00 = TS.MultiplyAdd(a0, b0, c00);
                    c01 = TS.MultiplyAdd(a0, b1, c01);
                }
            }
        }

        TS.Store(c00, c + (0 * PanelRows));
        TS.Store(c01, c + (0 * PanelRows) + TS.Count);
    }
}
