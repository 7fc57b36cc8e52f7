using static EDA.Kernels.Cpu.CpuArguments;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// A step of implicit Q-learning: V on s' and the target twins on (s, a) are evaluated; V on s and the twins on (s, a)
/// are trained. Reads a batch's rows of the dataset, all parameters and moments; writes parameters, moments, gradients
/// and targets. 12 products of H×H a row: 0.43 GFLOP at 256 rows, H = 256, S = 17, A = 6.
/// </summary>
internal sealed unsafe class ImplicitPass<TV, TS> : CriticPass<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int Value = 0;
    private const int Twin1 = 1;
    private const int Twin2 = 2;
    private const int NextValue = FirstOwnValue;
    private const int Target1 = FirstOwnValue + 1;
    private const int Target2 = FirstOwnValue + 2;
    private const int FirstLoss = FirstOwnValue + 3;

    private readonly CriticLayout _layout;
    private readonly PreparedMlp<TV, TS> _target1;
    private readonly PreparedMlp<TV, TS> _target2;
    private float _expectile;

    public ImplicitPass(CriticLayout layout, WorkerPool pool)
        : base(
            layout.Shape,
            pool,
            CriticLosses.Value + 1,
            true,
            new TrainedMlp(layout.Value, 0, layout.Shape.ActionSize),
            new TrainedMlp(layout.Twin, 0, 0),
            new TrainedMlp(layout.Twin, 1, 0))
    {
        _layout = layout;
        _target1 = Prepare(layout.Twin, 0);
        _target2 = Prepare(layout.Twin, 1);
        Evaluate(Trained(Value), Record.NextState, NextValue);
        Evaluate(_target1, Record.Input, Target1);
        Evaluate(_target2, Record.Input, Target2);
    }

    public void Step(in ImplicitStepCall call)
    {
        float* targets = Pointer(call.Target, _layout.Twin.Length);
        var (adam, step, targetRate) = call.Update;
        Train(Value, new MlpMotion(_layout.Value, call.Value, adam, step));
        var motion = new MlpMotion(_layout.Twin, call.Twin, adam, step, targets, targetRate);
        Train(Twin1, motion);
        Train(Twin2, motion);
        _target1.Use(targets);
        _target2.Use(targets);
        _expectile = call.Backup.Expectile;
        Step(call.Batch, call.Backup.Discount, Pointer(call.Losses, CriticLosses.Value + 1));
    }

    protected override void Seed(int network, float* output, int panel, int rows, float* seed)
    {
        float* values = Panel(panel) + Record.RowValues;
        float* loss = values + ((FirstLoss + network) * PanelRows);
        for (int r = 0; r < rows; r++)
        {
            if (network == Value)
            {
                float error = MathF.Min(values[(Target1 * PanelRows) + r], values[(Target2 * PanelRows) + r]) - output[r];
                float weight = error < 0 ? 1 - _expectile : _expectile;
                loss[r] = weight * error * error;
                seed[r] = -2 * weight * error / Transitions.Rows;
            }
            else
            {
                float error = output[r] - (values[(Reward * PanelRows) + r] + (values[(Discount * PanelRows) + r] * values[(NextValue * PanelRows) + r]));
                loss[r] = 0.5f * error * error;
                seed[r] = error / Transitions.Rows;
            }
        }
    }

    protected override void AddLosses(float* rowValues, int rows, double[] totals)
    {
        for (int r = 0; r < rows; r++)
        {
            float* row = rowValues + r;
            totals[CriticLosses.Q] += (double)row[(FirstLoss + Twin1) * PanelRows] + row[(FirstLoss + Twin2) * PanelRows];
            totals[CriticLosses.Value] += row[(FirstLoss + Value) * PanelRows];
            totals[CriticLosses.NextValue] += row[NextValue * PanelRows];
        }
    }
}
