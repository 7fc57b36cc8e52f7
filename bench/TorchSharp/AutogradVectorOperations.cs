using EDA.Kernels;
using TorchSharp;

namespace EDA.Bench.Torch;

/// <summary>Adam and Polyak averages as tensor operations; what draws and moves numbers is the CPU device's.</summary>
internal sealed class AutogradVectorOperations(IVectorOperations cpu) : IVectorOperations
{
    public void FillIndices(DeviceArray<int> indices, int count, int upper, in RandomDraw draw, RandomPurpose purpose, int models) =>
        cpu.FillIndices(indices, count, upper, draw, purpose, models);

    public void FillNormal(DeviceArray<float> values, long count, in RandomDraw draw, RandomPurpose purpose, int models) =>
        cpu.FillNormal(values, count, draw, purpose, models);

    public void Gather(DeviceArray<float> source, int width, DeviceArray<int> indices, int count, DeviceArray<float> destination, int models) =>
        cpu.Gather(source, width, indices, count, destination, models);

    public void Adam(
        DeviceArray<float> parameters,
        DeviceArray<float> gradient,
        DeviceArray<float> firstMoment,
        DeviceArray<float> secondMoment,
        in AdamSettings settings,
        long step)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        long count = parameters.Length;
        using var scope = new TensorScope();
        using var off = torch.no_grad();
        var (theta, g, m, v) = (scope.View(parameters, 0, count), scope.View(gradient, 0, count), scope.View(firstMoment, 0, count), scope.View(secondMoment, 0, count));
        m.mul_(settings.Beta1).add_(g, alpha: 1 - settings.Beta1);
        v.mul_(settings.Beta2).addcmul_(g, g, value: 1 - settings.Beta2);
        var root = v.sqrt().div_(Math.Sqrt(1 - Math.Pow(settings.Beta2, step))).add_(settings.Epsilon);
        theta.addcdiv_(m, root, value: -settings.LearningRate / (1 - Math.Pow(settings.Beta1, step)));
    }

    public void PolyakAverage(DeviceArray<float> target, DeviceArray<float> source, float rate)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (rate is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "the rate must be in [0, 1]");
        using var scope = new TensorScope();
        using var off = torch.no_grad();
        scope.View(target, 0, target.Length).lerp_(scope.View(source, 0, target.Length), rate);
    }

    public void Clip(DeviceArray<float> source, long count, float bound, DeviceArray<float> destination) => cpu.Clip(source, count, bound, destination);
}
