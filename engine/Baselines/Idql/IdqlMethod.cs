using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;

namespace EDA.Engine.Baselines.Idql;

/// <summary>Implicit diffusion Q-learning as a row of the table of methods: EDA's behavior and implicit critic, and the best of the behavior's samples.</summary>
internal sealed class IdqlMethod() : Method("idql", "implicit diffusion Q-learning: of the behavior's samples the one of highest Q")
{
    // The best of many by a short critic is the one that it is most wrong about; and a run that is to show that it works needs few.
    private const int ShortSamples = 8, SmokeSamples = 4;

    public override Type SettingsType => typeof(IdqlSettings);

    public override IReadOnlyList<string> Sections => ["width", "blocks", "heldOut", "behavior", "criticWidth", "critic"];

    public override CriticMethod? Critic => CriticMethod.Implicit;

    public override IReadOnlyList<MethodScore> Scores { get; } =
    [
        Score(Rollouts.Behavior, "the behavior model, one sample for each state"),
        new(Rollouts.Policy, run => $"the behavior model, of {((IdqlSettings)run.Method).Samples} samples the one of highest Q"),
    ];

    public override RunSettings Budget(string budget, RunSettings eda, RunTask task) => Common(eda, new IdqlSettings { Samples = Samples(budget) }) with
    {
        Width = eda.Width,
        Blocks = eda.Blocks,
        HeldOut = eda.HeldOut,
        Behavior = eda.Behavior,
        CriticWidth = eda.CriticWidth,
        Critic = eda.Critic,
    };

    public override void Check(RunSettings settings) => RequireNoCurve(settings);

    internal override IReadOnlyList<RunStage> Stages(RunSettings settings, DatasetWork data, EnvironmentKind environment) =>
        [new BehaviorStage(data.Pairs, data.HeldOutLossOf), new CriticStage(data, null), ContenderStage.Of(settings, environment, data, Contend)];

    private static int Samples(string budget) => budget switch
    {
        "smoke" => SmokeSamples,
        "quick" or "hour" => ShortSamples,
        _ => new IdqlSettings().Samples,
    };

    private static Contenders Contend(StageWork work)
    {
        var (settings, files, samples) = (work.Settings, work.Seeds[0].Files, ((IdqlSettings)work.Settings.Method).Samples);
        var behavior = SavedModels.Diffusion(work.Device, files.BehaviorWeights) ?? throw new UnfinishedStageException(RunStages.Behavior, new(0, settings.Behavior.Steps));
        var critic = SavedModels.Critic(work.Device, settings, files);
        var (seed, solver) = (settings.Evaluation.Seed, Rollouts.Solver(settings, behavior));
        List<Contender> all = [new(Rollouts.Behavior, () => Trained(DiffusionActor.Sampling(behavior, seed, solver))) { Model = behavior }];
        if (critic is not null)
            all.Add(new(Rollouts.Policy, () => Trained(DiffusionActor.Rejecting(behavior, seed, samples, CandidateRatings.ByQ(critic), solver))));
        return new(all, Contenders.NamesOf(critic, samples, Checkpoints.Fingerprint.Of(behavior.CloneParameters())), behavior, critic) { Rating = Contenders.RatingBy(critic), Shown = [Rollouts.Behavior, Rollouts.Policy] };

        DiffusionActor Trained(DiffusionActor actor)
        {
            (actor.Stage, actor.TrainedSteps) = (BehaviorPretraining.StageName, settings.Behavior.Steps);
            return actor;
        }
    }
}
