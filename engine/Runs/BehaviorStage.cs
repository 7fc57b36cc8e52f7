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

    public override IReadOnlyList<string> Reports => [BehaviorPretraining.StageName];

    public override object DependsOn(RunSettings settings) =>
        new { settings.Width, settings.Blocks, settings.HeldOut, settings.Optimizer, Behavior = settings.Behavior.Numerical, settings.Behavior.Steps };

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.BehaviorWeights, files.BehaviorState];

    public override StageProgress Progress(SeedRun seed) => StageProgress.OfTraining(seed.Files.BehaviorState, seed.Files.BehaviorWeights, seed.Settings.Behavior.Steps);

    public override void RequireSettings(SeedRun seed)
    {
        if (StateFile.Exists(seed.Files.BehaviorState))
            TrainingState.RequireSettings(seed.Files.BehaviorState, seed.Settings.Behavior.Numerical, seed.Settings.Seed);
    }

    public override void Run(StageWork work)
    {
        var (settings, seeds) = (work.Settings, work.Seeds);
        using var models = ModelBatch.Create(work.Device, settings.CreateShape(), settings.Seed, seeds.Count);
        using var data = pairs(work.Device);
        using var training = new BehaviorPretraining(settings.Behavior, models, data, settings.Seed, work.Optimizer);
        if (seeds.Any(seed => StateFile.Exists(seed.Files.BehaviorState)))
            training.LoadState([.. seeds.Select(seed => seed.Files.BehaviorState)], work.Notice);
        StateSaving.Run(
            training,
            work.Saving,
            () => ModelSaving.Save(work, models, training, files => files.BehaviorWeights, files => files.BehaviorState, training.SaveState),
            Train);

        // The last state is saved when the loss on unseen pairs is reported, too: who goes on from it has nothing left to do.
        void Train()
        {
            long before = training.Step;
            training.Run(work.Trainings, cancellation: work.Cancellation);
            if (training.Step > before && training.Step == training.Steps)
                ReportHeldOutLosses();
        }

        void ReportHeldOutLosses()
        {
            foreach (var (seed, model) in ModelSaving.Trained(work, models))
            {
                if (heldOutLoss(model) is { } loss)
                    seed.Training.Progress(new TrainingProgress(training.Name, training.Step, training.Steps, seed.Training.Stages[^1].Seconds, [new Metric("held_out_loss", loss)]));
            }
        }
    }
}
