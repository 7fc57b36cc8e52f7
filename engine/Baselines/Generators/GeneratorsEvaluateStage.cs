using System.Diagnostics;
using EDA.Engine.Data;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;

namespace EDA.Engine.Baselines.Generators;

/// <summary>Draws points of every model of a comparison and measures them.</summary>
/// <param name="datasets">The points of each seed.</param>
internal sealed class GeneratorsEvaluateStage(Lazy<IReadOnlyList<BanditDataset>> datasets) : RunStage
{
    public override string Name => RunStages.Evaluate;

    public override string Section => "evaluation";

    public override IReadOnlyList<string> Needs => [RunStages.Behavior, RunStages.Vae, RunStages.Ebm];

    public override bool ReadsAll => true;

    public override IReadOnlyList<string> Reports => [Rollouts.StageName];

    public override object DependsOn(RunSettings settings) => new { Evaluation = settings.Evaluation.Numerical, ((GeneratorsSettings)settings.Method).Langevin };

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.EvaluationState];

    public override StageProgress Progress(SeedRun seed) => new(0, 1);

    public override void Run(StageWork work)
    {
        var (seed, files, networks) = (work.Seeds[0], work.Seeds[0].Files, new VaeNetworks(((GeneratorsSettings)work.Settings.Method).Vae));
        using var behavior = SavedModels.Diffusion(work.Device, files.BehaviorWeights)!;
        using var ebm = SavedModels.Diffusion(work.Device, files.EbmWeights)!;
        var weights = new MethodWeights(files.VaeWeights);
        float[] decoder = weights.Network(networks.Decoder);
        weights.Finish(seed.Settings.Method.Row);
        var watch = Stopwatch.StartNew();
        seed.Training.StageStarted(Rollouts.StageName, 0, 1);
        try
        {
            seed.Generators = GeneratorComparison.Measure(seed.Settings, datasets.Value[0], behavior, decoder, ebm);
            seed.Training.StageFinished(new StageResult(Rollouts.StageName, 1, 1, watch.Elapsed.TotalSeconds, null));
        }
        catch (TrainingDivergedException divergence)
        {
            seed.Training.Diverged(divergence);
        }
    }
}
