namespace EDA.Kernels.Cpu.Matrix;

/// <summary>Lays fp32 matrices out as <see cref="BlockProduct"/> reads them.</summary>
public static class BlockPacking
{
    private const int Side = BlockProduct.Side;

    /// <summary>How many blocks of 32 so many terms or features take.</summary>
    /// <param name="count">The number.</param>
    /// <returns>The blocks.</returns>
    public static int Blocks(int count) => (count + Side - 1) / Side;

    /// <summary>The numbers of the left factor of one product.</summary>
    /// <param name="terms">K.</param>
    /// <param name="split">Whether they are in two parts.</param>
    /// <returns>How many.</returns>
    public static int LeftLength(int terms, bool split) => Blocks(terms) * Side * Side * (split ? 2 : 1);

    /// <summary>The numbers of the right factor of one product, or of one of its parts.</summary>
    /// <param name="terms">K.</param>
    /// <returns>How many.</returns>
    public static int RightLength(int terms) => Blocks(terms) * Side * Side;

    /// <summary>Packs 32 features of weights.</summary>
    /// <param name="weights">[features][K].</param>
    /// <param name="first">The first of the 32; those that are not there are zeros.</param>
    /// <param name="terms">K.</param>
    /// <param name="split">Whether in two parts.</param>
    /// <param name="packed">Filled; <see cref="LeftLength"/> numbers.</param>
    public static void Left(ReadOnlySpan<float> weights, int first, int terms, bool split, Span<ushort> packed)
    {
        packed.Clear();
        int parts = split ? 2 : 1, features = Math.Min(Side, (weights.Length / terms) - first);
        for (int f = 0; f < features; f++)
        {
            for (int k = 0; k < terms; k++)
            {
                int at = (k / Side * parts * Side * Side) + (f * Side) + (k % Side);
                var (high, low) = Bfloat16.Split(weights[((first + f) * terms) + k]);
                packed[at] = high;
                if (split)
                    packed[at + (Side * Side)] = low;
            }
        }
    }

    /// <summary>Packs 32 rows of activations.</summary>
    /// <param name="panel">[K][32].</param>
    /// <param name="terms">K.</param>
    /// <param name="high">Filled with the nearest bf16; <see cref="RightLength"/> numbers.</param>
    /// <param name="low">Filled with the low parts; empty where they are not wanted.</param>
    public static void Right(ReadOnlySpan<float> panel, int terms, Span<ushort> high, Span<ushort> low)
    {
        high.Clear();
        low.Clear();
        for (int k = 0; k < terms; k++)
        {
            for (int row = 0; row < Side; row++)
            {
                int at = (k / 2 * 2 * Side) + (2 * row) + (k % 2);
                var (upper, lower) = Bfloat16.Split(panel[(k * Side) + row]);
                high[at] = upper;
                if (low.Length > 0)
                    low[at] = lower;
            }
        }
    }
}
