using System.Runtime.CompilerServices;
using EDA.Kernels.Cpu.Matrix;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>A buffer of activations: panel p of the tile starts at Start + p·Stride, feature f 32 floats further each.</summary>
internal readonly unsafe struct Panels(float* start, long stride)
{
    public readonly float* Start = start;
    public readonly long Stride = stride;

    public bool IsNull => Start == null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* At(int panel, int feature = 0) => Start + (panel * Stride) + ((long)feature * PanelRows);
}

/// <summary>The product of packed weights with activation panels.</summary>
internal static unsafe class Product<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    /// <summary>
    /// Multiplies and hands each tile to the epilogue. Each tile fetches the next one's weights, which stand in the third
    /// level, and what its epilogue has left there.
    /// </summary>
    /// <param name="weights">[outputs][depth].</param>
    /// <param name="input">[panels][depth][32].</param>
    /// <param name="panels">The number of panels.</param>
    /// <param name="epilogue">What happens to the sums.</param>
    public static void Run<TE>(PackedMatrix weights, Panels input, int panels, in TE epilogue)
        where TE : struct, IEpilogue
    {
        if (weights.Arithmetic is { } arithmetic)
        {
            RunBlocks(weights, arithmetic, input, panels, epilogue);
            return;
        }

        float* sums = stackalloc float[(12 * PanelRows) + 16];
        sums = (float*)(((nint)sums + 63) & ~63);
        int runs = weights.Depth % PanelRows == 0 ? weights.Depth / PanelRows : 1;
        Fetch* fetches = stackalloc Fetch[1 + IEpilogue.MostFar];
        float** far = stackalloc float*[IEpilogue.MostFar];
        for (int tile = 0; tile < weights.Tiles; tile++)
        {
            int feature = weights.FirstFeature(tile);
            int height = weights.Height(tile);
            int run = height * weights.Depth / runs;
            float* next = weights.Data + ((long)(feature + height) * weights.Depth);
            for (int panel = 0; panel < panels; panel++)
            {
                int count = epilogue.Far(feature, panel, far);
                for (int i = 0; i < count; i++)
                    fetches[i] = Fetch.Array(far[i], height * PanelRows, runs);
                if (!weights.IsNear && tile + 1 < weights.Tiles)
                    fetches[count++] = Fetch.Part(next, run, Fetch.Lines(run), panel, panels);
                Tile(weights, tile, input.At(panel), sums, count > 0 ? runs : 1, fetches, count);
                epilogue.Apply(sums, feature, height, panel);
            }
        }
    }

    /// <summary>
    /// Multiplies by the transpose of a square matrix as it is packed for the product itself: each tile's features become
    /// runs of terms, so that a backward pass needs no second packing.
    /// </summary>
    /// <param name="weights">[terms][outputs], square, without padding.</param>
    /// <param name="input">[panels][terms][32].</param>
    /// <param name="panels">The number of panels.</param>
    /// <param name="epilogue">What happens to the sums.</param>
    public static void RunTransposed<TE>(PackedMatrix weights, Panels input, int panels, in TE epilogue)
        where TE : struct, IEpilogue
    {
        float* sums = stackalloc float[(12 * PanelRows) + 16];
        sums = (float*)(((nint)sums + 63) & ~63);
        int depth = weights.Depth, twelves = weights.Twelves, eights = weights.Tiles - weights.Twelves;
        float* eight = weights.Data + (12L * twelves * depth);
        for (int tile = 0; tile < weights.Tiles; tile++)
        {
            int feature = weights.FirstFeature(tile), height = weights.Height(tile);
            for (int panel = 0; panel < panels; panel++)
            {
                float* b = input.At(panel);
                PanelProduct<TV, TS, PackedTwelveAcross>.Tile(
                    height, new PanelTerms(weights.Data + (12 * feature), 12L * depth, b, 12 * PanelRows, twelves, 12), sums, false);
                PanelProduct<TV, TS, PackedEightAcross>.Tile(
                    height, new PanelTerms(eight + (8 * feature), 8L * depth, b + (12 * twelves * PanelRows), 8 * PanelRows, eights, 8), sums, true);
                epilogue.Apply(sums, feature, height, panel);
            }
        }
    }

    /// <summary>One tile of packed weights times [depth][32].</summary>
    public static void Tile(PackedMatrix weights, int tile, float* b, float* sums) => Tile(weights, tile, b, sums, 1, null, 0);

    // Activations become factors once for all tiles of weights.
    private static void RunBlocks<TE>(PackedMatrix weights, BlockArithmetic arithmetic, Panels input, int panels, in TE epilogue)
        where TE : struct, IEpilogue
    {
        float* sums = stackalloc float[BlockProduct.Length + 16];
        sums = (float*)(((nint)sums + 63) & ~63);
        int depth = weights.Depth, terms = BlockArithmetic.RoundUp(depth), blocks = terms / BlockProduct.Side, parts = arithmetic.Parts;
        long part = (long)terms * PanelRows;
        ushort* factors = FactorScratch.Require((long)parts * blocks * panels);
        for (int panel = 0; panel < panels; panel++)
            BlockFactor<TV, TS>.Activations(input.At(panel), depth, parts, factors + (panel * parts * part), part);
        float** far = stackalloc float*[IEpilogue.MostFar];
        for (int tile = 0; tile < weights.Tiles; tile++)
        {
            int feature = weights.FirstFeature(tile), height = weights.Height(tile);
            ushort* left = weights.Block(tile);
            for (int panel = 0; panel < panels; panel++)
            {
                int count = epilogue.Far(feature, panel, far);
                for (int i = 0; i < count; i++)
                    Fetch.All(far[i], height * PanelRows);
                arithmetic.Multiply(left, factors + (panel * parts * part), part, sums, blocks, adds: false);
                epilogue.Apply(sums, feature, height, panel);
            }
        }
    }

    private static void Tile(PackedMatrix weights, int tile, float* b, float* sums, int runs, Fetch* fetch, int fetches)
    {
        int height = weights.Height(tile), depth = weights.Depth / runs;
        float* a = weights.Data + ((long)weights.FirstFeature(tile) * weights.Depth);
        var terms = new PanelTerms(a, height * depth, b, depth * PanelRows, runs, depth);
        if (height == 12)
            PanelProduct<TV, TS, PackedTwelve>.Tile(12, terms, sums, false, fetch, fetches);
        else
            PanelProduct<TV, TS, PackedEight>.Tile(8, terms, sums, false, fetch, fetches);
    }
}
