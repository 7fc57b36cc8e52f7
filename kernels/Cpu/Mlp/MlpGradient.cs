using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// The gradients of a multi-layer perceptron: each tile of rows runs forward and back on one thread. For the parameters'
/// gradient a slab's operands are kept, weight gradients summed over them, and slabs added up in order, so the result does
/// not depend on who does what; without it nothing is kept. 2·rows·Σ in·out FLOP each for forward, the parameters'
/// gradient and the input's.
/// </summary>
internal sealed unsafe class MlpGradient<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int SumsPerItem = 512;
    private const int RowsPerItem = 64;

    private readonly WorkerPool _pool;
    private readonly MlpLayout.Network _network;
    private readonly MlpLayers<TV, TS> _layers;
    private readonly MlpPanels _keptAt;
    private readonly MlpPanels _passingAt;
    private readonly GradientProduct[] _products;
    private readonly WeightGradient<TV, TS> _weights;
    private readonly (int Layer, int First, int End)[] _gradientItems;
    private readonly NativeBuffer _records = new();
    private readonly NativeBuffer _scratch = new();
    private readonly NativeBuffer _accumulatorMemory = new();
    private readonly NativeBuffer _sumMemory = new();
    private readonly RecordLayout _accumulatorPlaces;
    private Round _round;
    private MlpPointers _call;
    private MlpPanels _at;
    private float* _memory;
    private float* _accumulators;
    private float* _sums;
    private long _firstRow;
    private long _endRow;
    private int _panels;
    private bool _accumulate;

    public MlpGradient(MlpLayout layout, WorkerPool pool)
    {
        (_pool, _network) = (pool, layout.Networks[0]);
        var shape = layout.Shape;
        _layers = new MlpLayers<TV, TS>(layout, backward: true, pool.FinerArithmetic);
        _keptAt = new MlpPanels(shape, MlpPurpose.AllGradients);
        _at = _passingAt = new MlpPanels(shape, MlpPurpose.InputGradient);
        var accumulators = default(RecordLayout);
        _products = new GradientProduct[shape.Layers];
        var items = new List<(int, int, int)>();
        for (int l = 0; l < shape.Layers; l++)
        {
            int rows = shape.LayerOutput(l), columns = MlpPanels.RoundUp(shape.LayerInput(l));
            var product = new GradientProduct(_keptAt.Adjoint(l), _keptAt.TransposedInput[l], -1, 0, rows, columns, pool.FinerArithmetic);
            _products[l] = product with { Destination = accumulators.Take(product.Length) };
            for (int row = 0; row < rows; row += RowsPerItem)
                items.Add((l, row, Math.Min(row + RowsPerItem, rows)));
        }

        (_accumulatorPlaces, _gradientItems) = (accumulators, [.. items]);
        _weights = new WeightGradient<TV, TS>(_products, _keptAt.Stride, pool.FinerArithmetic);
    }

    private enum Round
    {
        Pack,
        Rows,
        Sums,
        Gradient,
    }

    /// <summary>Computes what is wanted.</summary>
    public void Run(in MlpPointers call)
    {
        _call = call;
        _layers.Use(call.Parameters);
        Start(Round.Pack, _layers.Parts(toInput: call.InputsGradient != null));
        if (call.ParametersGradient == null)
        {
            _at = _passingAt;
            _memory = _scratch.Require(_at.Layout, _pool.TilePanels * _pool.Workers);
            (_firstRow, _endRow) = (0, call.Rows);
            Start(Round.Rows, Tiles());
            return;
        }

        _at = _keptAt;
        _memory = _records.Require(_at.Layout, (Math.Min(call.Rows, TrainingSlab.Rows) + PanelRows - 1) / PanelRows);
        _accumulators = _accumulatorMemory.Require(_accumulatorPlaces);
        _sums = _sumMemory.Require(_at.SumsLength);
        for (_firstRow = 0; _firstRow < call.Rows; _firstRow = _endRow)
        {
            _endRow = Math.Min(_firstRow + TrainingSlab.Rows, call.Rows);
            (_panels, _accumulate) = ((int)((_endRow - _firstRow + PanelRows - 1) / PanelRows), _firstRow > 0);
            _weights.Begin(_panels);
            Start(Round.Rows, Tiles());
            _weights.Compute(_pool, _memory, _panels, _accumulators, _accumulate);
            Start(Round.Sums, (_at.SumsLength + SumsPerItem - 1) / SumsPerItem);
        }

        Start(Round.Gradient, _gradientItems.Length);
    }

    public void Run(int item, int worker)
    {
        switch (_round)
        {
            case Round.Pack: _layers.Pack(item); break;
            case Round.Rows: Tile(item, worker); break;
            case Round.Sums: Sum(item * SumsPerItem); break;
            default: Write(_gradientItems[item]); break;
        }
    }

    public void Dispose()
    {
        _layers.Dispose();
        _records.Dispose();
        _scratch.Dispose();
        _accumulatorMemory.Dispose();
        _weights.Dispose();
        _sumMemory.Dispose();
    }

    private void Start(Round round, int items)
    {
        _round = round;
        _pool.Run(this, items);
    }

    private int Tiles() => checked((int)((_endRow - _firstRow + _pool.TileRows - 1) / _pool.TileRows));

    // Forward and back.
    private void Tile(int item, int worker)
    {
        var shape = _layers.Shape;
        bool keeps = _call.ParametersGradient != null, toInput = _call.InputsGradient != null;
        long first = _firstRow + ((long)item * _pool.TileRows);
        int panels = (int)Math.Min(_pool.TilePanels, (_endRow - first + PanelRows - 1) / PanelRows);
        float* record = _memory + ((keeps ? item : worker) * _pool.TilePanels * _at.Stride);
        for (int p = 0; p < panels; p++)
            PanelInput<TV, TS>.Rows(_call.Inputs, shape.InputSize, first + (p * PanelRows), _endRow, 1, record + (p * _at.Stride) + _at.Input);
        _layers.Forward(_at, record, panels);
        for (int p = 0; p < panels; p++)
        {
            float* panel = record + (p * _at.Stride);
            long row = first + (p * PanelRows);
            if (_call.Outputs != null)
                PanelOutput.Rows(panel + _at.Output, shape.OutputSize, row, _endRow, _call.Outputs);
            PanelInput<TV, TS>.Rows(_call.OutputsGradient, shape.OutputSize, row, _endRow, 1, panel + _at.OutputAdjoint);
            for (int l = 0; l < _at.TransposedInput.Length; l++)
                PanelTranspose.Run(panel + (l == 0 ? _at.Input : _at.Hidden[l - 1]), shape.LayerInput(l), panel + _at.TransposedInput[l]);
        }

        _layers.Backward(_at, record, panels, toInput);
        for (int p = 0; p < panels && toInput; p++)
            PanelOutput.Rows(record + (p * _at.Stride) + _at.InputGradient, shape.InputSize, first + (p * PanelRows), _endRow, _call.InputsGradient);
        for (int p = 0; p < panels && keeps; p++)
            _weights.Keep(record + (p * _at.Stride), (item * _pool.TilePanels) + p);
    }

    private void Sum(int first) => PanelSum<TV, TS>.OfPanels(
        _memory + _at.Sums + first, _at.Stride, _panels, Math.Min(SumsPerItem, _at.SumsLength - first), _accumulate, _sums + first);

    // From the sums to a range of a layer's rows in the flat gradient.
    private void Write((int Layer, int First, int End) item)
    {
        var (layer, first, end) = item;
        var slices = _network.Layers[layer];
        int rows = _products[layer].PaddedRows, columns = slices.Weight.Dimensions[1];
        float* sums = _accumulators + _products[layer].Destination;
        for (int j = first; j < end; j++)
        {
            float* to = _call.ParametersGradient + slices.Weight.Offset + ((long)j * columns);
            for (int i = 0; i < columns; i += PanelRows)
            {
                int count = Math.Min(PanelRows, columns - i);
                new Span<float>(sums + ((long)i * rows) + (j * PanelRows), count).CopyTo(new Span<float>(to + i, count));
            }
        }

        new Span<float>(_sums + _at.BiasSums[layer] + first, end - first).CopyTo(new Span<float>(_call.ParametersGradient + slices.Bias.Offset + first, end - first));
    }
}
