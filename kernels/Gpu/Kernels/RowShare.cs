namespace EDA.Kernels.Gpu;

/// <summary>
/// A lane's eight features of a row of 256: four from 4·lane on, and four from 128 + 4·lane on, so that a warp takes a whole
/// row into registers by two 128-bit loads a lane, each of 512 bytes on end.
/// </summary>
public struct RowShare
{
    /// <summary>The features of a row.</summary>
    public const int Width = 256;

    /// <summary>1/256: a mean is a product, to the same bits as the quotient.</summary>
    public const float Share = 1f / Width;

    private const int Quads = Width / 4;

    /// <summary>Features 4·lane to 4·lane + 3.</summary>
    public Float4 Low;

    /// <summary>Features 128 + 4·lane to 131 + 4·lane.</summary>
    public Float4 High;

    /// <summary>The sum of the eight.</summary>
    public readonly float Total => Low.Total + High.Total;

    /// <summary>Each plus each.</summary>
    public static RowShare operator +(RowShare a, RowShare b) => Of(a.Low + b.Low, a.High + b.High);

    /// <summary>Each times each.</summary>
    public static RowShare operator *(RowShare a, RowShare b) => Of(a.Low * b.Low, a.High * b.High);

    /// <summary>Each plus a number.</summary>
    public static RowShare operator +(RowShare a, float b) => Of(a.Low + b, a.High + b);

    /// <summary>Each times a number.</summary>
    public static RowShare operator *(RowShare a, float b) => Of(a.Low * b, a.High * b);

    /// <summary>Puts both halves together.</summary>
    /// <param name="low">The lower.</param>
    /// <param name="high">The upper.</param>
    /// <returns>The eight.</returns>
    public static RowShare Of(Float4 low, Float4 high)
    {
        RowShare share = default;
        share.Low = low;
        share.High = high;
        return share;
    }

    /// <summary>Loads this lane's share of a row.</summary>
    /// <param name="rows">Aligned rows of 256.</param>
    /// <param name="row">Which.</param>
    /// <returns>The share.</returns>
    public static RowShare Load(ModelView rows, int row) => Load(rows.Quads, row);

    /// <summary>The same.</summary>
    /// <param name="quads">The rows by fours.</param>
    /// <param name="row">Which.</param>
    /// <returns>The share.</returns>
    public static RowShare Load(ArrayView<Float4> quads, int row)
    {
        int at = (row * Quads) + WarpRow.Lane;
        return Of(quads[at], quads[at + WarpRow.WarpSize]);
    }

    /// <summary>The same of rows that may stand anywhere, by a load an element where they are not aligned.</summary>
    /// <param name="rows">Rows of 256.</param>
    /// <param name="row">Which.</param>
    /// <returns>The share.</returns>
    public static RowShare LoadAnywhere(ModelView rows, int row) => rows.IsAligned != 0 ? Load(rows, row) : Elements(rows.Mine, row);

    /// <summary>The same by a load an element.</summary>
    /// <param name="rows">Rows of 256.</param>
    /// <param name="row">Which.</param>
    /// <returns>The share.</returns>
    public static RowShare Elements(ArrayView<float> rows, int row)
    {
        int low = (row * Width) + (4 * WarpRow.Lane), high = low + (Width / 2);
        return Of(
            Float4.Of(rows[low], rows[low + 1], rows[low + 2], rows[low + 3]),
            Float4.Of(rows[high], rows[high + 1], rows[high + 2], rows[high + 3]));
    }

    /// <summary>This where another is positive, and else 0.</summary>
    /// <param name="other">The other.</param>
    /// <returns>The choice.</returns>
    public readonly RowShare WherePositive(RowShare other) => Of(Low.WherePositive(other.Low), High.WherePositive(other.High));

    /// <summary>Stores this lane's share of a row with 16 bits a number.</summary>
    /// <param name="rows">Rows of 256, two numbers a word.</param>
    /// <param name="row">Which.</param>
    public readonly void StoreHalves(ModelView rows, int row)
    {
        var halves = rows.Mine.AsAligned(8).Cast<Half4>();
        int at = (row * Quads) + WarpRow.Lane;
        halves[at] = Half4.Of(Low);
        halves[at + WarpRow.WarpSize] = Half4.Of(High);
    }

    /// <summary>Stores this lane's share of a row.</summary>
    /// <param name="rows">Aligned rows of 256.</param>
    /// <param name="row">Which.</param>
    public readonly void Store(ModelView rows, int row) => Store(rows.Quads, row);

    /// <summary>The same.</summary>
    /// <param name="quads">The rows by fours.</param>
    /// <param name="row">Which.</param>
    public readonly void Store(ArrayView<Float4> quads, int row)
    {
        int at = (row * Quads) + WarpRow.Lane;
        quads[at] = Low;
        quads[at + WarpRow.WarpSize] = High;
    }
}
