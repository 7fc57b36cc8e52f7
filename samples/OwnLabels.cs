using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Samples;

/// <summary>Labels of one's own: a judge who likes points on the right, and names the best of four candidates (Eq. 15).</summary>
public static class OwnLabels
{
    /// <returns>The mean x of samples, of the behavior and of the aligned policy.</returns>
    public static (double Behavior, double Policy) Run()
    {
        using var device = new CpuDevice();
        var moons = BanditDataset.Create("moons", 20_000, seed: 0);
        using var actions = new BehaviorDataset(device, moons.Points, actionSize: 2);
        using var behavior = BottleneckDiffusionModel.Create(device, new BdmShape(stateSize: 0, actionSize: 2, width: 64, blocks: 2), seed: 0);
        using (var stage = new BehaviorPretraining(new() { Batch = 256, Steps = 500, LearningRate = 2e-3 }, behavior, actions, seed: 0))
            stage.Run();

        // 500 questions of four candidates each, drawn from the behavior. q of the winner is 1, of the others 0.
        const int Questions = 500, Candidates = 4;
        float[] candidates = behavior.Sample(rows: 1, candidates: Questions * Candidates, new RandomDraw(0, RandomStage.Label, 0));
        float[] labels = new float[Questions * Candidates];
        for (int question = 0; question < Questions; question++)
        {
            int best = Enumerable.Range(0, Candidates).MaxBy(k => candidates[2 * ((question * Candidates) + k)]);
            labels[(question * Candidates) + best] = 1;
        }

        using var batches = AlignmentBatches.OfArrays(device, candidates, labels, actionSize: 2, Candidates);
        using var policy = behavior.Copy();
        var settings = new AlignmentSettings { Objective = ObjectiveKind.Preference, Candidates = Candidates, States = 32, Steps = 300, LearningRate = 1e-3 };
        using (var stage = new PolicyAlignment(settings, policy, behavior, batches, seed: 0))
            stage.Run();
        var (before, after) = (MeanX(behavior), MeanX(policy));
        Console.WriteLine($"mean x of the behavior {before:0.00}, of the policy {after:0.00}");
        return (before, after);

        static double MeanX(BottleneckDiffusionModel model) => model.Sample(rows: 1, candidates: 1000, new RandomDraw(1, RandomStage.Sampling, 0)).Chunk(2).Average(point => (double)point[0]);
    }
}
