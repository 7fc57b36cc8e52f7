using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Samples;

/// <summary>Trains a behavior on the two moons, aligns a policy with their energies, and samples from both.</summary>
public static class Bandit
{
    /// <returns>The mean energy of the policy's samples, each point's that of the nearest in the data.</returns>
    public static double Run()
    {
        const ulong Seed = 0;
        using var device = new CpuDevice();
        var moons = BanditDataset.Create("moons", 20_000, Seed);

        // Stage 1 (Eq. 10): actions without rewards. A bandit has no states: S = 0.
        using var actions = new BehaviorDataset(device, moons.Points, actionSize: 2);
        using var behavior = BottleneckDiffusionModel.Create(device, new BdmShape(stateSize: 0, actionSize: 2, width: 64, blocks: 2), Seed);
        var pretraining = new PretrainingSettings { Batch = 256, Steps = 500, LearningRate = 2e-3 };
        using (var stage = new BehaviorPretraining(pretraining, behavior, actions, Seed))
            stage.Run();

        // Stage 2 (Eq. 14): a copy of the behavior learns which of K = 16 candidates has the highest energy.
        using var policy = behavior.Copy();
        using var batches = AlignmentBatches.OfBandits(device, [moons], candidateCount: 16);
        var alignment = new AlignmentSettings { States = 32, Steps = 200, LearningRate = 1e-3 };
        using (var stage = new PolicyAlignment(alignment, policy, behavior, batches, Seed))
            stage.Run();

        var nearest = new NearestPoint(moons.Points);
        double energy = 0;
        foreach (var (name, model) in new[] { ("behavior", behavior), ("policy", policy) })
        {
            float[] samples = model.Sample(rows: 1, candidates: 1000, new RandomDraw(Seed, RandomStage.Sampling, 0));
            energy = samples.Chunk(2).Average(point => moons.Energies[nearest.Of(point[0], point[1])]);
            Console.WriteLine($"{name}: mean energy {energy:0.000}, the data's {moons.Energies.Average():0.000}");
        }

        policy.ToWeights().Save(Path.Combine(Path.GetTempPath(), "moons.safetensors"), overwrite: true);
        return energy;
    }
}
