using EDA.Bench.Kernels;
using EDA.Kernels;

namespace EDA.Bench.Verification;

/// <summary>
/// A case on a device: weights and inputs that every device gets alike, each operation a call that gives plain arrays
/// back. Outputs start as NaN, so that what an operation forgets to write shows.
/// </summary>
internal sealed class VerificationRun(IDevice device, VerificationCase problem) : IDisposable
{
    private readonly BdmWorkload _workload = new(device, problem.Size);

    private IBdmOperations Operations => _workload.Operations;

    public float[] Density() => _workload.Written(problem.Rows, output => Operations.Density(_workload.Points with { Output = output }));

    public float[] Score() => _workload.Written(problem.Rows * problem.Shape.ActionSize, output => Operations.Score(_workload.Points with { Output = output }));

    public float[] Gaps() => _workload.Written(problem.States * problem.Candidates, output => Operations.Gaps(_workload.GapsAt(5) with { Gaps = output }));

    public float[] Sample() => _workload.Written(problem.States * problem.Candidates * problem.Shape.ActionSize, output => Operations.Sample(_workload.SampleAt(0, output)));

    /// <summary>Loss and gradient of Eq. 10, the loss last.</summary>
    public float[] Denoising(bool dropout)
    {
        Operations.DenoisingStep(_workload.DenoisingAt(3, dropout));
        return LossAndGradient();
    }

    /// <summary>Loss and gradient of Eq. 14 or 15, the loss last.</summary>
    public float[] Alignment(AlignmentLoss kind)
    {
        Operations.AlignmentStep(_workload.AlignmentAt(4, kind));
        return LossAndGradient();
    }

    /// <summary>Eq. 10 with NaN for a hidden weight: whether the loss is a number all the same.</summary>
    public int DenoisingHidesNaN()
    {
        using var weights = Poisoned(_workload.Behavior);
        return NumbersInLoss(() => Operations.DenoisingStep(_workload.DenoisingAt(3, dropout: false) with { Parameters = weights }));
    }

    /// <summary>Eq. 14 or 15 with NaN for a hidden weight of the policy, then of the behavior, then for a label: how many losses are numbers all the same.</summary>
    public int AlignmentHidesNaN(AlignmentLoss kind)
    {
        using DeviceArray<float> policy = Poisoned(_workload.Policy), behavior = Poisoned(_workload.Behavior);
        using var labels = Poisoned(_workload.Labels, (int)_workload.Labels.Length - 1);
        var call = _workload.AlignmentAt(4, kind);
        return new[] { call with { Policy = policy }, call with { Behavior = behavior }, call with { Labels = labels } }.Sum(poisoned => NumbersInLoss(() => Operations.AlignmentStep(poisoned)));
    }

    /// <summary>Batch indices, a gathered batch, normals and clipped actions, one after the other.</summary>
    public float[] Batch()
    {
        int count = problem.Rows, width = problem.Shape.ActionSize;
        var draw = new RandomDraw(2, RandomStage.Behavior, 9);
        using var indices = device.Allocate<int>(count);
        device.Vector.FillIndices(new() { Indices = indices, Count = count, Upper = count, Draw = draw, Purpose = RandomPurpose.BatchIndex });
        float[] gathered = _workload.Written(count * width, output => device.Vector.Gather(new() { Source = _workload.Actions, Width = width, Indices = indices, Count = count, Destination = output }));
        float[] normals = _workload.Written(count, output => device.Vector.FillNormal(new() { Values = output, Count = count, Draw = draw, Purpose = RandomPurpose.Noise }));
        float[] clipped = _workload.Written(count, output => device.Vector.Clip(new() { Source = _workload.Actions, Count = count, Bound = 0.5f, Destination = output }));
        return [.. indices.ToArray().Select(index => (float)index), .. gathered, .. normals, .. clipped];
    }

    /// <summary>The parameters after some steps of pretraining with Adam, and their running average, without the fixed frequencies.</summary>
    public (float[] Parameters, float[] Average) Train(int steps)
    {
        float[] behavior = _workload.Behavior.ToArray();
        var trained = _workload.Trained(behavior, hasGradient: false) with { Gradient = _workload.Gradient };
        var average = _workload.Upload(behavior);
        for (int step = 0; step < steps; step++)
        {
            Operations.DenoisingStep(_workload.DenoisingAt((uint)step) with { Parameters = trained.Parameters });
            device.Vector.Adam(new() { Trained = trained, Settings = new(1e-3), Step = step + 1 });
            device.Vector.PolyakAverage(new() { Target = average, Source = trained.Parameters, Rate = 0.1f });
        }

        int fixedOnes = _workload.Layout.Frequencies.Length;
        return (trained.Parameters.ToArray()[fixedOnes..], average.ToArray()[fixedOnes..]);
    }

    public void Dispose() => _workload.Dispose();

    private DeviceArray<float> Poisoned(DeviceArray<float> array, int? place = null)
    {
        float[] values = array.ToArray();
        values[place ?? _workload.Layout.Blocks[0].ExpandWeight.Offset + 1] = float.NaN;
        return device.Upload<float>(values);
    }

    // It starts as NaN elsewhere; here an unwritten loss must not pass for one that is NaN.
    private int NumbersInLoss(Action run)
    {
        _workload.Loss.CopyFrom([0f]);
        run();
        return _workload.Loss.ToArray().Count(value => !float.IsNaN(value));
    }

    private float[] LossAndGradient() => [.. _workload.Gradient.ToArray(), _workload.Loss.ToArray()[0]];
}
