using System.Runtime.CompilerServices;
using EDA.Kernels.Cpu.Matrix;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// From the records of a slab's panels to the flat gradient: weight products, sums over rows, and the chain rule from
/// the folded matrices back to the parameters they were folded from. With dN [H × A+32+S+1] the gradient of [N, c₀]:
/// dF = dN·[D, d]ᵀ and d[D, d] = Fᵀ·dN, part by part. In the folded first block, with G = Σ rsd·q_z [a; e; s; 1]ᵀ and
/// Ŵ = Σ q_z x̂ᵀ = G·[N, c₀]ᵀ − (Σ rsd·mean·q_z)·1ᵀ: dW1 = Ŵ·diag γ + (Σ q_z)·βᵀ, dγ = Σ_i W1_i ⊙ Ŵ_i,
/// dβ = Σ_i W1_i·Σ q_z,i, and dN gains W_γᵀ G.
/// </summary>
internal sealed unsafe class GradientAssembly<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int SumsPerItem = 512;
    private const int RowsPerItem = 64;

    private readonly BdmLayout _layout;
    private readonly TrainingRecord _record;
    private readonly PreparedNetwork<TV, TS> _network;
    private readonly WorkerPool _pool;
    private readonly KeptOperands? _kept;
    private readonly long _stride;
    private readonly long _sumsStart;
    private readonly WeightGradient<TV, TS> _products;
    private readonly NativeBuffer _memory = new();
    private readonly NativeBuffer _accumulatorMemory = new();
    private readonly float* _accumulators;
    private readonly float* _sums;
    private readonly float* _inputGradient;
    private readonly float* _foldedTransposed;
    private readonly int _inputStride;
    private readonly Item[] _sumItems;
    private readonly Item[] _firstItems;
    private readonly Item[] _secondItems;
    private Item[] _items = [];
    private float* _records;
    private int _panels;
    private bool _accumulate;
    private float* _gradient;

    /// <summary>Plans the work.</summary>
    /// <param name="layout">Of the parameters.</param>
    /// <param name="record">Where a panel's operands stand.</param>
    /// <param name="network">The network of the pass.</param>
    /// <param name="pool">Who works.</param>
    public GradientAssembly(BdmLayout layout, TrainingRecord record, PreparedNetwork<TV, TS> network, WorkerPool pool)
    {
        (_layout, _record, _network, _pool) = (layout, record, network, pool);
        _kept = record.Passes ? new KeptOperands(record) : null;
        (_stride, _sumsStart) = _kept is null ? (record.Stride, record.SumsStart) : (_kept.Stride, _kept.SumsStart);
        _products = new WeightGradient<TV, TS>(_kept?.Products ?? record.Products, _stride, pool.Arithmetic);
        _inputStride = record.TransposedInputSize;
        int h = layout.Shape.Width;
        var memory = default(RecordLayout);
        long sums = memory.Take(record.Sums.Length);
        long inputGradient = memory.Take((long)h * _inputStride);
        long foldedTransposed = memory.Take((long)h * _inputStride);
        float* start = _memory.Require(memory);
        _accumulators = _accumulatorMemory.Require(record.Accumulators);
        _sums = start + sums;
        _inputGradient = start + inputGradient;
        _foldedTransposed = start + foldedTransposed;
        _sumItems = [.. Ranges(Kind.Sums, 0, (int)record.Sums.Length, SumsPerItem)];
        (_firstItems, _secondItems) = Plan();
    }

    private enum Kind
    {
        Sums,
        Small,
        Expand,
        FoldedExpand,
        Contract,
        Input,
        InputWeight,
        ActionDense,
        EmbeddingDense,
        StateDense,
    }

    // The rows of N are shared out by these tiles, those of the matrix that they are multiplied by where the first block is folded.
    private PackedMatrix InputTiles => _record.SecondOrder ? _network.Input : _network.ExpandTransposed(0);

    /// <summary>Makes room for what a slab's weight gradients are summed of.</summary>
    /// <param name="panels">Its panels.</param>
    public void Begin(int panels)
    {
        _products.Begin(panels);
        _kept?.Begin(panels);
    }

    /// <summary>Takes a panel's operands, its passes being over.</summary>
    /// <param name="record">The panel's record.</param>
    /// <param name="panel">The panel, from 0 in the slab.</param>
    public void Keep(float* record, int panel)
    {
        _products.Keep(record, panel);
        _kept?.Keep(record, panel);
    }

    /// <summary>Takes an operand of some panels that passes, as a left factor; where none passes there is nothing to do.</summary>
    /// <param name="operand">The operand.</param>
    /// <param name="record">The first panel's record.</param>
    /// <param name="first">The first panel, from 0 in the slab.</param>
    /// <param name="panels">The panels.</param>
    public void KeepLeft(long operand, float* record, int first, int panels)
    {
        for (int p = 0; p < panels && PassingOperand.Is(operand); p++)
            _products.KeepLeft(operand, record + (p * _record.Stride), first + p);
    }

    /// <summary>The same as a right factor.</summary>
    public void KeepRight(long operand, float* record, int first, int panels)
    {
        for (int p = 0; p < panels && PassingOperand.Is(operand); p++)
            _products.KeepRight(operand, record + (p * _record.Stride), first + p);
    }

    /// <summary>Adds a slab.</summary>
    public void Add(float* records, int panels, bool accumulate)
    {
        _records = _kept is null ? records : _kept.Panels;
        _products.Compute(_pool, _records, panels, _accumulators, accumulate);
        (_panels, _accumulate) = (panels, accumulate);
        RunAll(_sumItems);
    }

    /// <summary>Writes the flat gradient.</summary>
    public void Finish(float* gradient)
    {
        _gradient = gradient;
        RunAll(_firstItems);
        RunAll(_secondItems);
    }

    public void Run(int item, int worker)
    {
        var (kind, l, first, end) = _items[item];
        var shape = _layout.Shape;
        switch (kind)
        {
            case Kind.Sums: SumPanels(first, end); break;
            case Kind.Small: Small(); break;
            case Kind.Expand: Expand(l, first, end); break;
            case Kind.FoldedExpand: FoldedExpand(first); break;
            case Kind.Contract: Contract(l, first, end); break;
            case Kind.Input: Input(first, end); break;
            case Kind.InputWeight: InputWeight(first, end); break;
            case Kind.ActionDense: Dense(_layout.ActionWeight, _layout.ActionBias, 0, 0, first, end); break;
            case Kind.EmbeddingDense: Dense(_layout.EmbeddingWeight, _layout.EmbeddingBias, shape.ActionFeatures, shape.ActionSize, first, end); break;
            case Kind.StateDense:
                Dense(_layout.StateWeight!, _layout.StateBias!, shape.ActionFeatures + shape.EmbeddingFeatures, shape.ActionSize + BdmShape.TimeFeatures, first, end);
                break;
        }
    }

    public void Dispose()
    {
        _memory.Dispose();
        _accumulatorMemory.Dispose();
        _products.Dispose();
        _kept?.Dispose();
    }

    private static IEnumerable<Item> Ranges(Kind kind, int block, int count, int share)
    {
        for (int first = 0; first < count; first += share)
            yield return new Item(kind, block, first, Math.Min(first + share, count));
    }

    private (Item[] First, Item[] Second) Plan()
    {
        var shape = _layout.Shape;
        List<Item> first = [new Item(Kind.Small, 0, 0, 0)], second = [];
        for (int l = 0; l < shape.Blocks; l++)
        {
            bool folded = l == 0 && !_record.SecondOrder;
            if (folded)
                first.AddRange(Ranges(Kind.FoldedExpand, 0, shape.Width, PanelRows));
            else
                first.AddRange(Ranges(Kind.Expand, l, shape.Hidden, RowsPerItem));
            first.AddRange(Ranges(Kind.Contract, l, shape.Width, PanelRows));
        }

        first.AddRange(Ranges(Kind.Input, 0, InputTiles.Tiles, 4));
        second.AddRange(Ranges(Kind.InputWeight, 0, shape.Width, PanelRows));
        second.AddRange(Ranges(Kind.ActionDense, 0, shape.ActionFeatures, PanelRows));
        second.AddRange(Ranges(Kind.EmbeddingDense, 0, shape.EmbeddingFeatures, PanelRows));
        second.AddRange(Ranges(Kind.StateDense, 0, shape.StateFeatures, PanelRows));
        return ([.. first], [.. second]);
    }

    private void RunAll(Item[] items)
    {
        _items = items;
        _pool.Run(this, items.Length);
    }

    private float* Gradient(ParameterSlice slice) => _gradient + slice.Offset;

    /// <summary>Adds the panels' sums, in order.</summary>
    private void SumPanels(int first, int end) =>
        PanelSum<TV, TS>.OfPanels(_records + _sumsStart + first, _stride, _panels, end - first, _accumulate, _sums + first);

    private void Small()
    {
        var shape = _layout.Shape;
        Clear(_layout.Frequencies);
        Clear(_layout.OutputBias);
        Copy(_record.Sums.ConditionBias, _layout.ConditionBias);
        float* condition = _accumulators + _record.ConditionProduct.Destination;
        float* conditionGradient = Gradient(_layout.ConditionWeight);
        for (int wave = 0; wave < BdmShape.TimeFeatures; wave++)
        {
            for (int i = 0; i < BdmShape.TimeFeatures; i++)
                conditionGradient[(i * BdmShape.TimeFeatures) + wave] = condition[(wave * PanelRows) + i];
        }

        float* output = Gradient(_layout.OutputWeight);
        for (int j = 0; j < shape.ActionSize; j++)
            new Span<float>(_sums + _record.Sums.OutputSlope, shape.Width).CopyTo(new Span<float>(output + (j * shape.Width), shape.Width));
        for (int l = 0; l < shape.Blocks; l++)
        {
            var (slices, sums) = (_layout.Blocks[l], _record.Sums.Blocks[l]);
            Copy(sums.ExpandBias, slices.ExpandBias);
            Copy(sums.ContractBias, slices.ContractBias);
            if (l == 0 && !_record.SecondOrder)
                continue;
            Copy(sums.NormWeight, slices.NormWeight);
            Copy(sums.NormBias, slices.NormBias);
        }
    }

    private void Clear(ParameterSlice slice) => new Span<float>(Gradient(slice), slice.Length).Clear();

    private void Copy(long sums, ParameterSlice slice) =>
        new Span<float>(_sums + sums, slice.Length).CopyTo(new Span<float>(Gradient(slice), slice.Length));

    /// <summary>dW1, from [H/32][4H][32] to row-major.</summary>
    private void Expand(int l, int first, int end)
    {
        int width = _layout.Shape.Width, hidden = _layout.Shape.Hidden;
        float* from = _accumulators + _record.Expand(l).Destination;
        float* to = Gradient(_layout.Blocks[l].ExpandWeight);
        for (int row = first; row < end; row++)
        {
            for (int column = 0; column < width; column += PanelRows)
                new Span<float>(from + ((long)column * hidden) + (row * PanelRows), PanelRows).CopyTo(new Span<float>(to + ((long)row * width) + column, PanelRows));
        }
    }

    /// <summary>dW2, from its transpose [H/32][4H][32] to row-major.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Contract(int l, int first, int end)
    {
        int hidden = _layout.Shape.Hidden;
        float* from = _accumulators + _record.Contract(l).Destination + ((long)first * hidden);
        float* to = Gradient(_layout.Blocks[l].ContractWeight) + ((long)first * hidden);
        for (int block = 0; block < hidden; block += PanelRows)
        {
            for (int i = 0; i < end - first; i++)
            {
                for (int j = block; j < block + PanelRows; j++)
                    to[((long)i * hidden) + j] = from[((long)j * PanelRows) + i];
            }
        }
    }

    /// <summary>Columns first … first + 31 of dW1, dγ and dβ of the folded first block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FoldedExpand(int first)
    {
        int width = _layout.Shape.Width, hidden = _layout.Shape.Hidden;
        var (slices, sums) = (_layout.Blocks[0], _record.Sums.Blocks[0]);
        float* folded = _foldedTransposed + ((long)first * _inputStride);
        for (int c = 0; c < _inputStride; c++)
        {
            for (int i = 0; i < PanelRows; i++)
                folded[(c * PanelRows) + i] = c <= _record.InputSize ? _network.Folded[((long)(first + i) * _network.FoldedStride) + c] : 0f;
        }

        float* products = stackalloc float[12 * PanelRows];
        float* gamma = _network.Parameter(slices.NormWeight) + first;
        float* beta = _network.Parameter(slices.NormBias) + first;
        float* gammaGradient = Gradient(slices.NormWeight) + first;
        float* betaGradient = Gradient(slices.NormBias) + first;
        new Span<float>(gammaGradient, PanelRows).Clear();
        new Span<float>(betaGradient, PanelRows).Clear();
        float* adjoints = _accumulators + _record.Expand(0).Destination;
        for (int j = 0, height; j < hidden; j += height)
        {
            height = hidden - j >= 12 ? 12 : hidden - j >= 8 ? 8 : 4;
            var terms = new PanelTerms(adjoints + (j * PanelRows), (long)hidden * PanelRows, folded, PanelRows * PanelRows, _inputStride / PanelRows, PanelRows);
            PanelProduct<TV, TS, ActivationPanel>.Tile(height, terms, products, false);
            for (int row = j; row < j + height; row++)
            {
                TV mean = TS.Broadcast(_sums[_record.Sums.FirstMean + row]), bias = TS.Broadcast(_sums[sums.ExpandBias + row]);
                float* weight = _network.Parameter(slices.ExpandWeight) + ((long)row * width) + first;
                float* gradient = Gradient(slices.ExpandWeight) + ((long)row * width) + first;
                float* product = products + ((row - j) * PanelRows);
                for (int i = 0; i < PanelRows; i += TS.Count)
                {
                    TV value = TS.Subtract(TS.Load(product + i), mean), w = TS.Load(weight + i);
                    TS.Store(TS.MultiplyAdd(value, TS.Load(gamma + i), TS.Multiply(bias, TS.Load(beta + i))), gradient + i);
                    TS.Store(TS.MultiplyAdd(w, value, TS.Load(gammaGradient + i)), gammaGradient + i);
                    TS.Store(TS.MultiplyAdd(w, bias, TS.Load(betaGradient + i)), betaGradient + i);
                }
            }
        }
    }

    /// <summary>dN, row-major, for a range of the tiles of its rows.</summary>
    private void Input(int firstTile, int endTile)
    {
        int actionSize = _layout.Shape.ActionSize, hidden = _layout.Shape.Hidden;
        var tiles = InputTiles;
        int firstRow = tiles.FirstFeature(firstTile), endRow = tiles.FirstFeature(endTile);
        float* from = _accumulators + _record.InputProduct.Destination;
        int features = _record.InputSize + 1;
        for (int row = firstRow; row < endRow; row++)
        {
            float* to = _inputGradient + ((long)row * _inputStride);
            float* column = from + ((long)(row / PanelRows) * _record.InputProduct.PaddedRows * PanelRows) + (row % PanelRows);
            for (int c = 0; c < features; c++)
                to[c] = column[c * PanelRows];
            if (!_record.SecondOrder)
                continue;
            float* direction = _accumulators + _record.DirectionProduct.Destination + ((long)(row / PanelRows) * actionSize * PanelRows) + (row % PanelRows);
            for (int c = 0; c < actionSize; c++)
                to[c] += direction[c * PanelRows];
        }

        if (_record.SecondOrder)
            return;
        var weights = _network.ExpandTransposed(0);
        float* products = stackalloc float[12 * PanelRows];
        float* adjoints = _accumulators + _record.Expand(0).Destination;
        for (int tile = firstTile; tile < endTile; tile++)
        {
            int feature = weights.FirstFeature(tile), height = weights.Height(tile);
            for (int column = 0; column < features; column += PanelRows)
            {
                Product<TV, TS>.Tile(weights, tile, adjoints + ((long)column * hidden), products);
                for (int row = 0; row < height; row++)
                {
                    for (int c = column; c < Math.Min(column + PanelRows, features); c++)
                        _inputGradient[((long)(feature + row) * _inputStride) + c] += products[(row * PanelRows) + c - column];
                }
            }
        }
    }

    /// <summary>Rows of dF and of df₀.</summary>
    private void InputWeight(int first, int end)
    {
        var shape = _layout.Shape;
        for (int row = first; row < end; row++)
        {
            float* gradient = _inputGradient + ((long)row * _inputStride);
            float constant = gradient[_record.InputSize];
            float* to = Gradient(_layout.InputWeight) + ((long)row * shape.Width);
            Gradient(_layout.InputBias)[row] = constant;
            Row(_layout.ActionWeight, _layout.ActionBias, gradient, constant, to);
            Row(_layout.EmbeddingWeight, _layout.EmbeddingBias, gradient + shape.ActionSize, constant, to + shape.ActionFeatures);
            if (shape.StateSize > 0)
                Row(_layout.StateWeight!, _layout.StateBias!, gradient + shape.ActionSize + BdmShape.TimeFeatures, constant, to + shape.ActionFeatures + shape.EmbeddingFeatures);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(ParameterSlice weight, ParameterSlice bias, float* gradient, float constant, float* to)
    {
        int columns = weight.Dimensions[1];
        float* w = _network.Parameter(weight);
        float* d = _network.Parameter(bias);
        for (int u = 0; u < bias.Length; u++, w += columns)
        {
            float total = constant * d[u];
            for (int c = 0; c < columns; c++)
                total += gradient[c] * w[c];
            to[u] = total;
        }
    }

    /// <summary>Rows of dD and dd: Σ_row F[row, feature + u]·dN[row, column + c].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Dense(ParameterSlice weight, ParameterSlice bias, int feature, int column, int first, int end)
    {
        int width = _layout.Shape.Width, columns = weight.Dimensions[1];
        float* f = _network.Parameter(_layout.InputWeight) + feature;
        float* weightGradient = Gradient(weight);
        float* biasGradient = Gradient(bias);
        new Span<float>(weightGradient + ((long)first * columns), (end - first) * columns).Clear();
        new Span<float>(biasGradient + first, end - first).Clear();
        for (int row = 0; row < width; row++, f += width)
        {
            float* gradient = _inputGradient + ((long)row * _inputStride);
            float constant = gradient[_record.InputSize];
            for (int u = first; u < end; u++)
            {
                float factor = f[u];
                float* to = weightGradient + ((long)u * columns);
                for (int c = 0; c < columns; c++)
                    to[c] += factor * gradient[column + c];
                biasGradient[u] += factor * constant;
            }
        }
    }

    private readonly record struct Item(Kind Kind, int Block, int First, int End);
}
