using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>Standing on the data: Eq. 10 once more, on rows weighed by the critic. Its model is a policy by itself, and what EDA then aligns from.</summary>
/// <param name="data">The data.</param>
internal sealed class WeighStage(DatasetWork data) : RunStage
{
    public override string Name => RunStages.Weigh;

    public override string Section => "weighted";

    public override IReadOnlyList<string> Needs => [RunStages.Behavior, RunStages.Critic];

    public override IReadOnlyList<string> Reports => [BehaviorPretraining.WeightedName];

    public override object DependsOn(RunSettings settings) =>
        new { settings.Width, settings.Blocks, settings.HeldOut, settings.Optimizer, Weighted = settings.Weighted.Numerical, settings.Weighted.Training.Steps };

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.WeightedWeights, files.WeightedState];

    public override StageProgress Progress(SeedRun seed) => StageProgress.OfTraining(seed.Files.WeightedState, seed.Files.WeightedWeights, seed.Settings.Weighted.Training.Steps);

    public override void RequireSettings(SeedRun seed)
    {
        if (StateFile.Exists(seed.Files.WeightedState))
            TrainingState.RequireSettings(seed.Files.WeightedState, seed.Settings.Weighted.Numerical, seed.Settings.Seed);
    }

    public override void Run(StageWork work)
    {
        var (settings, files) = (work.Settings, work.Seeds[0].Files);
        var weighted = settings.Weighted;
        using var behavior = SavedModels.Diffusion(work.Device, files.BehaviorWeights)!;
        using var model = weighted.Start == WeightedStart.Behavior ? behavior.Copy() : BottleneckDiffusionModel.Create(work.Device, behavior.Shape, settings.Seed);
        using var critic = SavedModels.Critic(work.Device, settings, files)!;

        // Sampled actions are clipped before they are rated, where settings say so; these are the data's own.
        critic.ClipsActions = false;
        using var rows = Rows(work, settings, critic);
        string madeOf = $"{data.PairsFingerprint} {Fingerprint.Of(critic.Target.ToArray(), critic.Value!.ToArray(), behavior.CloneParameters())}";
        using var training = new BehaviorPretraining(weighted, model, rows, madeOf, settings.Seed, work.Optimizer);
        if (StateFile.Exists(files.WeightedState))
            training.LoadState(files.WeightedState, work.Notice);
        using var models = new ModelBatch(model);
        StateSaving.Run(
            training,
            work.Saving,
            () => ModelSaving.Save(work, models, training, each => each.WeightedWeights, each => each.WeightedState, training.SaveState),
            () => training.Run(work.Trainings, cancellation: work.Cancellation));
    }

    private BehaviorDataset Rows(StageWork work, RunSettings settings, Critic critic)
    {
        int[] rows = data.TrainedRows;
        double[] weights = AdvantageWeights.Of(critic, data.View, rows, settings.Weighted.AdvantageScale, settings.Weighted.WeightCap);
        if (!(weights.Sum() is > 0 and < double.PositiveInfinity))
            throw new TrainingDivergedException(BehaviorPretraining.WeightedName, 0, "the rows' weights have no sum to share out; a smaller weighted.advantageScale or weighted.weightCap may do");
        work.Notice(string.Create(CultureInfo.InvariantCulture, $"the weights leave an effective {WeightedRows.EffectiveCount(weights):0} of {weights.Length} rows, (Σw)² / Σw²: so many rows of one weight would tell as much"));
        return WeightedRows.Upload(work.Device, data.View, rows, weights, new RandomDraw(settings.Seed, RandomStage.Weighted, 0));
    }
}
