using System.Diagnostics;
using EDA.Engine.Data;
using EDA.Engine.Evaluation;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>Compares the models of each seed with the exact answer (method: section 7).</summary>
/// <param name="datasets">The points of each seed.</param>
internal sealed class BanditEvaluateStage(Lazy<IReadOnlyList<BanditDataset>> datasets) : RunStage
{
    public override string Name => RunStages.Evaluate;

    public override string Section => "evaluation";

    public override IReadOnlyList<string> Needs => [];

    public override bool ReadsAll => true;

    public override IReadOnlyList<string> Reports => [Rollouts.StageName];

    public override object DependsOn(RunSettings settings) => settings.Evaluation.Numerical;

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.EvaluationState];

    public override StageProgress Progress(SeedRun seed) => new(0, 1);

    public override void Run(StageWork work)
    {
        for (int m = 0; m < work.Seeds.Count; m++)
        {
            // The first is measured whatever happens: a run that was finished but for it has no other moment to stop at.
            if (work.Seeds[m].Training.Divergence is null && (m == 0 || !work.Cancellation.IsCancellationRequested))
                Measure(work, work.Seeds[m], datasets.Value[m]);
        }
    }

    private static void Measure(StageWork work, SeedRun seed, BanditDataset dataset)
    {
        using var behavior = SavedModels.Diffusion(work.Device, seed.Files.BehaviorWeights) ?? throw new UnfinishedStageException(RunStages.Behavior, new(0, seed.Settings.Behavior.Steps));
        using var policy = SavedModels.Diffusion(work.Device, seed.Files.PolicyWeights) ?? throw new UnfinishedStageException(RunStages.Align, new(0, seed.Settings.Alignment.Steps));
        var watch = Stopwatch.StartNew();
        seed.Training.StageStarted(Rollouts.StageName, 0, 1);
        try
        {
            seed.Exact = BanditEvaluation.Measure(seed.Settings, dataset, behavior, policy);
            seed.Training.StageFinished(new StageResult(Rollouts.StageName, 1, 1, watch.Elapsed.TotalSeconds, null));
        }
        catch (TrainingDivergedException divergence)
        {
            seed.Training.Diverged(divergence);
        }
    }
}
