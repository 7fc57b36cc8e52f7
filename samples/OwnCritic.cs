using EDA.Engine.Critics;
using EDA.Engine.Environments;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Samples;

/// <summary>A critic of one's own: Q(s, a) = E[r], the reward of the next step alone, as a row of the table.</summary>
public static class OwnCritic
{
    /// <param name="folder">The run's folder.</param>
    /// <returns>The scores by policy.</returns>
    public static IReadOnlyDictionary<string, double> Run(string folder)
    {
        using var row = CriticMethod.Table.Add(new CriticMethod("rewards", parts => new RewardLearning(parts)));
        var task = DatasetTask.Generated[0];
        var settings = RunBudgets.Get("smoke", task, CriticMethod.Table.Find("rewards"));

        using var device = new CpuDevice();
        Directory.CreateDirectory(folder);
        var inputs = new RunInputs(GeneratedDataset.Create(settings), EnvironmentCatalogue.Find(task.Environment));
        var result = new RunPipeline(device, task, inputs, settings, new StageFiles(folder)).Run();
        foreach (var (name, score) in result.Scores)
            Console.WriteLine($"{name}: {score.NormalizedMean:0.0}");
        return result.Scores.ToDictionary(entry => entry.Key, entry => entry.Value.NormalizedMean);
    }

    /// <summary>One step of the twins towards r + 0 · V(s'): the fused operation of critics that sample next actions, with γ = 0.</summary>
    private sealed class RewardLearning(CriticParts parts) : CriticLearning(parts.Settings.Method, parts.Settings, parts.Critic, parts.Data, parts.Optimizer)
    {
        private readonly DeviceArray<float> _nextActions = parts.Critic.Device.Allocate<float>((long)parts.Settings.Batch * parts.Data.ActionSize);

        public override IReadOnlyList<string> Measured => ["loss", "next_value"];

        public override void Step(in RandomDraw draw, long step, DeviceArray<float> measured)
        {
            Critic.Operations.SampledStep(new()
            {
                Batch = Batch(draw),
                Backup = new(Discount: 0, InverseTemperature: 1, _nextActions, CandidateCount: 1),
                Twin = Twin,
                Target = Critic.Target,
                Update = Update(step),
                Losses = measured,
            });
            Move(step);
        }

        protected override void Dispose(bool disposing)
        {
            _nextActions.Dispose();
            base.Dispose(disposing);
        }
    }
}
