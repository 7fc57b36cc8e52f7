using static EDA.Kernels.Cpu.CpuArguments;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// A step of a critic whose V(s') comes from sampled next actions: the target twins are evaluated on K of them for
/// each row, the twins on (s, a) are trained. 2K + 6 products of H×H a row.
/// </summary>
internal sealed unsafe class SampledPass<TV, TS> : CriticPass<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int NextValue = FirstOwnValue;
    private const int FirstLoss = FirstOwnValue + 1;

    private readonly CriticLayout _layout;
    private readonly PreparedMlp<TV, TS> _target1;
    private readonly PreparedMlp<TV, TS> _target2;
    private readonly NativeBuffer _labelMemory = new();
    private float* _labels;
    private float* _nextActions;
    private int _candidates;
    private float _inverseTemperature;

    public SampledPass(CriticLayout layout, WorkerPool pool)
        : base(layout.Shape, pool, CriticLosses.NextValue + 1, true, new TrainedMlp(layout.Twin, 0, 0), new TrainedMlp(layout.Twin, 1, 0))
    {
        _layout = layout;
        _target1 = Prepare(layout.Twin, 0);
        _target2 = Prepare(layout.Twin, 1);
    }

    /// <inheritdoc/>
    protected override int ExtraItems => (int)((((long)SlabRows * _candidates) + TileRows - 1) / TileRows);

    public void Step(in SampledStepCall call)
    {
        var (batch, backup, update) = (call.Batch, call.Backup, call.Update);
        _candidates = AtLeastOne(backup.CandidateCount);
        long candidates = (long)AtLeastOne(batch.Rows) * _candidates;
        _nextActions = Pointer(backup.NextActions, candidates * Shape.ActionSize);
        _labels = _labelMemory.Require(Math.Min(batch.Rows, TrainingSlab.Rows) * (long)_candidates);
        float* targets = Pointer(call.Target, _layout.Twin.Length);
        var motion = new MlpMotion(_layout.Twin, call.Twin, update.Adam, update.Step, targets, update.TargetRate);
        Train(0, motion);
        Train(1, motion);
        _target1.Use(targets);
        _target2.Use(targets);
        _inverseTemperature = backup.InverseTemperature;
        Step(batch, backup.Discount, Pointer(call.Losses, CriticLosses.NextValue + 1));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _labelMemory.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Q̄(s', a') of a tile of candidates.</summary>
    protected override void ExtraItem(int item, int worker)
    {
        ref readonly var tile = ref Scratch.Of(worker);
        long first = (long)item * TileRows;
        int count = (int)Math.Min(TileRows, ((long)SlabRows * _candidates) - first);
        int panels = (count + PanelRows - 1) / PanelRows;
        long row = -1;
        float* state = null;
        for (int r = 0; r < panels * PanelRows; r++)
        {
            long candidate = (FirstRow * _candidates) + first + r;
            if (r < count && candidate / _candidates != row)
            {
                row = candidate / _candidates;
                state = Transitions.NextState(row);
            }

            tile.SetInput(r, 0, r < count ? _nextActions + (candidate * Shape.ActionSize) : null, Shape.ActionSize);
            tile.SetInput(r, Shape.ActionSize, r < count ? state : null, Shape.StateSize);
        }

        tile.Forward(_target1, 0, panels);
        tile.Forward(_target2, 1, panels);
        for (int r = 0; r < count; r++)
            _labels[first + r] = MathF.Min(tile.Output.At(r / PanelRows)[r % PanelRows], tile.Output.At(r / PanelRows, 1)[r % PanelRows]);
    }

    /// <inheritdoc/>
    protected override void Seed(int network, float* output, int panel, int rows, float* seed)
    {
        float* values = Panel(panel) + Record.RowValues;
        float* loss = values + ((FirstLoss + network) * PanelRows);
        for (int r = 0; r < rows; r++)
        {
            float next = Backup(_labels + (((panel * PanelRows) + r) * (long)_candidates));
            if (network == 0)
                values[(NextValue * PanelRows) + r] = next;
            float error = output[r] - (values[(Reward * PanelRows) + r] + (values[(Discount * PanelRows) + r] * next));
            loss[r] = 0.5f * error * error;
            seed[r] = error / Transitions.Rows;
        }
    }

    /// <inheritdoc/>
    protected override void AddLosses(float* rowValues, int rows, double[] totals)
    {
        for (int r = 0; r < rows; r++)
        {
            float* row = rowValues + r;
            totals[CriticLosses.Q] += (double)row[FirstLoss * PanelRows] + row[(FirstLoss + 1) * PanelRows];
            totals[CriticLosses.NextValue] += row[NextValue * PanelRows];
        }
    }

    /// <summary>Σ_k softmax_k(α q) q_k.</summary>
    private float Backup(float* labels)
    {
        float largest = labels[0];
        for (int k = 1; k < _candidates; k++)
            largest = MathF.Max(largest, labels[k]);
        double total = 0, weighted = 0;
        for (int k = 0; k < _candidates; k++)
        {
            double weight = Math.Exp(_inverseTemperature * ((double)labels[k] - largest));
            total += weight;
            weighted += weight * labels[k];
        }

        return (float)(weighted / total);
    }
}
