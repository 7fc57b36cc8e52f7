using EDA.Bench.Verification;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>Behavior pretraining (Eq. 10) with t, ε and dropout given.</summary>
internal sealed class BehaviorStage : AgreementStage
{
    private const float Dropout = 0.1f;
    private const double LearningRate = 3e-4;

    private readonly float[] _weights;
    private readonly float[] _actions;
    private readonly float[] _states;
    private readonly float[] _times;
    private readonly float[] _noise;
    private readonly float[] _mask;

    public BehaviorStage(AgreementSize size)
        : base("behavior", "behavior pretraining", size)
    {
        var numbers = new Numbers(11);
        var layout = new BdmLayout(Shape);
        _weights = Network("model", layout.Slices, VerificationWeights.Bdm(layout, numbers.Uniform));
        _actions = Tensor("actions", [Steps, size.Rows, Shape.ActionSize], numbers.Uniform);
        _states = Tensor("states", [Steps, size.Rows, Shape.StateSize], numbers.Normal);
        _times = Tensor("times", [Steps, size.Rows], numbers.Time);
        _noise = Tensor("noise", [Steps, size.Rows, Shape.ActionSize], numbers.Normal);
        _mask = Tensor("mask", [Steps, size.Rows, Shape.Blocks, Shape.Width], () => numbers.Kept(Dropout));
        Constant("dropout", Dropout);
        Constant("learning_rate", LearningRate);
    }

    public override Course Run(IDevice device)
    {
        using var operations = device.CreateBdm(Shape, VarianceSchedule.Published);
        using var training = new BdmTraining(device, _weights, LearningRate);
        using var actions = device.Allocate<float>(_actions.Length / Steps);
        using var states = device.Allocate<float>(_states.Length / Steps);
        using var times = device.Allocate<float>(_times.Length / Steps);
        using var noise = device.Allocate<float>(_noise.Length / Steps);
        using var mask = device.Allocate<float>(_mask.Length / Steps);
        for (int step = 0; step < Steps; step++)
        {
            actions.CopyFrom(Of(_actions, step));
            states.CopyFrom(Of(_states, step));
            times.CopyFrom(Of(_times, step));
            noise.CopyFrom(Of(_noise, step));
            mask.CopyFrom(Of(_mask, step));
            operations.DenoisingStep(new()
            {
                Parameters = training.Weights,
                Actions = actions,
                States = states,
                Rows = Size.Rows,
                Draws = new(default, Dropout, times, noise, mask),
                Gradient = training.Gradient,
                Loss = training.Loss,
            });
            training.Step("model");
        }

        return training.ToCourse();
    }
}
