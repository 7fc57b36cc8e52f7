using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>The critic (method: section 4), and before a softmax critic the sampling of what it backs up from.</summary>
/// <param name="data">The data.</param>
/// <param name="behavior">The behavior whose actions for next states it backs up from; null for none.</param>
internal sealed class CriticStage(DatasetWork data, SavedBehavior? behavior) : RunStage
{
    public override string Name => RunStages.Critic;

    public override string Section => "critic";

    public override IReadOnlyList<string> Needs => behavior is null ? [] : [behavior.Stage];

    public override IReadOnlyList<string> Reports => [SoftmaxQLearning.SamplingName, CriticTraining.StageName];

    public override object DependsOn(RunSettings settings) => Of(settings);

    public override IReadOnlyList<string> Leaves(StageFiles files) =>
        [.. RowStore.FilesOf(files.NextActions), files.ImplicitPolicyWeights, files.CriticWeights, files.CriticState];

    /// <summary>What a critic depends on; an online one is trained in the alignment's stage.</summary>
    internal static object Of(RunSettings settings) => new
    {
        settings.CriticWidth,
        settings.Rewards,
        settings.Optimizer,
        Critic = settings.Critic.Numerical,
        settings.Critic.Steps,
        Evaluations = settings.Critic.Method.SamplesNextActions ? settings.Labels.Evaluations : 0,
    };

    public override StageProgress Progress(SeedRun seed) => StageProgress.OfTraining(seed.Files.CriticState, seed.Files.CriticWeights, seed.Settings.Critic.Steps);

    public override void RequireSettings(SeedRun seed)
    {
        Require(seed);
        data.RequireNextActions(seed);
    }

    /// <summary>Refuses a critic of other settings; an online critic's state is of the alignment's stage.</summary>
    internal static void Require(SeedRun seed)
    {
        if (StateFile.Exists(seed.Files.CriticState))
            TrainingState.RequireSettings(seed.Files.CriticState, seed.Settings.Critic.Numerical, seed.Settings.Seed);
    }

    public override void Run(StageWork work)
    {
        var seed = work.Seeds[0];
        using var nextActions = behavior is null ? null : SampleNextActions(work, behavior);
        if (nextActions is { IsComplete: false })
            return;
        if (behavior is not null)
            HostMemory.GiveBack(); // the next states' copy

        using var trained = new CriticInTraining(work, data.View, nextActions, null);
        if (StateFile.Exists(seed.Files.CriticState))
            trained.Training.LoadState(seed.Files.CriticState, work.Notice);
        StateSaving.Run(trained.Training, work.Saving, Save, () => trained.Training.Run(work.Trainings, cancellation: work.Cancellation));

        bool Save()
        {
            if (seed.Training.Divergence is not null)
                return false;
            trained.SaveWeights(seed.Files);
            trained.Training.SaveState(seed.Files.CriticState);
            return true;
        }
    }

    private RowStore SampleNextActions(StageWork work, SavedBehavior from)
    {
        var seed = work.Seeds[0];
        using var opened = new OpenedBatches();
        var (store, sampling) = data.OpenNextActions(seed.Settings, from.Open(work, opened), seed.Files.NextActions);
        sampling.Run(store, new RenamedStage(seed.Training, SoftmaxQLearning.SamplingName), work.Cancellation);
        return store;
    }
}

/// <summary>A behavior that a stage has left in a seed's folder.</summary>
/// <param name="Stage">The name of the stage.</param>
/// <param name="Open">Opens it, and gives what is to be disposed of to the second argument.</param>
internal sealed record SavedBehavior(string Stage, Func<StageWork, OpenedBatches, IActionSampler> Open)
{
    /// <summary>The pretrained diffusion model.</summary>
    public static SavedBehavior Diffusion { get; } = new(RunStages.Behavior, (work, opened) =>
    {
        var model = opened.Add(SavedModels.Diffusion(work.Device, work.Seeds[0].Files.BehaviorWeights)!);
        return new DiffusionSampler(model, DpmSolver.Singlestep(model.Schedule, work.Settings.Labels.Evaluations, 2));
    });
}
