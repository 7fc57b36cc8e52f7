using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>The operations on plain arrays, each timed. Bytes are those of the arrays, FLOP those of the formulas.</summary>
internal sealed class TimedVectorOperations(IVectorOperations inner, OperationTimer timer) : IVectorOperations
{
    public void FillIndices(DeviceArray<int> indices, int count, int upper, in RandomDraw draw, RandomPurpose purpose, int models = 1)
    {
        using var scope = timer.Measure("fill_indices", 0, 4.0 * count * models);
        inner.FillIndices(indices, count, upper, draw, purpose, models);
    }

    public void FillNormal(DeviceArray<float> values, long count, in RandomDraw draw, RandomPurpose purpose, int models = 1)
    {
        using var scope = timer.Measure("fill_normal", 0, 4.0 * count * models);
        inner.FillNormal(values, count, draw, purpose, models);
    }

    public void Gather(DeviceArray<float> source, int width, DeviceArray<int> indices, int count, DeviceArray<float> destination, int models = 1)
    {
        using var scope = timer.Measure("gather", 0, 4.0 * count * models * ((2 * width) + 1));
        inner.Gather(source, width, indices, count, destination, models);
    }

    public void Adam(
        DeviceArray<float> parameters, DeviceArray<float> gradient, DeviceArray<float> firstMoment, DeviceArray<float> secondMoment, in AdamSettings settings, long step)
    {
        using var scope = timer.Measure("adam", 12.0 * parameters.Length, 28.0 * parameters.Length);
        inner.Adam(parameters, gradient, firstMoment, secondMoment, settings, step);
    }

    public void PolyakAverage(DeviceArray<float> target, DeviceArray<float> source, float rate)
    {
        using var scope = timer.Measure("polyak_average", 3.0 * target.Length, 12.0 * target.Length);
        inner.PolyakAverage(target, source, rate);
    }

    public void Clip(DeviceArray<float> source, long count, float bound, DeviceArray<float> destination)
    {
        using var scope = timer.Measure("clip", 0, 8.0 * count);
        inner.Clip(source, count, bound, destination);
    }
}
