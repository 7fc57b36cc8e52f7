using System.Runtime.CompilerServices;
using EDA.Kernels.Cpu.Matrix;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>What a prepared network will be used for: decides which matrices are packed.</summary>
internal enum PreparedFor
{
    /// <summary>f alone, no dropout.</summary>
    Density,

    /// <summary>f and its gradient with respect to the action, no dropout.</summary>
    Score,

    /// <summary>f and its gradient with respect to the parameters, no dropout.</summary>
    Alignment,

    /// <summary>The denoising loss and its parameter gradient, with dropout.</summary>
    Denoising,
}

/// <summary>
/// Per hidden feature of the first block, whose layer norm without dropout is folded into its matrix W_γ = W1·diag(γ):
/// Offset = W_γ c₀, RowSum = W_γ 1, Bias = W1 β + b1.
/// </summary>
internal readonly unsafe struct FirstBlock(float* offset, float* rowSum, float* bias)
{
    public float* Offset => offset;

    public float* RowSum => rowSum;

    public float* Bias => bias;
}

/// <summary>
/// The parameters of a network in the form the passes read, made anew for each step. The dense layers and F compose
/// linearly, so the network's input is x₀ = N·[a; e; s] + c₀ with N = F·diag(D2, D1, D3) of A + 32 + S columns in place
/// of a 256×256 product per row; without dropout the first block's fc1 shrinks to W_γ·N of as many columns.
/// </summary>
internal sealed unsafe class PreparedNetwork<TV, TS> : IDisposable, IParallelWork
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int RowsPerItem = 32;
    private const int TilesPerItem = 8;

    private readonly BdmLayout _layout;
    private readonly PreparedFor _use;
    private readonly NativeBuffer _memory = new();
    private readonly NativeBuffer _packed = new();
    private readonly int _foldedStride;
    private readonly float* _folded;
    private readonly float* _foldedPanels;
    private readonly float* _firstProduct;
    private readonly Item[][] _phases;
    private readonly PackedMatrix[] _expand;
    private readonly PackedMatrix[] _contract;
    private readonly PackedMatrix?[] _expandTransposed;
    private readonly PackedMatrix?[] _contractTransposed;
    private Item[] _items = [];
    private float* _parameters;

    /// <summary>Plans the matrices.</summary>
    /// <param name="layout">Of the parameters.</param>
    /// <param name="use">What for.</param>
    /// <param name="arithmetic">How products are made in blocks; null for fp32.</param>
    public PreparedNetwork(BdmLayout layout, PreparedFor use, BlockArithmetic? arithmetic)
    {
        (_layout, _use) = (layout, use);
        var shape = layout.Shape;
        int h = shape.Width, hidden = shape.Hidden, blocks = shape.Blocks;
        InputSize = shape.ActionSize + BdmShape.TimeFeatures + shape.StateSize;
        _foldedStride = (InputSize + 2 + PanelRows - 1) / PanelRows * PanelRows;

        var record = default(RecordLayout);
        long folded = record.Take((long)h * _foldedStride);
        long panels = record.Take((long)h * _foldedStride);
        long product = record.Take((long)hidden * _foldedStride);
        long inputBias = record.Take(h), outputSum = record.Take(h);
        long offset = record.Take(hidden), rowSum = record.Take(hidden), bias = record.Take(hidden);
        float* memory = _memory.Require(record);
        _folded = memory + folded;
        _foldedPanels = memory + panels;
        _firstProduct = memory + product;
        InputBias = memory + inputBias;
        OutputSum = memory + outputSum;
        FirstBlock = new FirstBlock(memory + offset, memory + rowSum, memory + bias);

        // What all else rests on is small, and bf16 in one part would show there.
        Condition = Finer(BdmShape.TimeFeatures, BdmShape.TimeFeatures);
        Input = Finer(h, InputSize);
        _expand = new PackedMatrix[blocks];
        _contract = new PackedMatrix[blocks];
        _expandTransposed = new PackedMatrix?[blocks];
        _contractTransposed = new PackedMatrix?[blocks];
        for (int l = 0; l < blocks; l++)
        {
            // What the folded first block is computed from, once a step, stays fp32.
            bool folds = l == 0 && use != PreparedFor.Denoising;
            _expand[l] = folds ? new PackedMatrix(hidden, h) : Matrix(hidden, h);
            _contract[l] = Matrix(h, hidden);
            if (use == PreparedFor.Density)
                continue;
            _contractTransposed[l] = Matrix(hidden, h);
            if (l > 0 || use != PreparedFor.Score)
                _expandTransposed[l] = folds ? new PackedMatrix(h, hidden) : Matrix(h, hidden);
        }

        if (use != PreparedFor.Denoising)
            FirstExpand = Matrix(hidden, InputSize);
        if (use is PreparedFor.Score or PreparedFor.Denoising)
            ActionTransposed = Matrix(shape.ActionSize, h);
        if (use == PreparedFor.Score)
            FirstActionTransposed = Matrix(shape.ActionSize, hidden);
        if (use is PreparedFor.Alignment or PreparedFor.Denoising)
            EmbeddingTransposed = Finer(BdmShape.TimeFeatures, h);
        if (use == PreparedFor.Alignment)
            FirstEmbeddingTransposed = Finer(BdmShape.TimeFeatures, hidden);
        if (use == PreparedFor.Denoising)
            Action = Matrix(h, shape.ActionSize);
        PackedMatrix.Place(
            [
                .. _expand, .. _contract, .. _expandTransposed, .. _contractTransposed, FirstExpand, FirstActionTransposed, FirstEmbeddingTransposed,
                Condition, Input, Action, ActionTransposed, EmbeddingTransposed,
            ],
            _packed);
        _phases = Plan();

        PackedMatrix Matrix(int outputs, int depth) => new(outputs, depth, arithmetic: arithmetic);
        PackedMatrix Finer(int outputs, int depth) => new(outputs, depth, arithmetic: arithmetic?.Finer);
    }

    private enum Kind
    {
        Fold,
        Small,
        Expand,
        Contract,
        ExpandTransposed,
        ContractTransposed,
        FirstBias,
        FirstProduct,
        Inputs,
        FirstInputs,
    }

    /// <summary>A + 32 + S: the variables of [a; e; s].</summary>
    public int InputSize { get; }

    /// <summary>N [H × A+32+S].</summary>
    public PackedMatrix Input { get; }

    /// <summary>c₀ [H].</summary>
    public float* InputBias { get; }

    /// <summary>The action columns of N [H×A].</summary>
    public PackedMatrix? Action { get; }

    /// <summary>The action columns of N, transposed [A×H].</summary>
    public PackedMatrix? ActionTransposed { get; }

    /// <summary>The embedding columns of N, transposed [32×H].</summary>
    public PackedMatrix? EmbeddingTransposed { get; }

    /// <summary>C [32×32].</summary>
    public PackedMatrix Condition { get; }

    /// <summary>The column sums of O [H].</summary>
    public float* OutputSum { get; }

    /// <summary>The sum of o.</summary>
    public float OutputBias { get; private set; }

    /// <summary>W_γ N [4H × A+32+S].</summary>
    public PackedMatrix? FirstExpand { get; }

    /// <summary>The action columns of W_γ N, transposed [A×4H].</summary>
    public PackedMatrix? FirstActionTransposed { get; }

    /// <summary>The embedding columns of W_γ N, transposed [32×4H].</summary>
    public PackedMatrix? FirstEmbeddingTransposed { get; }

    /// <summary>The vectors that go with <see cref="FirstExpand"/>.</summary>
    public FirstBlock FirstBlock { get; }

    /// <summary>N, row-major; see <see cref="FoldedStride"/>.</summary>
    public float* Folded => _folded;

    /// <summary>Floats from one row of <see cref="Folded"/> to the next.</summary>
    public int FoldedStride => _foldedStride;

    /// <summary>W1 of block l [4H×H]; in block 0 times γ where the first block is folded.</summary>
    public PackedMatrix Expand(int l) => _expand[l];

    /// <summary>W2 of block l [H×4H].</summary>
    public PackedMatrix Contract(int l) => _contract[l];

    /// <summary>W1ᵀ of block l [H×4H]; in block 0 times γ where the first block is folded.</summary>
    public PackedMatrix ExpandTransposed(int l) => _expandTransposed[l]!;

    /// <summary>W2ᵀ of block l [4H×H].</summary>
    public PackedMatrix ContractTransposed(int l) => _contractTransposed[l]!;

    /// <summary>A parameter slice of the step under way.</summary>
    public float* Parameter(ParameterSlice slice) => _parameters + slice.Offset;

    /// <summary>Folds and packs.</summary>
    /// <param name="parameters">The flat parameter array, not to change while the passes run.</param>
    /// <param name="pool">Who does it.</param>
    public void Prepare(float* parameters, WorkerPool pool)
    {
        _parameters = parameters;
        foreach (var phase in _phases)
        {
            _items = phase;
            pool.Run(this, phase.Length);
        }
    }

    public void Run(int item, int worker)
    {
        var (kind, l, first, end) = _items[item];
        var shape = _layout.Shape;
        int h = shape.Width, hidden = shape.Hidden;
        var block = _layout.Blocks[l];
        bool folds = l == 0 && _use != PreparedFor.Denoising;
        float* gamma = folds ? Parameter(block.NormWeight) : null;
        switch (kind)
        {
            case Kind.Fold: Fold(first, end); break;
            case Kind.Small: PrepareSmall(); break;
            case Kind.Expand when folds: _expand[l].Pack<TV, TS>(Parameter(block.ExpandWeight), h, 1, null, gamma, first, end); break;
            case Kind.Expand: _expand[l].PackRows<TV, TS>(Parameter(block.ExpandWeight), first, end); break;
            case Kind.Contract: _contract[l].PackRows<TV, TS>(Parameter(block.ContractWeight), first, end); break;
            case Kind.ExpandTransposed: _expandTransposed[l]!.Pack<TV, TS>(Parameter(block.ExpandWeight), 1, h, gamma, null, first, end); break;
            case Kind.ContractTransposed: _contractTransposed[l]!.Pack<TV, TS>(Parameter(block.ContractWeight), 1, hidden, null, null, first, end); break;
            case Kind.FirstBias: FirstBias(first, end); break;
            case Kind.FirstProduct: FirstProduct(first, end); break;
            case Kind.Inputs: PackInputs(); break;
            case Kind.FirstInputs: PackFirstInputs(); break;
        }
    }

    public void Dispose()
    {
        _memory.Dispose();
        _packed.Dispose();
    }

    private Item[][] Plan()
    {
        List<Item> first = [], second = [], third = [];
        for (int row = 0; row < _layout.Shape.Width; row += RowsPerItem)
            first.Add(new Item(Kind.Fold, 0, row, row + RowsPerItem));
        first.Add(new Item(Kind.Small, 0, 0, 0));
        for (int l = 0; l < _layout.Shape.Blocks; l++)
        {
            Share(first, Kind.Expand, l, _expand[l].Tiles);
            Share(first, Kind.Contract, l, _contract[l].Tiles);
            Share(first, Kind.ExpandTransposed, l, _expandTransposed[l]?.Tiles ?? 0);
            Share(first, Kind.ContractTransposed, l, _contractTransposed[l]?.Tiles ?? 0);
        }

        second.Add(new Item(Kind.Inputs, 0, 0, 0));
        if (FirstExpand == null)
            return [[.. first], [.. second]];
        for (int row = 0; row < _layout.Shape.Hidden; row += RowsPerItem)
            first.Add(new Item(Kind.FirstBias, 0, row, row + RowsPerItem));
        Share(second, Kind.FirstProduct, 0, _expand[0].Tiles);
        third.Add(new Item(Kind.FirstInputs, 0, 0, 0));
        return [[.. first], [.. second], [.. third]];
    }

    private static void Share(List<Item> items, Kind kind, int l, int tiles)
    {
        for (int tile = 0; tile < tiles; tile += TilesPerItem)
            items.Add(new Item(kind, l, tile, Math.Min(tile + TilesPerItem, tiles)));
    }

    /// <summary>Rows of N, of c₀ (the column after N) and of ones (the column after that).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fold(int firstRow, int endRow)
    {
        var shape = _layout.Shape;
        int h = shape.Width, a = shape.ActionSize, e = BdmShape.TimeFeatures, s = shape.StateSize;
        for (int row = firstRow; row < endRow; row++)
        {
            float* f = Parameter(_layout.InputWeight) + ((long)row * h);
            float* n = _folded + ((long)row * _foldedStride);
            float c = Parameter(_layout.InputBias)[row];
            c += Combine(f, _layout.ActionWeight, _layout.ActionBias, a, n);
            f += shape.ActionFeatures;
            c += Combine(f, _layout.EmbeddingWeight, _layout.EmbeddingBias, e, n + a);
            if (s > 0)
                c += Combine(f + shape.EmbeddingFeatures, _layout.StateWeight!, _layout.StateBias!, s, n + a + e);
            n[InputSize] = c;
            n[InputSize + 1] = 1f;
            InputBias[row] = c;
            for (int j = 0; j < _foldedStride; j++)
                _foldedPanels[((long)(j / PanelRows) * h * PanelRows) + (row * PanelRows) + (j % PanelRows)] = n[j];
        }
    }

    /// <summary>result = f·weight, returns f·bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float Combine(float* f, ParameterSlice weight, ParameterSlice bias, int columns, float* result)
    {
        float* w = Parameter(weight);
        float* d = Parameter(bias);
        float total = 0;
        new Span<float>(result, columns).Clear();
        for (int u = 0; u < bias.Length; u++, w += columns)
        {
            float factor = f[u];
            total += factor * d[u];
            for (int j = 0; j < columns; j++)
                result[j] += factor * w[j];
        }

        return total;
    }

    private void PrepareSmall()
    {
        var shape = _layout.Shape;
        Condition.Pack<TV, TS>(Parameter(_layout.ConditionWeight), BdmShape.TimeFeatures, 1, null, null, 0, Condition.Tiles);
        float* o = Parameter(_layout.OutputWeight);
        for (int j = 0; j < shape.Width; j++)
        {
            float total = 0;
            for (int i = 0; i < shape.ActionSize; i++)
                total += o[(i * shape.Width) + j];
            OutputSum[j] = total;
        }

        float bias = 0;
        for (int i = 0; i < shape.ActionSize; i++)
            bias += Parameter(_layout.OutputBias)[i];
        OutputBias = bias;
    }

    private void PackInputs()
    {
        int a = _layout.Shape.ActionSize;
        Input.Pack<TV, TS>(_folded, _foldedStride, 1, null, null, 0, Input.Tiles);
        Action?.Pack<TV, TS>(_folded, _foldedStride, 1, null, null, 0, Action.Tiles);
        ActionTransposed?.Pack<TV, TS>(_folded, 1, _foldedStride, null, null, 0, ActionTransposed.Tiles);
        EmbeddingTransposed?.Pack<TV, TS>(_folded + a, 1, _foldedStride, null, null, 0, EmbeddingTransposed.Tiles);
    }

    private void PackFirstInputs()
    {
        FirstExpand!.Pack<TV, TS>(_firstProduct, _foldedStride, 1, null, null, 0, FirstExpand.Tiles);
        FirstActionTransposed?.Pack<TV, TS>(_firstProduct, 1, _foldedStride, null, null, 0, FirstActionTransposed.Tiles);
        FirstEmbeddingTransposed?.Pack<TV, TS>(_firstProduct + _layout.Shape.ActionSize, 1, _foldedStride, null, null, 0, FirstEmbeddingTransposed.Tiles);
    }

    /// <summary>W1 β + b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FirstBias(int firstRow, int endRow)
    {
        var block = _layout.Blocks[0];
        int h = _layout.Shape.Width;
        float* beta = Parameter(block.NormBias);
        for (int row = firstRow; row < endRow; row++)
        {
            float* w = Parameter(block.ExpandWeight) + ((long)row * h);
            TV total = TS.Broadcast(0f);
            for (int j = 0; j < h; j += TS.Count)
                total = TS.MultiplyAdd(TS.Load(w + j), TS.Load(beta + j), total);
            FirstBlock.Bias[row] = Parameter(block.ExpandBias)[row] + TS.Sum(total);
        }
    }

    /// <summary>W_γ·[N, c₀, 1], a tile of rows at a time.</summary>
    private void FirstProduct(int firstTile, int endTile)
    {
        var weights = _expand[0];
        float* sums = stackalloc float[12 * PanelRows];
        for (int tile = firstTile; tile < endTile; tile++)
        {
            int feature = weights.FirstFeature(tile), height = weights.Height(tile);
            for (int column = 0; column < _foldedStride; column += PanelRows)
            {
                Product<TV, TS>.Tile(weights, tile, _foldedPanels + ((long)column * weights.Depth), sums);
                for (int j = 0; j < height; j++)
                    new Span<float>(sums + (j * PanelRows), PanelRows).CopyTo(new Span<float>(_firstProduct + ((long)(feature + j) * _foldedStride) + column, PanelRows));
            }

            for (int j = feature; j < feature + height; j++)
            {
                FirstBlock.Offset[j] = _firstProduct[((long)j * _foldedStride) + InputSize];
                FirstBlock.RowSum[j] = _firstProduct[((long)j * _foldedStride) + InputSize + 1];
            }
        }
    }

    private readonly record struct Item(Kind Kind, int Block, int First, int End);
}
