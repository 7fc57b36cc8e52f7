using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Evaluation.Recordings;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>Rolls out whatever the folder holds (method: sections 6 and 7).</summary>
/// <param name="environment">The environment.</param>
/// <param name="open">Opens who is rolled out of what a seed's folder holds.</param>
internal sealed class RolloutStage(EnvironmentKind environment, Func<StageWork, Contenders> open) : RunStage
{
    public override string Name => RunStages.Evaluate;

    public override string Section => "evaluation";

    public override IReadOnlyList<string> Needs => [];

    public override bool ReadsAll => true;

    public override IReadOnlyList<string> Reports => [Rollouts.StageName];

    // A method's settings say how it acts, too.
    public override object DependsOn(RunSettings settings) => new { Evaluation = settings.Evaluation.Numerical, settings.Method };

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.EvaluationState];

    public override StageProgress Progress(SeedRun seed) => new(0, 1);

    public override void Run(StageWork work)
    {
        var seed = work.Seeds[0];
        using var contenders = open(work);
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
