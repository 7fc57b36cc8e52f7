namespace EDA.Engine.Data;

/// <summary>
/// Some rows of a store, and of each the first of what it holds along its first dimension: the first candidates of some of
/// the states, or their labels. It reads as a store that holds nothing else, and its fingerprint is that store's.
/// </summary>
internal sealed class RowStoreView : RowStore
{
    private readonly RowStore _whole;
    private readonly int[]? _rows;

    /// <param name="whole">The store, complete; disposed of with the view.</param>
    /// <param name="rows">Its rows, in the view's order; null for all.</param>
    /// <param name="first">How many along the first dimension of a row.</param>
    /// <exception cref="ArgumentException">The store has less.</exception>
    public RowStoreView(RowStore whole, int[]? rows, int first)
        : base(rows?.Length ?? whole.Count, [first, .. whole.RowShape.Skip(1)])
    {
        if (!whole.IsComplete || first > whole.RowShape[0])
            throw new ArgumentException($"the first {first} of {whole.Completed} rows of {string.Join("×", whole.RowShape)}", nameof(whole));
        if (rows is not null && Array.Exists(rows, row => row < 0 || row >= whole.Count))
            throw new ArgumentException($"rows outside the {whole.Count} there are", nameof(rows));
        (_whole, _rows, Completed) = (whole, rows, Count);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _whole.Dispose();
    }

    /// <inheritdoc/>
    private protected override void Write(long first, ReadOnlySpan<float> values) => throw new NotSupportedException("a part of a store is not written to");

    /// <inheritdoc/>
    private protected override void Read(long first, Span<float> values)
    {
        while (values.Length > 0)
        {
            var (row, from) = ((int)(first / RowLength), (int)(first % RowLength));
            var piece = values[..Math.Min(values.Length, RowLength - from)];
            _whole.ReadWithin(_rows?[row] ?? row, from, piece);
            first += piece.Length;
            values = values[piece.Length..];
        }
    }

    /// <inheritdoc/>
    private protected override void Save()
    {
    }
}
