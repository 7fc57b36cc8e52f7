using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>Softmax Q-learning over next actions that are given.</summary>
internal sealed class SoftmaxStage : CriticStage
{
    private const float InverseTemperature = 1;

    private readonly float[] _nextActions;

    public SoftmaxStage(AgreementSize size)
        : base("softmax", "softmax Q-learning", size, new Numbers(16))
    {
        _nextActions = Tensor("next_actions", [Steps, size.Rows, size.Candidates, Shape.ActionSize], Numbers.Uniform);
        Constant("inverse_temperature", InverseTemperature);
    }

    public override Course Run(IDevice device)
    {
        using var arrays = new CriticArrays(device);
        var operations = arrays.Own(device.CreateCritic(CriticShape));
        var (data, indices, losses) = (Upload(arrays), arrays.Own(device.Allocate<int>(Size.Rows)), arrays.Upload(new float[CriticLosses.Count]));
        var nextActions = arrays.Own(device.Allocate<float>(_nextActions.Length / Steps));
        var (twin, target) = (arrays.Trained("twin", Twin), arrays.Followed("target", Twin));
        for (int step = 0; step < Steps; step++)
        {
            var batch = Batch(data, indices, step);
            nextActions.CopyFrom(Of(_nextActions, step));
            operations.SampledStep(new()
            {
                Batch = batch,
                Backup = new(Discount, InverseTemperature, nextActions, Size.Candidates),
                Twin = twin,
                Target = target,
                Update = Update(step),
                Losses = losses,
            });
            arrays.Record(step, losses, ("loss", CriticLosses.Q));
        }

        return arrays.ToCourse();
    }
}
