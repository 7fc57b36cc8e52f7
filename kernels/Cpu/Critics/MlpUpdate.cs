using System.Runtime.CompilerServices;
using EDA.Kernels.Cpu.Matrix;
using static EDA.Kernels.Cpu.CpuArguments;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>The arrays of a trained layout as pointers, and how they move.</summary>
internal readonly unsafe struct MlpMotion
{
    public MlpMotion(MlpLayout layout, in TrainedArrays arrays, in AdamSettings adam, long step, float* target = null, float targetRate = 0)
    {
        Parameters = Pointer(arrays.Parameters, layout.Length);
        Gradient = arrays.Gradient is null ? null : Pointer(arrays.Gradient, layout.Length);
        FirstMoment = Pointer(arrays.FirstMoment, layout.Length);
        SecondMoment = Pointer(arrays.SecondMoment, layout.Length);
        Adam = new AdamConstants(adam, step);
        Target = target;
        TargetRate = targetRate;
    }

    public float* Parameters { get; }

    /// <summary>Where the gradient is wanted; null for nowhere.</summary>
    public float* Gradient { get; }

    public float* FirstMoment { get; }

    public float* SecondMoment { get; }

    public AdamConstants Adam { get; }

    /// <summary>What follows the parameters, in the same order; null for nothing.</summary>
    public float* Target { get; }

    public float TargetRate { get; }
}

/// <summary>
/// The weight gradients of a slab of a critic step, and after the last slab Adam and the target's average on the
/// parameters whose gradient has just been summed. An item owns a range of one tensor's rows and adds up the panels in
/// order, so the result does not depend on who does it. 2·rows·(H² + H·(A + S)) FLOP a network.
/// </summary>
internal sealed unsafe class MlpUpdate<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    // A chunk of the right operand at H = 256 is 256 KiB: a quarter of a 1 MiB second-level cache.
    private const int PanelsPerChunk = 8;
    private const int RowsPerItem = 48;
    private const int RowsPerBlockItem = 64;

    private readonly MlpRecord _record;
    private readonly MlpLayout[] _layouts;
    private readonly MlpLayout.Network[] _networks;
    private readonly MlpMotion[] _motions;
    private readonly int[] _firstInput;
    private readonly long[] _hiddenSums;
    private readonly long[] _inputSums;
    private readonly long[] _rowSums;
    private readonly NativeBuffer[] _gradients;
    private readonly Item[] _items;
    private readonly WorkerPool _pool;
    private readonly GradientProduct[] _hiddenProducts;
    private readonly GradientProduct[] _inputProducts;
    private readonly GradientBlocks<TV, TS>? _blocks;
    private readonly NativeBuffer _memory = new();
    private readonly float* _sums;
    private float* _records;
    private int _panels;
    private bool _accumulate;
    private bool _move;

    /// <summary>Plans the work.</summary>
    /// <param name="record">Where the operands stand.</param>
    /// <param name="networks">The trained networks, in the record's order.</param>
    /// <param name="pool">Who works.</param>
    public MlpUpdate(MlpRecord record, TrainedMlp[] networks, WorkerPool pool)
    {
        (_record, _pool) = (record, pool);
        _hiddenProducts = new GradientProduct[networks.Length];
        _inputProducts = new GradientProduct[networks.Length];
        _layouts = new MlpLayout[networks.Length];
        _networks = new MlpLayout.Network[networks.Length];
        _motions = new MlpMotion[networks.Length];
        _firstInput = new int[networks.Length];
        _hiddenSums = new long[networks.Length];
        _inputSums = new long[networks.Length];
        _rowSums = new long[networks.Length];
        int share = pool.FinerArithmetic is null ? RowsPerItem : RowsPerBlockItem;
        var items = new List<Item>();
        var sums = default(RecordLayout);
        for (int i = 0; i < networks.Length; i++)
        {
            var (layout, place, firstInput) = networks[i];
            int width = layout.Shape.HiddenWidths[0];
            (_layouts[i], _networks[i], _firstInput[i]) = (layout, layout.Networks[place], firstInput);
            var operands = record.Networks[i];
            _hiddenProducts[i] = new GradientProduct(operands.Hidden2, operands.TransposedHidden1, -1, 0, width, width, pool.FinerArithmetic);
            _inputProducts[i] = new GradientProduct(operands.Hidden1, record.TransposedInput, -1, 0, width, record.TransposedInputSize, pool.FinerArithmetic);
            _hiddenSums[i] = sums.Take(_hiddenProducts[i].Length);
            _inputSums[i] = sums.Take(_inputProducts[i].Length);
            _rowSums[i] = sums.Take(record.Networks[i].SumPlaces.Length);
            for (int row = 0; row < width; row += share)
                items.Add(new Item(Kind.Hidden, i, row, Math.Min(row + share, width)));
        }

        _blocks = pool.FinerArithmetic is not { } arithmetic ? null : new GradientBlocks<TV, TS>(arithmetic, [.. _hiddenProducts, .. _inputProducts]);

        for (int i = 0; i < networks.Length; i++)
        {
            items.Add(new Item(Kind.Input, i, 0, networks[i].Layout.Shape.HiddenWidths[0]));
            items.Add(new Item(Kind.Sums, i, 0, 0));
        }

        // The large items first, so that none is left alone at the end.
        _items = [.. items.OrderByDescending(item => Terms(item))];
        _sums = _memory.Require(sums);
        int largest = networks.Max(network => network.Layout.Shape.HiddenWidths[0] * Math.Max(share, network.Layout.InputSize));
        _gradients = new NativeBuffer[pool.Workers];
        for (int worker = 0; worker < pool.Workers; worker++)
        {
            _gradients[worker] = new NativeBuffer();
            _gradients[worker].Require(largest);
        }
    }

    private enum Kind
    {
        Hidden,
        Input,
        Sums,
    }

    /// <summary>Says where one network's parameters are and how they move.</summary>
    public void Use(int network, in MlpMotion motion) => _motions[network] = motion;

    /// <summary>Makes room for the factors of a slab.</summary>
    /// <param name="panels">Its panels.</param>
    public void Begin(int panels) => _blocks?.Begin(panels);

    /// <summary>Takes a panel's input.</summary>
    /// <param name="record">The panel's record.</param>
    /// <param name="panel">The panel, from 0 in the slab.</param>
    public void KeepInput(float* record, int panel)
    {
        if (_blocks is { } blocks && Array.Exists(_inputProducts, static product => product.InBlocks))
            blocks.KeepRight(_record.TransposedInput, record, panel);
    }

    /// <summary>Takes a panel's operands of one network, whose passes are over.</summary>
    /// <param name="network">The network.</param>
    /// <param name="record">The panel's record.</param>
    /// <param name="panel">The panel, from 0 in the slab.</param>
    public void Keep(int network, float* record, int panel)
    {
        var operands = _record.Networks[network];
        if (_hiddenProducts[network].InBlocks)
        {
            _blocks!.KeepLeft(operands.Hidden2, record, panel);
            _blocks.KeepRight(operands.TransposedHidden1, record, panel);
        }

        if (_inputProducts[network].InBlocks)
            _blocks!.KeepLeft(operands.Hidden1, record, panel);
    }

    /// <summary>Adds a slab to the gradients.</summary>
    /// <param name="records">The first panel's record.</param>
    /// <param name="panels">The panels of the slab.</param>
    /// <param name="accumulate">Whether earlier slabs stand in the gradients.</param>
    /// <param name="move">Whether this is the last slab, after which the parameters move.</param>
    public void Run(float* records, int panels, bool accumulate, bool move)
    {
        _records = records;
        (_panels, _accumulate, _move) = (panels, accumulate, move);
        _pool.Run(this, _items.Length);
    }

    public void Run(int item, int worker)
    {
        var (kind, network, first, end) = _items[item];
        var slices = _networks[network];
        float* sums;
        switch (kind)
        {
            case Kind.Hidden:
                sums = _sums + _hiddenSums[network];
                Product(_hiddenProducts[network], first, end, sums);
                Matrix(network, slices.Layers[1].Weight, sums, 0, first, end, worker);
                break;
            case Kind.Input:
                sums = _sums + _inputSums[network];
                Product(_inputProducts[network], first, end, sums);
                Matrix(network, slices.Layers[0].Weight, sums, _firstInput[network], first, end, worker);
                break;
            default:
                var operands = _record.Networks[network];
                var places = operands.SumPlaces;
                Sums(network, slices.Layers[0].Bias, operands.Sums, places.InputBias);
                Sums(network, slices.Layers[1].Bias, operands.Sums, places.HiddenBias);
                Sums(network, slices.Layers[2].Weight, operands.Sums, places.OutputWeight);
                Sums(network, slices.Layers[2].Bias, operands.Sums, places.OutputBias);
                break;
        }
    }

    public void Dispose()
    {
        _memory.Dispose();
        _blocks?.Dispose();
        foreach (var gradient in _gradients)
            gradient.Dispose();
    }

    // The columns that an item sums, over all its rows.
    private int Terms(Item item) =>
        (item.End - item.First) * (item.Kind == Kind.Hidden ? _layouts[item.Network].Shape.HiddenWidths[0] : _record.TransposedInputSize);

    /// <summary>sums[i / 32][j][i % 32] (+)= Σ_rows left_j·right_i for a range of j.</summary>
    private void Product(in GradientProduct product, int first, int end, float* sums)
    {
        if (product.InBlocks)
        {
            _blocks!.Add(product, first, end, _panels, _accumulate, sums);
            return;
        }

        for (int panel = 0; panel < _panels; panel += PanelsPerChunk)
        {
            int panels = Math.Min(PanelsPerChunk, _panels - panel);
            float* record = _records + (panel * _record.Stride);
            bool accumulate = _accumulate || panel > 0;
            for (int j = first, height; j < end; j += height)
            {
                int rest = end - j;
                height = rest >= 12 ? 12 : rest >= 8 ? 8 : 4;
                for (int column = 0; column < product.Columns; column += PanelRows)
                {
                    var terms = new PanelTerms(
                        record + product.Left + (j * PanelRows), _record.Stride, record + product.Right + (column * PanelRows), _record.Stride, panels, PanelRows);
                    PanelProduct<TV, TS, ActivationPanel>.Tile(height, terms, sums + ((long)column * product.Rows) + (j * PanelRows), accumulate);
                }
            }
        }
    }

    /// <summary>From the sums to rows of a matrix's gradient, and on to the parameters.</summary>
    private void Matrix(int network, ParameterSlice slice, float* sums, int firstColumn, int first, int end, int worker)
    {
        if (!_move)
            return;
        int rows = slice.Dimensions[0], columns = slice.Dimensions[1];
        long offset = slice.Offset + ((long)first * columns);
        float* gradient = _gradients[worker].Pointer;
        float* to = gradient;
        for (int j = first; j < end; j++)
        {
            for (int i = 0; i < columns;)
            {
                int column = firstColumn + i;
                int count = Math.Min(columns - i, PanelRows - (column % PanelRows));
                float* from = sums + ((long)(column / PanelRows) * PanelRows * rows) + (j * PanelRows) + (column % PanelRows);
                new Span<float>(from, count).CopyTo(new Span<float>(to, count));
                to += count;
                i += count;
            }
        }

        Move(_motions[network], offset, gradient, (end - first) * columns);
    }

    /// <summary>From each panel's sums to the gradient, in the order of the panels, and on to the parameters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sums(int network, ParameterSlice slice, long sums, long place)
    {
        float* gradient = _sums + _rowSums[network] + place;
        int count = slice.Length;
        if (!_accumulate)
            new Span<float>(gradient, count).Clear();
        float* from = _records + sums + place;
        for (int panel = 0; panel < _panels; panel++, from += _record.Stride)
        {
            int i = 0;
            for (; i <= count - TS.Count; i += TS.Count)
                TS.Store(TS.Add(TS.Load(gradient + i), TS.Load(from + i)), gradient + i);
            for (; i < count; i++)
                gradient[i] += from[i];
        }

        if (_move)
            Move(_motions[network], slice.Offset, gradient, count);
    }

    private static void Move(in MlpMotion motion, long offset, float* gradient, int count)
    {
        ParameterUpdate<TV, TS>.Adam(
            motion.Adam, motion.Parameters + offset, gradient, motion.FirstMoment + offset, motion.SecondMoment + offset, count);
        if (motion.Target != null)
            ParameterUpdate<TV, TS>.Average(motion.TargetRate, motion.Target + offset, motion.Parameters + offset, count);
        if (motion.Gradient != null)
            new Span<float>(gradient, count).CopyTo(new Span<float>(motion.Gradient + offset, count));
    }

    private readonly record struct Item(Kind Kind, int Network, int First, int End);
}
