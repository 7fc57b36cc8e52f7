using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// min(Q₁, Q₂), V or the policy's action for many rows: each tile of rows runs from input to output on one thread, out
/// of scratch memory that stays in its cache. 2 products of H×H a row for the twins, 1 for the others.
/// </summary>
internal sealed unsafe class CriticInference<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private readonly int _stateSize;
    private readonly int _actionSize;
    private readonly Output _output;
    private readonly WorkerPool _pool;
    private readonly PreparedMlp<TV, TS>[] _networks;
    private readonly MlpScratch _scratch;
    private bool _packing;
    private CriticPointers _at;

    public CriticInference(CriticLayout layout, WorkerPool pool, Output output)
    {
        (_pool, _output, _stateSize, _actionSize) = (pool, output, layout.Shape.StateSize, layout.Shape.ActionSize);
        var networks = output switch { Output.MinimumQ => layout.Twin, Output.Value => layout.Value, _ => layout.Policy };
        _networks = [.. networks.Networks.Select((_, place) => new PreparedMlp<TV, TS>(networks, place, pool.FinerArithmetic))];
        _scratch = new MlpScratch(networks.InputSize, networks.Shape.HiddenWidths[0], networks.OutputSize * _networks.Length, pool);
    }

    /// <summary>What is wanted of each row.</summary>
    internal enum Output
    {
        MinimumQ,
        Value,
        Action,
    }

    /// <summary>Evaluates rows; a state serves K rows in a row.</summary>
    public void Evaluate(in CriticPointers at)
    {
        _at = at;
        foreach (var network in _networks)
            network.Use(at.Parameters);
        _packing = true;
        _pool.Run(this, _networks.Length * PreparedMlp<TV, TS>.Parts);
        _packing = false;
        _pool.Run(this, checked((int)((at.Rows + _pool.TileRows - 1) / _pool.TileRows)));
    }

    public void Run(int item, int worker)
    {
        if (_packing)
            _networks[item / PreparedMlp<TV, TS>.Parts].Pack(item % PreparedMlp<TV, TS>.Parts);
        else
            EvaluateTile((long)item * _pool.TileRows, worker);
    }

    public void Dispose()
    {
        foreach (var network in _networks)
            network.Dispose();
        _scratch.Dispose();
    }

    private void EvaluateTile(long first, int worker)
    {
        ref readonly var tile = ref _scratch.Of(worker);
        int count = (int)Math.Min(_pool.TileRows, _at.Rows - first);
        int panels = (count + PanelRows - 1) / PanelRows;
        int actionSize = _output == Output.MinimumQ ? _actionSize : 0;
        for (int r = 0; r < panels * PanelRows; r++)
        {
            long row = first + r;
            tile.SetInput(r, 0, r < count ? _at.Actions + (row * actionSize) : null, actionSize);
            tile.SetInput(r, actionSize, r < count ? _at.States + (row / _at.CandidateCount * _stateSize) : null, _stateSize);
        }

        for (int i = 0; i < _networks.Length; i++)
            tile.Forward(_networks[i], i, panels);
        for (int r = 0; r < count; r++)
        {
            float* output = tile.Output.At(r / PanelRows) + (r % PanelRows);
            switch (_output)
            {
                case Output.MinimumQ: _at.Result[first + r] = MathF.Min(output[0], output[PanelRows]); break;
                case Output.Value: _at.Result[first + r] = output[0]; break;
                default:
                    for (int i = 0; i < _actionSize; i++)
                        _at.Result[((first + r) * _actionSize) + i] = MathF.Tanh(output[i * PanelRows]);
                    break;
            }
        }
    }
}

/// <summary>The arrays of a <see cref="MinimumQCall"/> or of a <see cref="StateEvaluationCall"/>.</summary>
internal unsafe struct CriticPointers
{
    public float* Parameters;
    public float* States;
    public float* Actions;
    public long Rows;
    public int CandidateCount;
    public float* Result;
}
