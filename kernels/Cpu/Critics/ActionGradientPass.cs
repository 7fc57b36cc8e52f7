using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>The arrays of an <see cref="ActionGradientCall"/>.</summary>
internal unsafe struct ActionGradientPointers
{
    public float* Twin;
    public float* States;
    public float* Actions;
    public long Rows;
    public TwinChoice Choice;
    public float* Gradient;
    public float* Q;
}

/// <summary>
/// ∂Q/∂a for many rows: each tile of rows runs forward through the twins that have a say, and back through those that some
/// row has chosen, on one thread, out of scratch memory that stays in its cache. About 2 products of H×H a row and twin.
/// </summary>
internal sealed unsafe class ActionGradientPass<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int Twins = 2;

    private readonly int _stateSize;
    private readonly int _actionSize;
    private readonly int _twinLength;
    private readonly WorkerPool _pool;
    private readonly MlpLayers<TV, TS>[] _networks;
    private readonly MlpPanels _at;
    private readonly NativeBuffer _memory = new();
    private readonly float* _scratch;
    private bool _packing;
    private ActionGradientPointers _call;
    private int _first;
    private int _end;

    public ActionGradientPass(CriticLayout layout, WorkerPool pool)
    {
        (_pool, _stateSize, _actionSize, _twinLength) = (pool, layout.Shape.StateSize, layout.Shape.ActionSize, layout.Twin.Length / Twins);
        var twin = new MlpLayout(layout.Twin.Shape, "q");
        _networks = [.. Enumerable.Range(0, Twins).Select(_ => new MlpLayers<TV, TS>(twin, backward: true, pool.FinerArithmetic))];
        _at = new MlpPanels(twin.Shape, MlpPurpose.InputGradient);
        _scratch = _memory.Require(_at.Layout, Twins * pool.TilePanels * pool.Workers);
    }

    /// <summary>Differentiates rows.</summary>
    public void Evaluate(in ActionGradientPointers call)
    {
        _call = call;
        (_first, _end) = call.Choice switch { TwinChoice.First => (0, 1), TwinChoice.Second => (1, Twins), _ => (0, Twins) };
        for (int i = _first; i < _end; i++)
            _networks[i].Use(call.Twin + ((long)i * _twinLength));
        _packing = true;
        _pool.Run(this, (_end - _first) * _networks[0].Parts(toInput: true));
        _packing = false;
        _pool.Run(this, checked((int)((call.Rows + _pool.TileRows - 1) / _pool.TileRows)));
    }

    public void Run(int item, int worker)
    {
        int parts = _networks[0].Parts(toInput: true);
        if (_packing)
            _networks[_first + (item / parts)].Pack(item % parts);
        else
            Tile((long)item * _pool.TileRows, worker);
    }

    public void Dispose()
    {
        foreach (var network in _networks)
            network.Dispose();
        _memory.Dispose();
    }

    private void Tile(long first, int worker)
    {
        float** records = stackalloc float*[Twins];
        for (int i = 0; i < Twins; i++)
            records[i] = _scratch + (((worker * Twins) + i) * _pool.TilePanels * _at.Stride);
        int panels = (int)Math.Min(_pool.TilePanels, (_call.Rows - first + PanelRows - 1) / PanelRows);
        for (int i = _first; i < _end; i++)
        {
            for (int p = 0; p < panels; p++)
            {
                float* input = records[i] + (p * _at.Stride) + _at.Input;
                long row = first + (p * PanelRows);
                PanelInput<TV, TS>.Rows(_call.Actions, _actionSize, row, _call.Rows, 1, input);
                PanelInput<TV, TS>.Rows(_call.States, _stateSize, row, _call.Rows, 1, input + ((long)_actionSize * PanelRows));
            }

            _networks[i].Forward(_at, records[i], panels);
        }

        int* chosen = stackalloc int[_pool.TileRows];
        int* counts = stackalloc int[Twins];
        (counts[0], counts[1]) = (0, 0);
        int rows = (int)Math.Min(_pool.TileRows, _call.Rows - first);
        for (int r = 0; r < rows; r++)
            counts[chosen[r] = Choose(records, r, first + r)]++;
        for (int i = _first; i < _end; i++)
        {
            for (int r = 0; r < panels * PanelRows; r++)
                *Output(records[i], _at.OutputAdjoint, r) = r < rows && chosen[r] == i ? 1f : 0f;
            if (counts[i] > 0)
                _networks[i].Backward(_at, records[i], panels, toInput: true);
        }

        for (int r = 0; r < rows; r++)
        {
            float* from = Output(records[chosen[r]], _at.InputGradient, r);
            float* to = _call.Gradient + ((first + r) * _actionSize);
            for (int j = 0; j < _actionSize; j++)
                to[j] = from[j * PanelRows];
        }
    }

    // Which twin counts for a row of the tile, its Q being written where it is wanted.
    private int Choose(float** records, int row, long place)
    {
        float q = *Output(records[_first], _at.Output, row);
        int choice = _first;
        if (_end - _first == Twins)
        {
            float second = *Output(records[1], _at.Output, row);
            if (second < q || float.IsNaN(second))
                (q, choice) = (second, 1);
        }

        if (_call.Q != null)
            _call.Q[place] = q;
        return choice;
    }

    // The first feature of one row.
    private float* Output(float* record, long offset, int row) => record + (row / PanelRows * _at.Stride) + offset + (row % PanelRows);
}
