using EDA.Kernels;
using TorchSharp;

namespace EDA.Bench.Torch;

/// <summary>Adam and Polyak averages as tensor operations; what draws and moves numbers is the CPU device's.</summary>
internal sealed class AutogradVectorOperations(IVectorOperations cpu) : IVectorOperations
{
    public void FillIndices(in FillIndicesCall call) => cpu.FillIndices(call);

    public void FillNormal(in FillNormalCall call) => cpu.FillNormal(call);

    public void Gather(in GatherCall call) => cpu.Gather(call);

    public void Adam(in AdamCall call)
    {
        var (trained, settings) = (call.Trained, call.Settings);
        ArgumentNullException.ThrowIfNull(trained.Parameters);
        ArgumentNullException.ThrowIfNull(trained.Gradient);
        ArgumentOutOfRangeException.ThrowIfLessThan(call.Step, 1);
        using var scope = new TensorScope();
        using var off = torch.no_grad();
        torch.Tensor Whole(DeviceArray<float> array) => scope.View(array, 0, trained.Parameters.Length);
        var (theta, g, m, v) = (Whole(trained.Parameters), Whole(trained.Gradient), Whole(trained.FirstMoment), Whole(trained.SecondMoment));
        m.mul_(settings.Beta1).add_(g, alpha: 1 - settings.Beta1);
        v.mul_(settings.Beta2).addcmul_(g, g, value: 1 - settings.Beta2);
        var root = v.sqrt().div_(Math.Sqrt(1 - Math.Pow(settings.Beta2, call.Step))).add_(settings.Epsilon);
        theta.addcdiv_(m, root, value: -settings.LearningRate / (1 - Math.Pow(settings.Beta1, call.Step)));
    }

    public void PolyakAverage(in PolyakAverageCall call)
    {
        ArgumentNullException.ThrowIfNull(call.Target);
        call.Check();
        using var scope = new TensorScope();
        using var off = torch.no_grad();
        scope.View(call.Target, 0, call.Target.Length).lerp_(scope.View(call.Source, 0, call.Target.Length), call.Rate);
    }

    public void Clip(in ClipCall call)
    {
        call.Check();
        using var scope = new TensorScope();
        using var off = torch.no_grad();
        scope.View(call.Destination, 0, call.Count).copy_(scope.View(call.Source, 0, call.Count).clamp(-call.Bound, call.Bound));
    }
}
