using static EDA.Kernels.Cpu.CpuArguments;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// A step of advantage-weighted regression: V on s and the target twins on (s, a) are evaluated, the policy on s is
/// trained. 6 products of H×H a row.
/// </summary>
internal sealed unsafe class PolicyPass<TV, TS> : CriticPass<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int Value = FirstOwnValue;
    private const int Target1 = FirstOwnValue + 1;
    private const int Target2 = FirstOwnValue + 2;
    private const int Loss = FirstOwnValue + 3;

    private readonly CriticLayout _layout;
    private readonly PreparedMlp<TV, TS> _value;
    private readonly PreparedMlp<TV, TS> _target1;
    private readonly PreparedMlp<TV, TS> _target2;
    private AdvantageWeighting _weighting;

    public PolicyPass(CriticLayout layout, WorkerPool pool)
        : base(layout.Shape, pool, 1, false, new TrainedMlp(layout.Policy, 0, layout.Shape.ActionSize))
    {
        _layout = layout;
        _value = Prepare(layout.Value, 0);
        _target1 = Prepare(layout.Twin, 0);
        _target2 = Prepare(layout.Twin, 1);
        Evaluate(_value, Record.State, Value);
        Evaluate(_target1, Record.Input, Target1);
        Evaluate(_target2, Record.Input, Target2);
    }

    public void Step(in PolicyStepCall call)
    {
        Train(0, new MlpMotion(_layout.Policy, call.Policy, call.Adam, call.Step));
        _value.Use(Pointer(call.Value, _layout.Value.Length));
        float* targets = Pointer(call.Target, _layout.Twin.Length);
        _target1.Use(targets);
        _target2.Use(targets);
        _weighting = call.Weighting;
        Step(call.Batch, 1, Pointer(call.Losses, CriticLosses.Policy + 1) + CriticLosses.Policy);
    }

    /// <summary>With o before the tanh: ∂L/∂o = 2w(π − a)(1 − π²)/n.</summary>
    protected override void Seed(int network, float* output, int panel, int rows, float* seed)
    {
        float* values = Panel(panel) + Record.RowValues;
        float* actions = Panel(panel) + Record.Input;
        for (int r = 0; r < rows; r++)
        {
            double advantage = (double)MathF.Min(values[(Target1 * PanelRows) + r], values[(Target2 * PanelRows) + r]) - values[(Value * PanelRows) + r];
            float weight = (float)Math.Min(Math.Exp(_weighting.Temperature * advantage), _weighting.Cap);
            float distance = 0;
            for (int i = r; i < Shape.ActionSize * PanelRows; i += PanelRows)
            {
                float action = MathF.Tanh(output[i]);
                float error = action - actions[i];
                distance += error * error;
                seed[i] = 2 * weight * error * (1 - (action * action)) / Transitions.Rows;
            }

            values[(Loss * PanelRows) + r] = weight * distance;
        }
    }

    /// <inheritdoc/>
    protected override void AddLosses(float* rowValues, int rows, double[] totals)
    {
        for (int r = 0; r < rows; r++)
            totals[0] += rowValues[(Loss * PanelRows) + r];
    }
}
