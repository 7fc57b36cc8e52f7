using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Kernels.Cpu;

/// <summary>
/// A weight matrix in the order the panel product reads it. In fp32: tiles of twelve output features, then tiles of eight,
/// each [depth][features]. In blocks: tiles of 32 output features, each the left factor of a <see cref="BlockProduct"/>. The
/// number of outputs is padded to what twelves and eights can make, in blocks to a multiple of 4; padding is zero.
/// </summary>
internal sealed unsafe class PackedMatrix
{
    private const int Side = BlockProduct.Side;

    private readonly int _twelves;

    /// <summary>Plans a matrix.</summary>
    /// <param name="outputs">Output features.</param>
    /// <param name="depth">Terms of each sum.</param>
    /// <param name="near">Whether it stays in the second-level cache from one tile of rows to the next.</param>
    /// <param name="arithmetic">How a matrix that is large enough is multiplied in blocks; null for fp32.</param>
    public PackedMatrix(int outputs, int depth, bool near = false, BlockArithmetic? arithmetic = null)
    {
        IsNear = near;
        Outputs = outputs;
        Depth = depth;
        PaddedOutputs = Pad(outputs);
        if (BlockArithmetic.Has(arithmetic, outputs, depth))
        {
            Arithmetic = arithmetic;
            Tiles = BlockArithmetic.RoundUp(outputs) / Side;
            return;
        }

        int eights = (PaddedOutputs % 12) switch { 0 => 0, 8 => 1, _ => 2 };
        _twelves = (PaddedOutputs - (8 * eights)) / 12;
        Tiles = _twelves + eights;
    }

    /// <summary>How it is multiplied in blocks; null where it is multiplied in fp32.</summary>
    public BlockArithmetic? Arithmetic { get; }

    /// <summary>Output features.</summary>
    public int Outputs { get; }

    /// <summary>Output features with padding.</summary>
    public int PaddedOutputs { get; }

    /// <summary>Terms of each sum.</summary>
    public int Depth { get; }

    /// <summary>Whether it is found in the second-level cache; else a tile fetches the next one's weights.</summary>
    public bool IsNear { get; }

    /// <summary>The number of tiles.</summary>
    public int Tiles { get; }

    /// <summary>The number of tiles of twelve, which come first.</summary>
    public int Twelves => _twelves;

    /// <summary>Floats of the packed weights.</summary>
    public long Length => Arithmetic is null ? (long)PaddedOutputs * Depth : (long)Tiles * BlockLength / 2;

    /// <summary>The packed weights; null until the matrix is given a place.</summary>
    public float* Data { get; private set; }

    /// <summary>Gives each of some matrices its place in one buffer.</summary>
    /// <param name="matrices">The matrices; null for none.</param>
    /// <param name="memory">The buffer.</param>
    public static void Place(ReadOnlySpan<PackedMatrix?> matrices, NativeBuffer memory)
    {
        var places = default(RecordLayout);
        foreach (var matrix in matrices)
            places.Take(matrix?.Length ?? 0);
        float* next = memory.Require(places, zeroed: true);
        places = default;
        foreach (var matrix in matrices)
        {
            float* place = next + places.Take(matrix?.Length ?? 0);
            if (matrix != null)
                matrix.Data = place;
        }
    }

    /// <summary>The smallest number of features ≥ <paramref name="outputs"/> that tiles of 12 and 8 make.</summary>
    public static int Pad(int outputs) => Math.Max((outputs + 3) & ~3, 8);

    /// <summary>The first feature of a tile.</summary>
    public int FirstFeature(int tile) => Arithmetic is not null ? Side * tile : tile <= _twelves ? 12 * tile : (12 * _twelves) + (8 * (tile - _twelves));

    /// <summary>The number of features of a tile, 12 or 8; in blocks 32, the last one's less.</summary>
    public int Height(int tile) => Arithmetic is not null ? Math.Min(Side, PaddedOutputs - (Side * tile)) : tile < _twelves ? 12 : 8;

    /// <summary>The left factor of a tile in blocks.</summary>
    public ushort* Block(int tile) => (ushort*)Data + (tile * BlockLength);

    /// <summary>Packs the tiles of one share of the work.</summary>
    /// <param name="source">Weight (o, k) stands at o·outputStride + k·depthStride.</param>
    /// <param name="outputStride">Floats from one output to the next.</param>
    /// <param name="depthStride">Floats from one term to the next.</param>
    /// <param name="outputScale">A factor per output, or null.</param>
    /// <param name="depthScale">A factor per term, or null.</param>
    /// <param name="firstTile">The first tile to pack.</param>
    /// <param name="endTile">One past the last.</param>
    public void Pack<TV, TS>(float* source, long outputStride, long depthStride, float* outputScale, float* depthScale, int firstTile, int endTile)
        where TV : struct
        where TS : struct, ISimd<TV>
    {
        if (Arithmetic is not null)
        {
            PackBlocks<TV, TS>(source, outputStride, depthStride, outputScale, depthScale, firstTile, endTile);
            return;
        }

        for (int tile = firstTile; tile < endTile; tile++)
        {
            int first = FirstFeature(tile);
            int height = Height(tile);
            int valid = Math.Clamp(Outputs - first, 0, height);
            float* destination = Data + ((long)first * Depth);
            float* from = source + (first * outputStride);
            for (int k = 0; k < Depth; k++, destination += height, from += depthStride)
            {
                float scale = depthScale == null ? 1f : depthScale[k];
                for (int o = 0; o < valid; o++)
                    destination[o] = from[o * outputStride] * scale;
                if (outputScale != null)
                {
                    for (int o = 0; o < valid; o++)
                        destination[o] *= outputScale[first + o];
                }
            }
        }
    }

    /// <summary>Packs the tiles of one share of a row-major matrix [outputs][depth], four by four where nothing is padded.</summary>
    /// <param name="source">Weight (o, k) stands at o·depth + k.</param>
    /// <param name="firstTile">The first tile to pack.</param>
    /// <param name="endTile">One past the last.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void PackRows<TV, TS>(float* source, int firstTile, int endTile)
        where TV : struct
        where TS : struct, ISimd<TV>
    {
        if (!Sse.IsSupported || Outputs != PaddedOutputs || Arithmetic is not null)
        {
            Pack<TV, TS>(source, Depth, 1, null, null, firstTile, endTile);
            return;
        }

        int quads = Depth & ~3;
        for (int tile = firstTile; tile < endTile; tile++)
        {
            int height = Height(tile);
            for (int o = 0; o < height; o += 4)
            {
                float* from = source + ((long)(FirstFeature(tile) + o) * Depth);
                float* to = Data + ((long)FirstFeature(tile) * Depth) + o;
                for (int k = 0; k < quads; k += 4, to += 4 * height)
                {
                    var row0 = Vector128.Load(from + k);
                    var row1 = Vector128.Load(from + Depth + k);
                    var row2 = Vector128.Load(from + (2 * Depth) + k);
                    var row3 = Vector128.Load(from + (3 * Depth) + k);
                    var low01 = Sse.UnpackLow(row0, row1);
                    var low23 = Sse.UnpackLow(row2, row3);
                    var high01 = Sse.UnpackHigh(row0, row1);
                    var high23 = Sse.UnpackHigh(row2, row3);
                    Sse.MoveLowToHigh(low01, low23).Store(to);
                    Sse.MoveHighToLow(low23, low01).Store(to + height);
                    Sse.MoveLowToHigh(high01, high23).Store(to + (2 * height));
                    Sse.MoveHighToLow(high23, high01).Store(to + (3 * height));
                }

                for (int k = quads; k < Depth; k++, to += height)
                {
                    for (int i = 0; i < 4; i++)
                        to[i] = from[((long)i * Depth) + k];
                }
            }
        }
    }

    // Numbers of a tile's left factor.
    private long BlockLength => (long)Side * BlockArithmetic.RoundUp(Depth) * Arithmetic!.Parts;

    private void PackBlocks<TV, TS>(float* source, long outputStride, long depthStride, float* outputScale, float* depthScale, int firstTile, int endTile)
        where TV : struct
        where TS : struct, ISimd<TV>
    {
        for (int tile = firstTile; tile < endTile; tile++)
        {
            int first = Side * tile;
            BlockFactor<TV, TS>.Weights(
                source + (first * outputStride),
                outputStride,
                depthStride,
                outputScale == null ? null : outputScale + first,
                depthScale,
                Math.Min(Side, Outputs - first),
                Depth,
                Arithmetic!.Parts,
                Block(tile));
        }
    }
}
