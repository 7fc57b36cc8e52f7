using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Evaluation.Recordings;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>Rolls out whatever the folder holds (method: sections 6 and 7), and keeps samples of it to be looked at.</summary>
/// <param name="environment">The environment.</param>
/// <param name="data">The data.</param>
/// <param name="open">Opens who is rolled out of what a seed's folder holds.</param>
internal sealed class RolloutStage(EnvironmentKind environment, DatasetWork data, Func<StageWork, Contenders> open) : RunStage
{
    public override string Name => RunStages.Evaluate;

    public override string Section => "evaluation";

    public override IReadOnlyList<string> Needs => [];

    public override bool ReadsAll => true;

    public override IReadOnlyList<string> Reports => [Rollouts.StageName];

    // A method's settings say how it acts, too.
    public override object DependsOn(RunSettings settings) => new { Evaluation = settings.Evaluation.Numerical, settings.Method };

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.ActionSamples, files.EvaluationState];

    public override StageProgress Progress(SeedRun seed) => new(0, 1);

    /// <summary>Opens who is rolled out of what a seed's folder holds.</summary>
    /// <param name="work">The device and the seed.</param>
    /// <returns>The contenders, owned by the caller.</returns>
    public Contenders Open(StageWork work) => open(work);

    public override void Run(StageWork work)
    {
        var seed = work.Seeds[0];
        using var contenders = open(work);
        KeepSamples(work, contenders);
        var log = new RolloutLog(seed.Files.EvaluationState, seed.Settings, contenders.Identity, work.Notice);
        seed.Lock?.Require();
        EpisodeRecording.Clear(seed.Files.Episodes);
        bool isComplete = false;
        StateSaving.Run(work.Saving, log.Save, timed =>
        {
            var (stage, scores) = Rollouts.Run(environment, seed.Settings, contenders, log, timed, seed.Training, work.Cancellation);
            (isComplete, seed.Scores) = (stage.Completed, scores);
        });
        if (!isComplete)
            return;
        seed.Lock?.Require();
        EpisodeRecording.Write(seed.Files.Episodes, environment, seed.Settings, contenders, log, seed.Scores, work.Notice);
    }

    /// <summary>Samples what the folder's policies would do in rows of the dataset that somebody names.</summary>
    /// <param name="work">Whose policies.</param>
    /// <param name="rows">The dataset's rows.</param>
    /// <param name="candidates">K.</param>
    /// <returns>The samples; null where there is nothing to show.</returns>
    public ActionSamples? Sample(StageWork work, IReadOnlyList<int> rows, int candidates)
    {
        using var contenders = open(work);
        return ActionSampling.Draw(contenders, data.Dataset, rows, candidates);
    }

    // First, so that a folder's samples are never of other policies than its scores, wherever the rollouts are broken off.
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
