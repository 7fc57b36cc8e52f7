using EDA.Engine.Environments;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>What Diffusion-QL acts by: the averaged policy and the target twins, on a device.</summary>
public sealed class DiffusionQlPolicy : IDisposable
{
    /// <summary>Reads them.</summary>
    /// <param name="device">Where they go.</param>
    /// <param name="path">What <see cref="MethodLearning"/> wrote.</param>
    /// <param name="run">The run's settings, whose method is <see cref="DiffusionQlSettings"/>.</param>
    /// <exception cref="InvalidFileException">They are none of these sizes.</exception>
    public DiffusionQlPolicy(IDevice device, string path, RunSettings run)
    {
        var settings = (DiffusionQlSettings)run.Method;
        var description = EnvironmentCatalogue.Find(run.Environment).Description;
        (Device, StateSize, ActionSize, Width) = (device, description.ObservationSize, description.ActionSize, run.CriticWidth);
        (Samples, Schedule, TrainedSteps) = (settings.Samples, new(settings.ChainSteps), settings.Steps);
        var weights = new MethodWeights(path);
        float[] main = Read(NoiseNetwork.MainName, NoiseNetwork.MainShape(StateSize, ActionSize, Width)), time = Read(NoiseNetwork.TimeName, NoiseNetwork.TimeShape);
        float[][] targets = [.. DiffusionQlLearning.TwinNames.Select(name => Read(name, StateActionNetworks.Shape(StateSize, ActionSize, Width)))];
        weights.Finish(Method.DiffusionQl);
        Fingerprint = $"{weights.Fingerprint}, {Samples} samples";
        (Main, Time) = (device.Upload<float>(main), device.Upload<float>(time));
        (FirstTarget, SecondTarget) = (device.Upload<float>(targets[0]), device.Upload<float>(targets[1]));

        float[] Read(string name, MlpShape shape) => weights.Network(MethodLearning.LayoutOf(name, shape), isAverage: true);
    }

    /// <summary>A short name for the weights, and for how they act.</summary>
    public string Fingerprint { get; }

    /// <summary>The device.</summary>
    public IDevice Device { get; }

    /// <summary>S.</summary>
    public int StateSize { get; }

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>H.</summary>
    public int Width { get; }

    /// <summary>Samples of which one is played.</summary>
    public int Samples { get; }

    /// <summary>The chain's coefficients.</summary>
    public ChainSchedule Schedule { get; }

    /// <summary>The steps of the whole training.</summary>
    public long TrainedSteps { get; }

    /// <summary>The network's parameters.</summary>
    public DeviceArray<float> Main { get; }

    /// <summary>The embedding's.</summary>
    public DeviceArray<float> Time { get; }

    /// <summary>Q̄₁.</summary>
    public DeviceArray<float> FirstTarget { get; }

    /// <summary>Q̄₂.</summary>
    public DeviceArray<float> SecondTarget { get; }

    /// <summary>What candidates are rated by: the smaller of the target twins.</summary>
    /// <param name="states">s [n×S].</param>
    /// <param name="actions">a [n×A].</param>
    /// <returns>min(Q̄₁, Q̄₂) [n].</returns>
    public float[] Rate(ReadOnlySpan<float> states, ReadOnlySpan<float> actions)
    {
        int rows = actions.Length / ActionSize;
        var (first, second) = (new float[rows], new float[rows]);
        using var networks = new StateActionNetworks(Device, StateSize, ActionSize, Width, rows);
        networks.Look(states, 1, actions);
        networks.Evaluate(FirstTarget, first);
        networks.Evaluate(SecondTarget, second);
        for (int row = 0; row < rows; row++)
            first[row] = Math.Min(first[row], second[row]);
        return first;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var array in (DeviceArray<float>[])[Main, Time, FirstTarget, SecondTarget])
            array.Dispose();
    }
}
