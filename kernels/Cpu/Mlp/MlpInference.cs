using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// The outputs of a multi-layer perceptron for many rows: each tile of rows runs from input to output on one thread, out of
/// scratch memory that stays in its cache.
/// </summary>
internal sealed unsafe class MlpInference<TV, TS> : IParallelWork, IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private readonly WorkerPool _pool;
    private readonly MlpLayers<TV, TS> _layers;
    private readonly MlpPanels _at;
    private readonly NativeBuffer _memory = new();
    private readonly float* _scratch;
    private bool _packing;
    private MlpPointers _call;

    public MlpInference(MlpLayout layout, WorkerPool pool)
    {
        _pool = pool;
        _layers = new MlpLayers<TV, TS>(layout, backward: false, pool.FinerArithmetic);
        _at = new MlpPanels(layout.Shape, MlpPurpose.Outputs);
        _scratch = _memory.Require(_at.Layout, pool.TilePanels * pool.Workers);
    }

    /// <summary>Evaluates rows.</summary>
    public void Evaluate(in MlpPointers call)
    {
        _call = call;
        _layers.Use(call.Parameters);
        _packing = true;
        _pool.Run(this, _layers.Parts(toInput: false));
        _packing = false;
        _pool.Run(this, checked((int)((call.Rows + _pool.TileRows - 1) / _pool.TileRows)));
    }

    public void Run(int item, int worker)
    {
        if (_packing)
        {
            _layers.Pack(item);
            return;
        }

        float* record = _scratch + (worker * _pool.TilePanels * _at.Stride);
        long first = (long)item * _pool.TileRows;
        int panels = (int)Math.Min(_pool.TilePanels, (_call.Rows - first + PanelRows - 1) / PanelRows);
        for (int p = 0; p < panels; p++)
            PanelInput<TV, TS>.Rows(_call.Inputs, _layers.Shape.InputSize, first + (p * PanelRows), _call.Rows, 1, record + (p * _at.Stride) + _at.Input);
        _layers.Forward(_at, record, panels);
        for (int p = 0; p < panels; p++)
            PanelOutput.Rows(record + (p * _at.Stride) + _at.Output, _layers.Shape.OutputSize, first + (p * PanelRows), _call.Rows, _call.Outputs);
    }

    public void Dispose()
    {
        _layers.Dispose();
        _memory.Dispose();
    }
}
