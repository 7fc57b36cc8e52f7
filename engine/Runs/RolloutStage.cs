using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Evaluation.Recordings;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>Rolls out the policies of a folder (method: sections 6 and 7).</summary>
/// <param name="environment">The environment.</param>
/// <param name="data">The data.</param>
/// <param name="open">Opens the policies of a seed's folder.</param>
internal sealed class RolloutStage(EnvironmentKind environment, DatasetWork data, Func<StageWork, Contenders> open) : ContenderStage(data, open)
{
    // A method's settings say how it acts, too.
    public override object DependsOn(RunSettings settings) => new { Evaluation = settings.Evaluation.Numerical, settings.Method };

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.ActionSamples, files.EvaluationState];

    protected override void Measure(StageWork work, Contenders contenders)
    {
        var seed = work.Seeds[0];
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
}
