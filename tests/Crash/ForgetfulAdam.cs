using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Tests.Crash;

/// <summary>Saving that is broken on purpose: Adam that forgets, of what it saves, the second moments.</summary>
internal sealed class ForgetfulAdam(IDevice device, DeviceArray<float> parameters) : IOptimizer
{
    private readonly Adam _adam = new(device, parameters);

    public string Name => "forgetful";

    public double LearningRate
    {
        get => _adam.LearningRate;
        set => _adam.LearningRate = value;
    }

    public long StepCount => _adam.StepCount;

    public void Step(DeviceArray<float> gradient) => _adam.Step(gradient);

    public IReadOnlyDictionary<string, float[]> ExportState() =>
        _adam.ExportState().ToDictionary(array => array.Key, array => array.Key == "second_moment" ? new float[array.Value.Length] : array.Value);

    public void ImportState(IReadOnlyDictionary<string, float[]> state, long stepCount) => _adam.ImportState(state, stepCount);

    public void Dispose() => _adam.Dispose();
}
