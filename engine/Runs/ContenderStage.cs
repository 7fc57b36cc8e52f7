using EDA.Engine.Environments;
using EDA.Engine.Evaluation;

namespace EDA.Engine.Runs;

/// <summary>The evaluation of a run on a dataset: opens the policies that a folder holds, keeps samples of their actions, and measures them.</summary>
/// <param name="data">The data.</param>
/// <param name="open">Opens the policies of a seed's folder.</param>
internal abstract class ContenderStage(DatasetWork data, Func<StageWork, Contenders> open) : RunStage
{
    public override string Name => RunStages.Evaluate;

    public override string Section => "evaluation";

    public override IReadOnlyList<string> Needs => [];

    public override bool ReadsAll => true;

    public override IReadOnlyList<string> Reports => [Rollouts.StageName];

    /// <summary>The data.</summary>
    protected DatasetWork Data => data;

    /// <summary>The stage that settings ask for: rollouts, or ratings on the dataset's states.</summary>
    /// <param name="settings">The run's settings.</param>
    /// <param name="environment">The environment.</param>
    /// <param name="data">The data.</param>
    /// <param name="open">Opens the policies of a seed's folder.</param>
    /// <returns>The stage.</returns>
    public static ContenderStage Of(RunSettings settings, EnvironmentKind environment, DatasetWork data, Func<StageWork, Contenders> open) =>
        settings.Evaluation.RollsOut ? new RolloutStage(environment, data, open) : new RatingStage(data, open);

    public override StageProgress Progress(SeedRun seed) => new(0, 1);

    /// <summary>Opens the policies of a seed's folder.</summary>
    /// <param name="work">The device and the seed.</param>
    /// <returns>The policies, owned by the caller.</returns>
    public Contenders Open(StageWork work) => open(work);

    public sealed override void Run(StageWork work)
    {
        using var contenders = open(work);
        KeepSamples(work, contenders);
        Measure(work, contenders);
    }

    /// <summary>Samples the actions of the folder's policies in named rows of the dataset.</summary>
    /// <param name="work">Whose policies.</param>
    /// <param name="rows">The dataset's rows.</param>
    /// <param name="candidates">K.</param>
    /// <returns>The samples; null if there is nothing to show.</returns>
    public ActionSamples? Sample(StageWork work, IReadOnlyList<int> rows, int candidates)
    {
        using var contenders = open(work);
        return ActionSampling.Draw(contenders, data.Dataset, rows, candidates);
    }

    /// <summary>Measures the policies.</summary>
    /// <param name="work">The device and the seed.</param>
    /// <param name="contenders">The policies.</param>
    protected abstract void Measure(StageWork work, Contenders contenders);

    // First, so that a folder's samples are never of other policies than its numbers, wherever the stage is broken off.
    private void KeepSamples(StageWork work, Contenders contenders)
    {
        var evaluation = work.Settings.Evaluation;
        string path = work.Seeds[0].Files.ActionSamples;
        bool isWanted = evaluation.ShownStates > 0 && contenders.Shown is not null;
        var samples = isWanted ? ActionSampling.Draw(contenders, data.Dataset, ActionSampling.ChooseRows(data.Dataset.Count, evaluation.ShownStates, evaluation.Seed), ActionSampling.Candidates) : null;
        if (isWanted)
            data.Dataset.Release();
        work.Saving.Before?.Invoke();
        if (samples is null)
            File.Delete(path);
        else
            samples.Save(path);
    }
}
