using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Samples;

/// <summary>An optimizer of one's own: Lion (Chen et al. 2023), whose steps are signs. Any stage that trains takes it.</summary>
public static class OwnOptimizer
{
    /// <returns>The loss of the last report.</returns>
    public static double Run()
    {
        using var device = new CpuDevice();
        var moons = BanditDataset.Create("moons", 20_000, seed: 0);
        using var actions = new BehaviorDataset(device, moons.Points, actionSize: 2);
        using var behavior = BottleneckDiffusionModel.Create(device, new BdmShape(stateSize: 0, actionSize: 2, width: 64, blocks: 2), seed: 0);
        var settings = new PretrainingSettings { Batch = 256, Steps = 500, LearningRate = 3e-4 };
        using var stage = new BehaviorPretraining(settings, behavior, actions, seed: 0, (at, parameters, _) => new Lion(at, parameters));
        double loss = stage.Run().LastLoss!.Value;
        Console.WriteLine($"loss after {settings.Steps} steps of Lion: {loss:0.000}");
        return loss;
    }

    private sealed class Lion(IDevice device, DeviceArray<float> parameters) : IOptimizer
    {
        private readonly float[] _moment = new float[parameters.Length], _values = new float[parameters.Length], _gradient = new float[parameters.Length];

        public string Name => "lion";

        public double LearningRate { get; set; }

        public long StepCount { get; private set; }

        // On the host, for the sake of a short sample; a kernel of one's own would stay on the device.
        public void Step(DeviceArray<float> gradient)
        {
            device.Synchronize();
            gradient.CopyTo(_gradient);
            parameters.CopyTo(_values);
            for (int i = 0; i < _values.Length; i++)
            {
                _values[i] -= (float)LearningRate * MathF.Sign((0.9f * _moment[i]) + (0.1f * _gradient[i]));
                _moment[i] = (0.99f * _moment[i]) + (0.01f * _gradient[i]);
            }

            parameters.CopyFrom(_values);
            StepCount++;
        }

        public IReadOnlyDictionary<string, float[]> ExportState() => new Dictionary<string, float[]> { ["moment"] = (float[])_moment.Clone() };

        public void ImportState(IReadOnlyDictionary<string, float[]> state, long stepCount)
        {
            state["moment"].CopyTo(_moment, 0);
            StepCount = stepCount;
        }

        public void Dispose()
        {
        }
    }
}
