namespace EDA.Kernels.Cpu;

/// <summary>
/// A weight matrix in the order the panel product reads it: tiles of twelve output features, then tiles of eight, each
/// [depth][features]. The number of outputs is padded to what twelves and eights can make; padding is zero.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    private readonly NativeBuffer _memory = new();
    private readonly int _twelves;

    public PackedMatrix(int outputs, int depth)
    {
        Outputs = outputs;
        Depth = depth;
        PaddedOutputs = Pad(outputs);
        int eights = (PaddedOutputs % 12) switch { 0 => 0, 8 => 1, _ => 2 };
        _twelves = (PaddedOutputs - (8 * eights)) / 12;
        Tiles = _twelves + eights;
        Data = _memory.Require((long)PaddedOutputs * depth);
    }

    /// <summary>Output features.</summary>
    public int Outputs { get; }

    /// <summary>Output features with padding.</summary>
    public int PaddedOutputs { get; }

    /// <summary>Terms of each sum.</summary>
    public int Depth { get; }

    /// <summary>The number of tiles.</summary>
    public int Tiles { get; }

    /// <summary>The packed weights.</summary>
    public float* Data { get; }

    /// <summary>The smallest number of features ≥ <paramref name="outputs"/> that tiles of 12 and 8 make.</summary>
    public static int Pad(int outputs) => Math.Max((outputs + 3) & ~3, 8);

    /// <summary>The first feature of a tile.</summary>
    public int FirstFeature(int tile) => tile <= _twelves ? 12 * tile : (12 * _twelves) + (8 * (tile - _twelves));

    /// <summary>The number of features of a tile, 12 or 8.</summary>
    public int Height(int tile) => tile < _twelves ? 12 : 8;

    /// <summary>Packs the tiles of one share of the work.</summary>
    /// <param name="source">Weight (o, k) stands at o·outputStride + k·depthStride.</param>
    /// <param name="outputStride">Floats from one output to the next.</param>
    /// <param name="depthStride">Floats from one term to the next.</param>
    /// <param name="outputScale">A factor per output, or null.</param>
    /// <param name="depthScale">A factor per term, or null.</param>
    /// <param name="firstTile">The first tile to pack.</param>
    /// <param name="endTile">One past the last.</param>
    public void Pack(float* source, long outputStride, long depthStride, float* outputScale, float* depthScale, int firstTile, int endTile)
    {
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

    public void Dispose() => _memory.Dispose();
}
