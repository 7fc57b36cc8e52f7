using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Tests.Engine;

/// <summary>Adam under another name, for optimizers that differ from it in one thing.</summary>
internal class ChangedAdam(string name, IDevice device, DeviceArray<float> parameters) : IOptimizer
{
    private readonly Adam _adam = new(device, parameters);

    public string Name => name;

    /// <summary>What it moves.</summary>
    protected DeviceArray<float> Parameters => parameters;

    public double LearningRate
    {
        get => _adam.LearningRate;
        set => _adam.LearningRate = value;
    }

    public long StepCount => _adam.StepCount;

    public virtual void Step(DeviceArray<float> gradient) => _adam.Step(gradient);

    public virtual IReadOnlyDictionary<string, float[]> ExportState() => _adam.ExportState();

    public void ImportState(IReadOnlyDictionary<string, float[]> state, long stepCount) => _adam.ImportState(state, stepCount);

    public void Dispose() => _adam.Dispose();
}
