using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>Rolls out whatever the folder holds (method: sections 6 and 7).</summary>
/// <param name="environment">The environment.</param>
internal sealed class RolloutStage(EnvironmentKind environment) : RunStage
{
    public override string Name => RunStages.Evaluate;

    public override string Section => "evaluation";

    public override IReadOnlyList<string> Needs => [];

    public override bool ReadsAll => true;

    public override IReadOnlyList<string> Reports => [Rollouts.StageName];

    public override object DependsOn(RunSettings settings) => settings.Evaluation with { Every = 0 };

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.EvaluationState];

    public override StageProgress Progress(SeedRun seed) => new(0, 1);

    public override void Run(StageWork work)
    {
        var (seed, device, files) = (work.Seeds[0], work.Device, work.Seeds[0].Files);
        using var behavior = SavedModels.Diffusion(device, files.BehaviorWeights);
        using var policy = SavedModels.Diffusion(device, files.PolicyWeights);
        using var weighted = seed.Settings.Weighted.IsThere ? SavedModels.Diffusion(device, files.WeightedWeights) : null;
        using var critic = SavedModels.Critic(device, seed.Settings, files);
        using var implicitPolicy = SavedModels.ImplicitPolicy(device, files);
        if (behavior is null && implicitPolicy is null)
            throw new UnfinishedStageException(RunStages.Behavior, new(0, seed.Settings.Behavior.Steps));
        var models = new RolloutModels(behavior, policy, critic, implicitPolicy, weighted);
        var log = new RolloutLog(files.EvaluationState, seed.Settings, models, work.Notice);
        StateSaving.Run(work.Saving, log.Save, timed => seed.Scores = Rollouts.Run(environment, seed.Settings, models, log, timed, seed.Training, work.Cancellation).Scores);
    }
}
