using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>Behavior pretraining (method: section 3), of all seeds side by side.</summary>
/// <param name="pairs">Copies the state-action pairs of all seeds to a device.</param>
/// <param name="heldOutLoss">The loss of a finished model on pairs that it did not see; null where none are kept back.</param>
internal sealed class BehaviorStage(Func<IDevice, BehaviorDataset> pairs, Func<BottleneckDiffusionModel, double?> heldOutLoss) : RunStage
{
    public override string Name => RunStages.Behavior;

    public override string Section => "behavior";

    public override IReadOnlyList<string> Needs => [];

    public override StageProgress Progress(SeedRun seed) => StageProgress.OfTraining(seed.Files.BehaviorState, seed.Files.BehaviorWeights, seed.Settings.Behavior.Steps);

    public override void RequireSettings(SeedRun seed)
    {
        if (File.Exists(seed.Files.BehaviorState))
            TrainingState.RequireSettings(seed.Files.BehaviorState, seed.Settings.Behavior.Numerical, seed.Settings.Seed);
    }

    public override void Run(StageWork work)
    {
        var (settings, seeds) = (work.Settings, work.Seeds);
        using var models = ModelBatch.Create(work.Device, settings.CreateShape(), settings.Seed, seeds.Count);
        using var data = pairs(work.Device);
        using var training = new BehaviorPretraining(settings.Behavior, models, data, settings.Seed, work.Optimizer);
        if (seeds.Any(seed => File.Exists(seed.Files.BehaviorState)))
            training.LoadState([.. seeds.Select(seed => seed.Files.BehaviorState)]);
        long before = training.Step;
        StateSaving.Run(training, Save, () => training.Run(work.Trainings, cancellation: work.Cancellation));
        if (training.Step > before && training.Step == training.Steps)
            ReportHeldOutLosses();

        bool Save()
        {
            foreach (var (seed, model) in seeds.Zip(models.Models).Where(pair => pair.First.Training.Divergence is null))
                model.ToWeights().Save(seed.Files.BehaviorWeights, overwrite: true);
            training.SaveState([.. seeds.Select(seed => seed.Training.Divergence is null ? seed.Files.BehaviorState : null)]);
            return true;
        }

        void ReportHeldOutLosses()
        {
            foreach (var (seed, model) in seeds.Zip(models.Models).Where(pair => pair.First.Training.Divergence is null))
            {
                if (heldOutLoss(model) is { } loss)
                    seed.Training.Progress(new TrainingProgress(training.Name, training.Step, training.Steps, seed.Training.Stages[^1].Seconds, [new Metric("held_out_loss", loss)]));
            }
        }
    }
}
