using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>One of the networks that a critic step trains.</summary>
/// <param name="Layout">The layout it belongs to.</param>
/// <param name="Place">Its place there.</param>
/// <param name="FirstInput">The first feature of [a; s] that it reads.</param>
internal readonly record struct TrainedMlp(MlpLayout Layout, int Place, int FirstInput);

/// <summary>
/// What all critic steps have in common. A slab of the batch goes through four rounds of parallel items: weights are
/// packed and rows gathered; every network runs forward, one network after the other so that its weights stay in the
/// second level; the trained ones run backward from the seeds of the loss; weight gradients are summed and, after the
/// last slab, parameters move. So nothing moves before everything is evaluated.
/// </summary>
internal abstract unsafe class CriticPass<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    /// <summary>Row value: r.</summary>
    protected const int Reward = 0;

    /// <summary>Row value: γ(1 − d).</summary>
    protected const int Discount = 1;

    /// <summary>The first row value that a step may name as it likes.</summary>
    protected const int FirstOwnValue = 2;

    private readonly WorkerPool _pool;
    private readonly bool _nextStates;
    private readonly MlpUpdate<TV, TS> _update;
    private readonly NativeBuffer _memory = new();
    private readonly List<PreparedMlp<TV, TS>> _networks = [];
    private readonly List<Evaluation> _evaluations = [];
    private readonly PreparedMlp<TV, TS>[] _trained;
    private readonly long[] _trainedInput;
    private readonly double[] _totals;
    private Round _round;
    private float* _records;
    private float _gamma;
    private int _packing;
    private int _panels;
    private int _tiles;

    /// <summary>Plans a step.</summary>
    /// <param name="shape">The sizes of the networks.</param>
    /// <param name="pool">Who works.</param>
    /// <param name="losses">How many numbers the step reports.</param>
    /// <param name="nextStates">Whether it looks at rewards, terminals and next states.</param>
    /// <param name="trained">The trained networks.</param>
    protected CriticPass(CriticShape shape, WorkerPool pool, int losses, bool nextStates, params TrainedMlp[] trained)
    {
        _pool = pool;
        _nextStates = nextStates;
        Shape = shape;
        Transitions = new TransitionPanels(shape);
        Scratch = new MlpScratch(shape.InputSize, shape.Width, 2, pool);
        Record = new MlpRecord(shape, nextStates, [.. trained.Select(network => network.Layout)]);
        _trained = [.. trained.Select(network => Prepare(network.Layout, network.Place))];
        _trainedInput = [.. trained.Select(network => Record.Input + ((long)network.FirstInput * PanelRows))];
        _update = new MlpUpdate<TV, TS>(Record, trained, pool);
        _totals = new double[losses];
    }

    private enum Round
    {
        Prepare,
        Forward,
        Backward,
    }

    /// <summary>The sizes of the networks.</summary>
    protected CriticShape Shape { get; }

    /// <summary>Where things stand in a panel's record.</summary>
    protected MlpRecord Record { get; }

    /// <summary>The rows of the batch.</summary>
    protected TransitionPanels Transitions { get; }

    /// <summary>Panels that are not kept.</summary>
    protected MlpScratch Scratch { get; }

    /// <summary>The first row of the slab.</summary>
    protected long FirstRow { get; private set; }

    /// <summary>The rows of the slab.</summary>
    protected int SlabRows { get; private set; }

    /// <summary>The rows of a tile.</summary>
    protected int TileRows => _pool.TileRows;

    /// <summary>Items of the forward round that only the step itself knows.</summary>
    protected virtual int ExtraItems => 0;

    public void Run(int item, int worker)
    {
        switch (_round)
        {
            case Round.Prepare: PrepareItem(item); break;
            case Round.Forward: ForwardItem(item, worker); break;
            default: BackwardItem(item); break;
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the workspace back.</summary>
    protected virtual void Dispose(bool disposing)
    {
        foreach (var network in _networks)
            network.Dispose();
        _update.Dispose();
        _memory.Dispose();
        Scratch.Dispose();
    }

    /// <summary>A network that is packed at the beginning of each step.</summary>
    protected PreparedMlp<TV, TS> Prepare(MlpLayout layout, int place)
    {
        var network = new PreparedMlp<TV, TS>(layout, place, _pool.FinerArithmetic);
        _networks.Add(network);
        return network;
    }

    /// <summary>One of the trained networks.</summary>
    protected PreparedMlp<TV, TS> Trained(int network) => _trained[network];

    /// <summary>Has a network of one output evaluated, the output becoming a row value.</summary>
    /// <param name="network">The network.</param>
    /// <param name="input">Where its input stands in the record.</param>
    /// <param name="value">Which row value.</param>
    protected void Evaluate(PreparedMlp<TV, TS> network, long input, int value) =>
        _evaluations.Add(new Evaluation(network, input, Record.RowValues + (value * PanelRows)));

    /// <summary>Says where a trained network's parameters are and how they move.</summary>
    protected void Train(int network, in MlpMotion motion)
    {
        _trained[network].Use(motion.Parameters);
        _update.Use(network, motion);
    }

    /// <summary>Does the whole step.</summary>
    /// <param name="batch">The transitions.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="losses">The means of what the panels' losses add up to.</param>
    protected void Step(in TransitionBatch batch, float gamma, float* losses)
    {
        Transitions.Use(batch, _nextStates);
        _gamma = gamma;
        Array.Clear(_totals);
        int rows = batch.Rows;
        _records = _memory.Require(Record.Layout, Panels(Math.Min(rows, TrainingSlab.Rows)));
        for (FirstRow = 0; FirstRow < rows; FirstRow += TrainingSlab.Rows)
        {
            bool first = FirstRow == 0, last = rows - FirstRow <= TrainingSlab.Rows;
            SlabRows = (int)Math.Min(rows - FirstRow, TrainingSlab.Rows);
            _panels = Panels(SlabRows);
            _tiles = (_panels + _pool.TilePanels - 1) / _pool.TilePanels;
            _update.Begin(_panels);
            _packing = first ? _networks.Count * PreparedMlp<TV, TS>.Parts : 0;
            Start(Round.Prepare, _packing + _panels);
            Start(Round.Forward, ExtraItems + ((_evaluations.Count + _trained.Length) * _tiles));
            Start(Round.Backward, _trained.Length * _tiles);
            _update.Run(_records, _panels, accumulate: !first, move: last);
            for (int panel = 0; panel < _panels; panel++)
                AddLosses(Panel(panel) + Record.RowValues, RowsOf(panel), _totals);
        }

        for (int i = 0; i < _totals.Length; i++)
            losses[i] = (float)(_totals[i] / rows);
        Transitions.Release();

        static int Panels(int rows) => (rows + PanelRows - 1) / PanelRows;
    }

    /// <summary>Does one of the items that only the step itself knows.</summary>
    protected virtual void ExtraItem(int item, int worker)
    {
    }

    /// <summary>
    /// From the outputs of a panel to ∂L/∂output of one trained network. Row values that the losses need, and that no
    /// other network's seeds write, may be left there.
    /// </summary>
    /// <param name="network">The trained network.</param>
    /// <param name="output">Its output [out][32].</param>
    /// <param name="panel">The panel, from 0 in the slab.</param>
    /// <param name="rows">The rows of the panel that are of the batch.</param>
    /// <param name="seed">∂L/∂output [out][32]; rows past the batch are set to 0 by the caller.</param>
    protected abstract void Seed(int network, float* output, int panel, int rows, float* seed);

    /// <summary>Adds a panel's rows to the sums that the losses are the means of.</summary>
    protected abstract void AddLosses(float* rowValues, int rows, double[] totals);

    /// <summary>A panel's record.</summary>
    protected float* Panel(int panel) => _records + (panel * Record.Stride);

    private int RowsOf(int panel) => Math.Min(PanelRows, SlabRows - (panel * PanelRows));

    private void Start(Round round, int items)
    {
        _round = round;
        _pool.Run(this, items);
    }

    private void PrepareItem(int item)
    {
        if (item >= _packing)
        {
            int panel = item - _packing;
            Transitions.Fill(Record, FirstRow + ((long)panel * PanelRows), Panel(panel), Reward, Discount, _gamma);
            _update.KeepInput(Panel(panel), panel);
            return;
        }

        _networks[item / PreparedMlp<TV, TS>.Parts].Pack(item % PreparedMlp<TV, TS>.Parts);
    }

    private void ForwardItem(int item, int worker)
    {
        if (item < ExtraItems)
        {
            ExtraItem(item, worker);
            return;
        }

        var (index, first, panels) = Tile(item - ExtraItems);
        if (index < _evaluations.Count)
        {
            var evaluation = _evaluations[index];
            ref readonly var scratch = ref Scratch.Of(worker);
            evaluation.Network.Forward(At(evaluation.Input, first), scratch.Hidden1, scratch.Hidden2, At(evaluation.Output, first), panels);
            return;
        }

        index -= _evaluations.Count;
        var operands = Record.Networks[index];
        _trained[index].Forward(At(_trainedInput[index], first), At(operands.Hidden1, first), At(operands.Hidden2, first), At(operands.Output, first), panels);
        for (int p = first; p < first + panels; p++)
            PanelTranspose.Run(Panel(p) + operands.Hidden1, Shape.Width, Panel(p) + operands.TransposedHidden1);
    }

    private void BackwardItem(int item)
    {
        var (index, first, panels) = Tile(item);
        var operands = Record.Networks[index];
        for (int p = first; p < first + panels; p++)
        {
            int rows = RowsOf(p);
            float* seed = Panel(p) + operands.Seed;
            Seed(index, Panel(p) + operands.Output, p, rows, seed);
            for (int o = 0; o < _trained[index].OutputSize; o++)
                new Span<float>(seed + (o * PanelRows) + rows, PanelRows - rows).Clear();
        }

        _trained[index].Backward(At(operands.Hidden1, first), At(operands.Hidden2, first), At(operands.Seed, first), At(operands.Sums, first), operands.SumPlaces, panels);
        for (int p = first; p < first + panels; p++)
            _update.Keep(index, Panel(p), p);
    }

    private (int Index, int First, int Panels) Tile(int item)
    {
        int first = item % _tiles * _pool.TilePanels;
        return (item / _tiles, first, Math.Min(_pool.TilePanels, _panels - first));
    }

    private Panels At(long offset, int panel) => new(Panel(panel) + offset, Record.Stride);

    private readonly record struct Evaluation(PreparedMlp<TV, TS> Network, long Input, long Output);
}
