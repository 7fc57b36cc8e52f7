namespace EDA.Kernels.Gpu;

/// <summary>What a workspace must hold.</summary>
internal enum BdmPurpose
{
    /// <summary>Forward.</summary>
    Density,

    /// <summary>Forward and backward to the action.</summary>
    Score,

    /// <summary>Forward and backward to the parameters.</summary>
    Alignment,

    /// <summary>Forward, backward, tangent and adjoint, to the parameters.</summary>
    Denoising,
}

/// <summary>A part of a model's workspace: a matrix.</summary>
/// <param name="Offset">Where it stands.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Columns">Its columns.</param>
internal readonly record struct Region(int Offset, int Rows, int Columns);

/// <summary>
/// Every intermediate array of an operation, in one device array, laid out once for the largest batch seen. Offsets are
/// 32-bit: at most 8 GiB a model. Names are those of <see cref="LayerNormArguments"/> and of the CPU's passes.
/// </summary>
internal sealed class BdmBuffers : IDisposable
{
    private readonly GpuArray<float>? _memory;
    private readonly int _models;
    private long _length;

    /// <param name="backend">Whose memory.</param>
    /// <param name="shape">The network.</param>
    /// <param name="purpose">What is to be held.</param>
    /// <param name="rows">The most candidates at a time.</param>
    /// <param name="conditions">The most conditions at a time.</param>
    /// <param name="models">The number of models.</param>
    /// <param name="halves">Whether factors of the blocks' products have 16 bits a number: two of them make an element of their matrices.</param>
    public BdmBuffers(GpuBackend backend, BdmShape shape, BdmPurpose purpose, int rows, int conditions, int models, bool halves)
        : this(shape, purpose, rows, conditions, models, halves) => _memory = backend.Allocate<float>(checked(_length * models));

    // The layout alone.
    private BdmBuffers(BdmShape shape, BdmPurpose purpose, int rows, int conditions, int models, bool halves)
    {
        (Purpose, Rows, Conditions, _models) = (purpose, rows, conditions, models);
        int h = shape.Width, d = shape.Hidden / (halves ? 2 : 1), factor = h / (halves ? 2 : 1), a = shape.ActionSize, e = BdmShape.TimeFeatures;
        bool backward = purpose != BdmPurpose.Density, samples = purpose == BdmPurpose.Score;
        bool training = purpose >= BdmPurpose.Alignment, aligns = purpose == BdmPurpose.Alignment, second = purpose == BdmPurpose.Denoising;
        Nothing = Take(1, 1);
        Condition = Take(conditions, e + shape.StateSize);
        Waves = Take(conditions, e);
        ConditionSlope = Take(conditions, e);
        Coefficients = Take(conditions, 2);
        Base = Take(conditions, h);
        ConditionAdjoint = Take(conditions, e, training);
        BaseAdjoint = Take(conditions, h, aligns);
        Diffused = Take(rows, a);
        Noise = Take(rows, a);
        Stream = Take(rows, h);
        Density = Take(rows, 1);
        BehaviorDensity = Take(rows, 1, aligns);
        Gaps = Take(rows, 1, aligns);
        RowWeight = Take(rows, 1, aligns);
        Losses = Take(rows, 1, training);
        Share = Take(Groups(rows), h, training);
        Tangent = Take(rows, h, second);
        Direction = Take(rows, a, second);
        States = Take(conditions, shape.StateSize, samples);
        Point = Take(rows, a, samples);
        Anchor = Take(rows, a, samples);
        Predictions = Take(3 * rows, a, samples);
        TimeParts = Take(conditions, h, samples);
        FoldedGradient = Take(a + e + shape.StateSize, h, training);
        FoldedBiasGradient = Take(1, h, training);
        OutputGradient = Take(1, h, training);
        Mask = PerBlock(shape.Blocks, rows, h, second);
        Normalized = PerBlock(shape.Blocks, rows, h, true, backward);
        RowValues = PerBlock(shape.Blocks, rows, 4, true, backward);
        NormSums = PerBlock(shape.Blocks, Groups(rows), 3 * h, training);
        Output = PerBlock(shape.Blocks, rows, factor, true, training);
        Hidden = PerBlock(shape.Blocks, rows, d, true, training);
        Slope = PerBlock(shape.Blocks, rows, d, backward);
        Curvature = PerBlock(shape.Blocks, rows, d, second);
        TangentAdjoint = PerBlock(shape.Blocks, rows, h, backward, training);
        HiddenTangentAdjoint = PerBlock(shape.Blocks, rows, d, backward, training);
        NormalizedTangent = PerBlock(shape.Blocks, rows, h, second);
        OutputTangent = PerBlock(shape.Blocks, rows, factor, second);
        HiddenTangent = PerBlock(shape.Blocks, rows, d, second);
        OutputAdjoint = PerBlock(shape.Blocks, rows, h, second);
        HiddenAdjoint = PerBlock(shape.Blocks, rows, d, second);
        StreamAdjoint = PerBlock(shape.Blocks + 1, rows, h, backward, training);
        SecondStreamAdjoint = PerBlock(shape.Blocks + 1, rows, h, second);
        StreamFactor = halves ? PerBlock(shape.Blocks + 1, rows, factor, backward, training) : StreamAdjoint;
        SecondStreamFactor = halves ? PerBlock(shape.Blocks + 1, rows, factor, second) : SecondStreamAdjoint;
        HasHalves = halves;
        EntryParts = Take(SumRows.Parts, ((a + e + shape.StateSize) * h) + (e * e), halves && training);
    }

    public BdmPurpose Purpose { get; }

    public int Rows { get; }

    public int Conditions { get; }

    public Region Nothing { get; }

    public Region Condition { get; }

    public Region Waves { get; }

    public Region ConditionSlope { get; }

    public Region Coefficients { get; }

    public Region Base { get; }

    public Region ConditionAdjoint { get; }

    public Region BaseAdjoint { get; }

    public Region Diffused { get; }

    public Region Noise { get; }

    public Region Stream { get; }

    public Region Density { get; }

    public Region BehaviorDensity { get; }

    public Region Gaps { get; }

    public Region RowWeight { get; }

    public Region Losses { get; }

    public Region Share { get; }

    public Region Tangent { get; }

    public Region Direction { get; }

    public Region States { get; }

    public Region Point { get; }

    public Region Anchor { get; }

    public Region Predictions { get; }

    public Region TimeParts { get; }

    public Region FoldedGradient { get; }

    public Region FoldedBiasGradient { get; }

    public Region OutputGradient { get; }

    public Region[] Mask { get; }

    public Region[] Normalized { get; }

    public Region[] RowValues { get; }

    /// <summary>Each group's sums of a layer norm's gradients and of the stream's adjoint above it.</summary>
    public Region[] NormSums { get; }

    public Region[] Output { get; }

    public Region[] Hidden { get; }

    public Region[] Slope { get; }

    public Region[] Curvature { get; }

    public Region[] TangentAdjoint { get; }

    public Region[] HiddenTangentAdjoint { get; }

    public Region[] NormalizedTangent { get; }

    public Region[] OutputTangent { get; }

    public Region[] HiddenTangent { get; }

    public Region[] OutputAdjoint { get; }

    public Region[] HiddenAdjoint { get; }

    /// <summary>The adjoint of the stream for the density, below each block and above the last.</summary>
    public Region[] StreamAdjoint { get; }

    /// <summary>The adjoint of the stream for the directional derivative, below each block and above the last.</summary>
    public Region[] SecondStreamAdjoint { get; }

    /// <summary>The former as a factor of products: the same, or a copy with 16 bits a number.</summary>
    public Region[] StreamFactor { get; }

    /// <summary>The latter as a factor of products.</summary>
    public Region[] SecondStreamFactor { get; }

    /// <summary>The gradients of N and C in parts of the rows, a row a part.</summary>
    public Region EntryParts { get; }

    /// <summary>Whether factors of the blocks' products have 16 bits a number.</summary>
    public bool HasHalves { get; }

    /// <summary>All of it.</summary>
    public ModelView All => View(0, _length);

    /// <summary>A region's elements.</summary>
    public ModelView this[Region region] => View(region.Offset, (long)region.Rows * region.Columns);

    /// <summary>The bytes of one model's.</summary>
    public static long Bytes(BdmShape shape, BdmPurpose purpose, int rows, int conditions, bool halves) => sizeof(float) * new BdmBuffers(shape, purpose, rows, conditions, 1, halves)._length;

    public void Dispose() => _memory?.Dispose();

    private ModelView View(long offset, long count) => new()
    {
        All = _memory!.View.SubView(offset, (_length * (_models - 1)) + count),
        Stride = _models > 1 ? _length : 0,
        Length = count,
        IsAligned = 1, // regions begin at multiples of 64 elements
    };

    private Region Take(int rows, int columns, bool wanted = true)
    {
        if (!wanted || columns == 0)
            return Nothing;
        if (_length > int.MaxValue)
            throw new DeviceException($"working on {Rows} rows at a time takes more than the 8 GiB that a workspace may have; a smaller width, fewer blocks or a smaller batch takes less");
        var region = new Region((int)_length, rows, columns);
        _length += (((long)rows * columns) + 63) / 64 * 64;
        return region;
    }

    private static int Groups(int rows) => (rows + WarpRow.RowsPerGroup - 1) / WarpRow.RowsPerGroup;

    // Where it is not kept, all blocks share one.
    private Region[] PerBlock(int blocks, int rows, int columns, bool wanted, bool kept = true)
    {
        var first = Take(rows, columns, wanted);
        return [.. Enumerable.Range(0, blocks).Select(l => l == 0 || !kept ? first : Take(rows, columns, wanted))];
    }
}
