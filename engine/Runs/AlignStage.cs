using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>
/// Policy alignment (method: section 5), of all seeds side by side, from the finished behaviors. Stages differ in where
/// the labelled candidates come from, and when.
/// </summary>
/// <param name="curve">Where along it the policy is rolled out; null for nowhere.</param>
/// <param name="from">The stage that leaves what it begins with.</param>
internal abstract class AlignStage(LearningCurvePlan? curve, string from = RunStages.Behavior) : RunStage
{
    /// <summary>The stage that leaves what the policy begins with.</summary>
    protected string From { get; } = from;

    public sealed override string Name => RunStages.Align;

    public sealed override string Section => "alignment";

    public override IReadOnlyList<string> Reports => [PolicyAlignment.StageName];

    // Rollouts along it change no weight; but a run that asks for them is to have them.
    public override object DependsOn(RunSettings settings) => LearningCurvePlan.DependsOn(settings) is { } rollouts
        ? new { settings.Optimizer, Alignment = Settings(settings).Numerical, Settings(settings).Steps, Rollouts = rollouts }
        : new { settings.Optimizer, Alignment = Settings(settings).Numerical, Settings(settings).Steps };

    public override IReadOnlyList<string> Leaves(StageFiles files) =>
        [.. curve is null ? [] : (string[])[.. curve.Kept(files), files.LearningCurveState], files.PolicyWeights, files.AlignmentState];

    public sealed override StageProgress Progress(SeedRun seed)
    {
        long steps = Settings(seed.Settings).Steps;
        var progress = StageProgress.OfTraining(seed.Files.AlignmentState, seed.Files.PolicyWeights, steps);
        return progress.IsDone && curve is not null && !RolloutLog.IsCompleteAt(seed.Files.LearningCurveState, steps) ? new(Math.Max(0, steps - 1), steps) : progress;
    }

    public override void RequireSettings(SeedRun seed)
    {
        if (StateFile.Exists(seed.Files.AlignmentState))
            TrainingState.RequireSettings(seed.Files.AlignmentState, Settings(seed.Settings).Numerical, seed.Settings.Seed);
    }

    /// <summary>The settings of the alignment itself.</summary>
    protected virtual AlignmentSettings Settings(RunSettings settings) => settings.Alignment;

    /// <summary>The learning curve of the policy, where one is asked for.</summary>
    protected LearningCurve? Curve(StageWork work, ModelBatch policies, TrainingStage alignment) => curve is null ? null : new(curve, work, new AlignedPolicy(work.Settings, policies.Models[0]), alignment);

    /// <summary>The behaviors as pretraining left them, or the weighted model; in the place of a seed that diverged, unused weights.</summary>
    protected ModelBatch FinishedBehaviors(StageWork work)
    {
        var models = ModelBatch.Create(work.Device, work.Settings.CreateShape(), work.Settings.Seed, work.Seeds.Count);
        try
        {
            foreach (var (seed, model) in work.Seeds.Zip(models.Models).Where(pair => pair.First.Training.Divergence is null))
                model.SetParameters(BdmWeights.LoadLeft(seed.Files.WeightsOf(From)).Parameters);
            return models;
        }
        catch
        {
            models.Dispose();
            throw;
        }
    }
}

/// <summary>Alignment on candidates whose labels are there before it begins.</summary>
/// <param name="curve">Where along it the policy is rolled out; null for nowhere.</param>
/// <param name="from">The stage that leaves what it begins with.</param>
internal abstract class LabelledAlignStage(LearningCurvePlan? curve, string from = RunStages.Behavior) : AlignStage(curve, from)
{
    public override void Run(StageWork work)
    {
        var seeds = work.Seeds;
        using var behaviors = FinishedBehaviors(work);
        using var policies = behaviors.Copy();
        using var opened = new OpenedBatches();
        var batches = OpenBatches(work, behaviors, opened);
        HostMemory.GiveBack(); // the states' copy, where they are on the device
        using var alignment = new PolicyAlignment(Settings(work.Settings), policies, behaviors, batches, work.Settings.Seed, work.Optimizer);
        if (seeds.Any(seed => StateFile.Exists(seed.Files.AlignmentState)))
            alignment.LoadState([.. seeds.Select(seed => seed.Files.AlignmentState)], work.Notice);
        StateSaving.Run(
            alignment,
            work.Saving,
            () => ModelSaving.Save(work, policies, alignment, files => files.PolicyWeights, files => files.AlignmentState, alignment.SaveState),
            () => alignment.Run(work.Trainings, cancellation: work.Cancellation),
            Curve(work, policies, alignment));
    }

    /// <summary>Where the labelled candidates come from.</summary>
    /// <param name="work">What the stage works with.</param>
    /// <param name="behaviors">The finished behaviors.</param>
    /// <param name="opened">Takes everything that is opened, the batches included.</param>
    /// <returns>The batches.</returns>
    protected abstract AlignmentBatches OpenBatches(StageWork work, ModelBatch behaviors, OpenedBatches opened);
}

/// <summary>Alignment of bandits: each step draws dataset points and their energies anew.</summary>
/// <param name="datasets">The points of each seed.</param>
internal sealed class BanditAlignStage(Lazy<IReadOnlyList<BanditDataset>> datasets) : LabelledAlignStage(null)
{
    public override IReadOnlyList<string> Needs => [RunStages.Behavior];

    protected override AlignmentBatches OpenBatches(StageWork work, ModelBatch behaviors, OpenedBatches opened) =>
        opened.Add(AlignmentBatches.OfBandits(work.Device, datasets.Value, work.Settings.Alignment.Candidates, work.Memory));
}

/// <summary>Alignment on annotations of the user's own, which bring their own number of candidates.</summary>
/// <param name="labels">The annotations.</param>
/// <param name="curve">Where along it the policy is rolled out; null for nowhere.</param>
internal sealed class UserAlignStage(UserLabels labels, LearningCurvePlan? curve) : LabelledAlignStage(curve)
{
    public override IReadOnlyList<string> Needs => [RunStages.Behavior];

    public override object DependsOn(RunSettings settings) => new { Labels = labels.Fingerprint, Alignment = base.DependsOn(settings) };

    /// <summary>The alignment's settings with the annotations' number of candidates.</summary>
    public static AlignmentSettings With(AlignmentSettings settings, UserLabels labels) => settings with { Candidates = labels.CandidateCount };

    protected override AlignmentSettings Settings(RunSettings settings) => With(settings.Alignment, labels);

    protected override AlignmentBatches OpenBatches(StageWork work, ModelBatch behaviors, OpenedBatches opened) => opened.Add(labels.ToBatches(work.Device, work.Memory));
}

/// <summary>Alignment on the candidates of what it begins with, labelled by the critic.</summary>
/// <param name="data">The data.</param>
/// <param name="from">The stage that leaves what it begins with.</param>
/// <param name="curve">Where along it the policy is rolled out; null for nowhere.</param>
internal sealed class CandidateAlignStage(DatasetWork data, string from, LearningCurvePlan? curve) : LabelledAlignStage(curve, from)
{
    public override IReadOnlyList<string> Needs => [From, RunStages.Label, RunStages.Critic];

    protected override AlignmentBatches OpenBatches(StageWork work, ModelBatch behaviors, OpenedBatches opened)
    {
        var (settings, files) = (work.Settings, work.Seeds[0].Files);
        var set = data.Candidates(settings, files);
        var candidates = opened.Add(set.OpenCandidates(behaviors.Models[0]).Candidates);
        using var critic = SavedModels.Critic(work.Device, settings, files)!;
        var labels = opened.Add(set.OpenLabels(behaviors.Models[0], critic, candidates).Labels);
        return opened.Add(AlignmentBatches.OfStores(work.Device, set.States, data.View.StateSize, candidates, labels, work.Memory));
    }
}

/// <summary>What batches are drawn from, given back with them.</summary>
internal sealed class OpenedBatches : IDisposable
{
    private readonly Stack<IDisposable> _opened = [];

    /// <summary>Takes something.</summary>
    public T Add<T>(T opened)
        where T : IDisposable
    {
        _opened.Push(opened);
        return opened;
    }

    public void Dispose()
    {
        while (_opened.TryPop(out var opened))
            opened.Dispose();
    }
}
