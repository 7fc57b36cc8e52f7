using System.Runtime.InteropServices;

namespace EDA.Tests.Gpu;

/// <summary>A product of 16-bit factors, and what it should be: exact products of the rounded factors, in double precision.</summary>
internal sealed class HalfCase
{
    public const int GroupSize = 128;
    public const int Size = 64;
    public const int GradientGroupSize = 256;
    public const int GradientSize = 128;

    private readonly Half[] _left;
    private readonly Half[] _right;
    private readonly bool _leftAlong;
    private readonly bool _rightAlong;

    /// <param name="layout">straight, transposed or gradient.</param>
    /// <param name="rows">The rows of the product.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="depth">The products in a sum.</param>
    /// <param name="seed">Which numbers.</param>
    public HalfCase(string layout, int rows, int columns, int depth, int seed = 31)
    {
        (Rows, Columns, Depth) = (rows, columns, depth);
        (_leftAlong, _rightAlong) = (layout != "gradient", layout == "straight");
        var random = new Random(seed);
        Half[] Values(int count) => [.. ExpandCase.Values(random, count, 1).Select(value => (Half)value)];
        _left = Values(rows * depth);
        _right = Values(columns * depth);
    }

    /// <summary>Layout, rows, columns, depth: whole tiles, edges of rows, columns that end inside a tile, one panel and more than there are buffers.</summary>
    public static TheoryData<string, int, int, int> Layers => new()
    {
        { "straight", 64, 64, 32 },
        { "straight", 67, 96, 224 },
        { "straight", 1, 32, 64 },
        { "transposed", 64, 64, 32 },
        { "transposed", 131, 160, 96 },
        { "transposed", 3, 32, 32 },
    };

    /// <summary>Rows, columns, depth, whether there is a second product: batches that end inside a panel.</summary>
    public static TheoryData<int, int, int, bool> Gradients => new()
    {
        { 128, 128, 32, false },
        { 160, 288, 67, true },
        { 32, 128, 1, true },
        { 64, 32, 131, false },
    };

    public int Rows { get; }

    public int Columns { get; }

    public int Depth { get; }

    /// <summary>From one row of the left matrix in memory to the next, in words of two numbers.</summary>
    public int LeftStride => (_leftAlong ? Depth : Rows) / 2;

    /// <summary>The same of the right matrix.</summary>
    public int RightStride => (_rightAlong ? Depth : Columns) / 2;

    /// <summary>Two numbers a word; behind them stands NaN.</summary>
    public float[] Left => Packed(_left);

    /// <summary>The same of the right matrix.</summary>
    public float[] Right => Packed(_right);

    /// <summary>The tiles of a number of rows or columns.</summary>
    public static int Tiles(int count) => (count + Size - 1) / Size;

    /// <summary>The tiles of a gradient's rows or columns.</summary>
    public static int GradientTiles(int count) => (count + GradientSize - 1) / GradientSize;

    /// <summary>What the product should be.</summary>
    public double[] Expected()
    {
        var expected = new double[Rows * Columns];
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Columns; j++)
            {
                for (int k = 0; k < Depth; k++)
                    expected[(i * Columns) + j] += (double)_left[_leftAlong ? (i * Depth) + k : (k * Rows) + i] * (double)_right[_rightAlong ? (j * Depth) + k : (k * Columns) + j];
            }
        }

        return expected;
    }

    /// <summary>How far a product is from it, relative in norm.</summary>
    /// <param name="product">The product.</param>
    public double Error(float[] product) => ExpandCase.Error(Expected(), product);

    private static float[] Packed(Half[] values) => [.. MemoryMarshal.Cast<Half, float>(values), .. Enumerable.Repeat(float.NaN, 16)];
}
