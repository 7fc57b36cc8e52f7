using EDA.Kernels.Cpu.Matrix;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>Where the sums over a panel's rows stand, from which biases and norms get their gradients.</summary>
internal sealed class RowSums
{
    public RowSums(BdmShape shape)
    {
        var layout = RecordLayout.Contiguous;
        OutputSlope = layout.Take(shape.Width);
        ConditionBias = layout.Take(BdmShape.TimeFeatures);
        FirstMean = layout.Take(shape.Hidden);
        Blocks = new BlockSums[shape.Blocks];
        for (int l = 0; l < shape.Blocks; l++)
            Blocks[l] = new BlockSums(layout.Take(shape.Hidden), layout.Take(shape.Width), layout.Take(shape.Width), layout.Take(shape.Width));
        Length = layout.Length;
    }

    /// <summary>The gradient of each row of O [H].</summary>
    public long OutputSlope { get; }

    /// <summary>The gradient of c [32].</summary>
    public long ConditionBias { get; }

    /// <summary>Σ mean·rsd·q_z of the folded first block [4H].</summary>
    public long FirstMean { get; }

    /// <summary>The sums of each block.</summary>
    public BlockSums[] Blocks { get; }

    /// <summary>Floats of all sums.</summary>
    public long Length { get; }

    /// <summary>The sums of one block.</summary>
    /// <param name="ExpandBias">[4H].</param>
    /// <param name="ContractBias">[H].</param>
    /// <param name="NormWeight">[H]; unused in the folded first block.</param>
    /// <param name="NormBias">[H]; unused in the folded first block.</param>
    internal readonly record struct BlockSums(long ExpandBias, long ContractBias, long NormWeight, long NormBias);
}

/// <summary>
/// What a training step leaves of each panel for the weight gradients: the operands of every product, plain where
/// they are broadcast and transposed where they are vectors. The denoising step fills both pairs, the alignment step
/// the first.
/// </summary>
internal sealed class TrainingRecord
{
    /// <summary>Plans a record.</summary>
    /// <param name="shape">The sizes of the network.</param>
    /// <param name="secondOrder">Whether it is that of a denoising step.</param>
    /// <param name="arithmetic">How weight gradients are summed in blocks; null for fp32.</param>
    public TrainingRecord(BdmShape shape, bool secondOrder, BlockArithmetic? arithmetic)
    {
        SecondOrder = secondOrder;
        InputSize = shape.ActionSize + BdmShape.TimeFeatures + shape.StateSize;
        TransposedInputSize = (InputSize + 1 + PanelRows - 1) / PanelRows * PanelRows;
        int h = shape.Width, hidden = shape.Hidden;
        var record = default(RecordLayout);
        long Features(int count) => record.Take((long)count * PanelRows);
        Input = Features(InputSize + 1);
        Waves = Features(BdmShape.TimeFeatures);
        ConditionSlope = Features(BdmShape.TimeFeatures);
        ConditionAdjoint = Features(BdmShape.TimeFeatures);
        InputAdjoint = Features(h);
        RowValues = Features(4);
        Direction = secondOrder ? Features(PackedMatrix.Pad(shape.ActionSize)) : -1;
        DirectionAdjoint = secondOrder ? Features(h) : -1;
        TransposedInput = secondOrder ? -1 : Features(TransposedInputSize);
        Stream = secondOrder ? -1 : Features(h);
        Passes = secondOrder && arithmetic is not null;
        long work = Passes ? Features(hidden) : -1, transposed = Passes ? Features(h) : -1;
        int passing = 0;
        long Hidden() => Passes ? PassingOperand.Of(work, ++passing) : Features(hidden);
        long Transposed() => Passes ? PassingOperand.Of(transposed, ++passing) : Features(h);
        Blocks = new BlockRecord[shape.Blocks];
        for (int l = 0; l < shape.Blocks; l++)
        {
            Blocks[l] = new BlockRecord(
                Transposed(),
                Transposed(),
                Hidden(),
                Hidden(),
                secondOrder ? Transposed() : -1,
                secondOrder ? Transposed() : -1,
                secondOrder ? Hidden() : -1,
                secondOrder ? Hidden() : -1,
                secondOrder ? -1 : Features(h),
                secondOrder ? -1 : record.Take(NormRows.Length),
                secondOrder || l > 0 ? -1 : Features(hidden));
        }

        Sums = new RowSums(shape);
        SumsStart = record.Take(Sums.Length);
        (Layout, Stride) = (record, record.Stride);
        (Products, Accumulators) = Plan(shape, arithmetic);
    }

    /// <summary>Whether the record is that of a denoising step.</summary>
    public bool SecondOrder { get; }

    /// <summary>
    /// Whether a block's operands pass (<see cref="PassingOperand"/>), and are taken for the weight gradients as soon as
    /// they have been read. So in a denoising step in blocks, whose records then stay in the cache.
    /// </summary>
    public bool Passes { get; }

    /// <summary>A + 32 + S.</summary>
    public int InputSize { get; }

    /// <summary>A + 32 + S + 1, rounded up to 32.</summary>
    public int TransposedInputSize { get; }

    /// <summary>[a_t; e; s; 1].</summary>
    public long Input { get; }

    /// <summary>φ [32].</summary>
    public long Waves { get; }

    /// <summary>SiLU' of Cφ + c [32].</summary>
    public long ConditionSlope { get; }

    /// <summary>The adjoint of Cφ + c, transposed [32].</summary>
    public long ConditionAdjoint { get; }

    /// <summary>q at x₀, transposed [H]; without dropout lacking rsd·W_γᵀq_z.</summary>
    public long InputAdjoint { get; }

    /// <summary>t, f, f of the behavior model, and the seed ∂L/∂f, a number per row each [4].</summary>
    public long RowValues { get; }

    /// <summary>v = ∂L/∂(∇f) [A].</summary>
    public long Direction { get; }

    /// <summary>p at x₀, transposed [H].</summary>
    public long DirectionAdjoint { get; }

    /// <summary>[a_t; e; s; 1] transposed.</summary>
    public long TransposedInput { get; }

    /// <summary>The stream after the last block [H].</summary>
    public long Stream { get; }

    /// <summary>The operands of each block.</summary>
    public BlockRecord[] Blocks { get; }

    /// <summary>Where the sums over rows stand within <see cref="SumsStart"/>.</summary>
    public RowSums Sums { get; }

    /// <summary>The first of the sums over rows.</summary>
    public long SumsStart { get; }

    /// <summary>The parts of a panel's record.</summary>
    public RecordLayout Layout { get; }

    /// <summary>Floats from one panel's record to the next.</summary>
    public long Stride { get; }

    /// <summary>All weight gradients: fc1 and fc2 of each block, then the input's, the action's (second order) and C's.</summary>
    public GradientProduct[] Products { get; }

    /// <summary>Where the products stand.</summary>
    public RecordLayout Accumulators { get; }

    /// <summary>The product of fc1 of block l: [H/32][4H][32], or of the folded first block [(A+32+S+1)/32][4H][32].</summary>
    public GradientProduct Expand(int l) => Products[2 * l];

    /// <summary>The product of fc2 of block l, transposed: [H/32][4H][32].</summary>
    public GradientProduct Contract(int l) => Products[(2 * l) + 1];

    /// <summary>The product of the input: [H/32][A+32+S+1, in blocks padded][32].</summary>
    public GradientProduct InputProduct => Products[2 * Blocks.Length];

    /// <summary>The product of C: [1][32 waves][32].</summary>
    public GradientProduct ConditionProduct => Products[(2 * Blocks.Length) + 1];

    /// <summary>The tangent's share of the input's product: [H/32][A][32].</summary>
    public GradientProduct DirectionProduct => Products[(2 * Blocks.Length) + 2];

    private (GradientProduct[] Products, RecordLayout Accumulators) Plan(BdmShape shape, BlockArithmetic? arithmetic)
    {
        int h = shape.Width, hidden = shape.Hidden;
        var products = new List<GradientProduct>();
        var accumulators = default(RecordLayout);
        void Add(long left, long right, long secondLeft, long secondRight, int rows, int columns)
        {
            var product = new GradientProduct(left, right, secondLeft, secondRight, rows, columns, arithmetic);
            products.Add(product with { Destination = accumulators.Take(product.Length) });
        }

        for (int l = 0; l < shape.Blocks; l++)
        {
            var block = Blocks[l];
            if (l == 0 && !SecondOrder)
                Add(block.Adjoint, TransposedInput, -1, 0, hidden, TransposedInputSize);
            else
                Add(block.Adjoint, block.TransposedOutput, block.TangentAdjoint, block.TransposedOutputTangent, hidden, h);
            Add(block.Hidden, block.TransposedStream, block.HiddenTangent, block.TransposedTangentStream, hidden, h);
        }

        Add(Input, InputAdjoint, -1, 0, InputSize + 1, h);
        Add(Waves, ConditionAdjoint, -1, 0, BdmShape.TimeFeatures, BdmShape.TimeFeatures);
        if (SecondOrder)
            Add(Direction, DirectionAdjoint, -1, 0, shape.ActionSize, h);
        return ([.. products], accumulators);
    }

    /// <summary>The operands of one block; −1 where the step has none.</summary>
    /// <param name="TransposedOutput">y, transposed [H].</param>
    /// <param name="TransposedStream">q after the block, transposed [H].</param>
    /// <param name="Hidden">SiLU(z) [4H].</param>
    /// <param name="Adjoint">q_z [4H]; of the folded first block q_z·rsd. Without dropout SiLU' until the backward pass.</param>
    /// <param name="TransposedOutputTangent">ẏ, transposed [H].</param>
    /// <param name="TransposedTangentStream">p after the block, transposed [H].</param>
    /// <param name="HiddenTangent">ḣ [4H].</param>
    /// <param name="TangentAdjoint">p_z [4H].</param>
    /// <param name="Normalized">x̂ [H].</param>
    /// <param name="Rows">Statistics.</param>
    /// <param name="Product">W_γ x̂ of the folded first block [4H].</param>
    internal readonly record struct BlockRecord(
        long TransposedOutput,
        long TransposedStream,
        long Hidden,
        long Adjoint,
        long TransposedOutputTangent,
        long TransposedTangentStream,
        long HiddenTangent,
        long TangentAdjoint,
        long Normalized,
        long Rows,
        long Product);
}
