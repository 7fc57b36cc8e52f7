using EDA.Bench.Verification;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>Policy alignment (Eq. 14 or 15) from θ = φ, with t and ε given.</summary>
internal sealed class AlignmentStage : AgreementStage
{
    private const float Temperature = 1, LabelScale = 3;
    private const double LearningRate = 5e-5;

    private readonly AlignmentLoss _loss;
    private readonly float[] _weights;
    private readonly float[] _candidates;
    private readonly float[] _states;
    private readonly float[] _times;
    private readonly float[] _noise;
    private readonly float[] _labels;

    public AlignmentStage(AgreementSize size, AlignmentLoss loss)
        : base(loss.ToString().ToLowerInvariant(), $"{loss.ToString().ToLowerInvariant()} alignment", size)
    {
        _loss = loss;
        var numbers = new Numbers(loss == AlignmentLoss.Value ? 14 : 15);
        var layout = new BdmLayout(Shape);
        (int b, int k) = (size.States, size.Candidates);
        _weights = Network("behavior", layout.Slices, VerificationWeights.Bdm(layout, numbers.Uniform));
        Network("policy", layout.Slices, _weights);
        _candidates = Tensor("candidates", [Steps, b, k, Shape.ActionSize], numbers.Uniform);
        _states = Tensor("states", [Steps, b, Shape.StateSize], numbers.Normal);
        _times = Tensor("times", [Steps, b], numbers.Time);
        _noise = Tensor("noise", [Steps, b, k, Shape.ActionSize], numbers.Normal);
        _labels = Tensor("labels", [Steps, b, k], numbers.Normal);
        Constant("temperature", Temperature);
        if (loss == AlignmentLoss.Value)
            Constant("label_scale", LabelScale);
        Constant("learning_rate", LearningRate);
    }

    public override Course Run(IDevice device)
    {
        using var operations = device.CreateBdm(Shape, VarianceSchedule.Published);
        using var behavior = device.Upload<float>(_weights);
        using var training = new BdmTraining(device, _weights, LearningRate);
        using var candidates = device.Allocate<float>(_candidates.Length / Steps);
        using var states = device.Allocate<float>(_states.Length / Steps);
        using var times = device.Allocate<float>(_times.Length / Steps);
        using var noise = device.Allocate<float>(_noise.Length / Steps);
        using var labels = device.Allocate<float>(_labels.Length / Steps);
        for (int step = 0; step < Steps; step++)
        {
            candidates.CopyFrom(Of(_candidates, step));
            states.CopyFrom(Of(_states, step));
            times.CopyFrom(Of(_times, step));
            noise.CopyFrom(Of(_noise, step));
            labels.CopyFrom(Of(_labels, step));
            operations.AlignmentStep(new()
            {
                Policy = training.Weights,
                Behavior = behavior,
                Batch = new()
                {
                    Candidates = candidates,
                    States = states,
                    StateCount = Size.States,
                    CandidateCount = Size.Candidates,
                    Draws = new(default, times, noise),
                },
                Labels = labels,
                Objective = new(_loss, Temperature, LabelScale),
                Gradient = training.Gradient,
                Loss = training.Loss,
            });
            training.Step("policy");
        }

        return training.ToCourse();
    }
}
