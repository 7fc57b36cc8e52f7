using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>Saves diffusion models in training, each in its seed's folder: first the weights, then the state that vouches for them.</summary>
internal static class ModelSaving
{
    /// <summary>Saves those of every seed that has not diverged.</summary>
    /// <param name="work">The seeds.</param>
    /// <param name="models">Their models.</param>
    /// <param name="stage">The stage that trains them.</param>
    /// <param name="weights">Where the weights go.</param>
    /// <param name="state">Where the state goes.</param>
    /// <param name="saveState">Writes the states by seed, leaving out those without a path.</param>
    /// <returns>Whether there was anything to save.</returns>
    public static bool Save(
        StageWork work, ModelBatch models, TrainingStage stage, Func<StageFiles, string> weights, Func<StageFiles, string> state, Action<IReadOnlyList<string?>> saveState)
    {
        foreach (var (seed, model) in Trained(work, models))
        {
            var found = model.ToWeights();
            if (Array.TrueForAll(found.Parameters, float.IsFinite))
                found.Save(weights(seed.Files), overwrite: true);
            else
                seed.Training.Diverged(new TrainingDivergedException(stage.Name, stage.Step, "a weight is not a number"));
        }

        saveState([.. work.Seeds.Select(seed => seed.Training.Divergence is null ? state(seed.Files) : null)]);
        return work.Seeds.Any(seed => seed.Training.Divergence is null);
    }

    /// <summary>The seeds whose training goes on, with their models.</summary>
    public static IEnumerable<(SeedRun Seed, BottleneckDiffusionModel Model)> Trained(StageWork work, ModelBatch models) =>
        work.Seeds.Zip(models.Models).Where(pair => pair.First.Training.Divergence is null);
}
