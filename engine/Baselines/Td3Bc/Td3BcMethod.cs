using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;

namespace EDA.Engine.Baselines.Td3Bc;

/// <summary>TD3+BC as a row of the table of methods.</summary>
internal sealed class Td3BcMethod() : Method("td3-bc", "TD3 with behavior cloning (Fujimoto and Gu, arXiv 2106.06860)")
{
    private const int QuickMazeWidth = 128;

    public override Type SettingsType => typeof(Td3BcSettings);

    public override IReadOnlyList<string> Sections => ["criticWidth"];

    public override IReadOnlyList<MethodScore> Scores { get; } = [Score(Rollouts.Policy, "the policy of TD3+BC")];

    public override RunSettings Budget(string budget, RunSettings eda, RunTask task)
    {
        var dataset = (DatasetTask)task;
        var paper = new Td3BcSettings();
        var method = budget switch
        {
            "smoke" => paper with { Steps = 400, ReportEvery = 20 },
            "quick" => paper with { Steps = 100_000 },
            "hour" => paper with { Steps = 400_000 },
            _ => paper,
        };
        return Common(eda, method) with
        {
            // The paper has no mazes; a reward of 0 up to the goal gives Q nothing to climb by but 1 at the end.
            Rewards = dataset.Domain == D4rlDomain.AntMaze ? RewardTreatment.MinusOne : RewardTreatment.AsIs,
            CriticWidth = budget == "quick" && dataset.MakesItsData ? QuickMazeWidth : eda.CriticWidth,
        };
    }

    internal override IReadOnlyList<RunStage> Stages(RunSettings settings, DatasetWork data, EnvironmentKind environment) =>
    [
        new PolicyStage(new()
        {
            Numerical = Td3BcLearning.NumericalOf,
            Learn = (work, opened) =>
            {
                var (normalised, normalisation) = Upload(work, data.View);
                return new Td3BcLearning(work.Device, work.Settings, opened.Add(normalised), normalisation, work.Optimizer);
            },
            Curve = LearningCurvePlan.Of(environment, settings),
            Contend = Open,
        }),
        ContenderStage.Of(settings, environment, data, work => Open(work, work.Seeds[0].Files.PolicyWeights)),
    ];

    private static (TransitionDataset Data, StateNormalisation Normalisation) Upload(StageWork work, QLearningView view)
    {
        var (states, nextStates) = (view.States(), view.NextStates());
        var normalisation = StateNormalisation.Of(states, view.StateSize);
        normalisation.Apply(states);
        normalisation.Apply(nextStates);
        float[] rewards = RewardTreatments.Apply(view, work.Settings.Rewards);
        return (TransitionDataset.Upload(work.Device, states, view.Actions(), rewards, view.Terminals(), nextStates, view.StateSize, view.ActionSize), normalisation);
    }

    private static Contenders Open(StageWork work, string path)
    {
        var (run, description) = (work.Settings, EnvironmentCatalogue.Find(work.Settings.Environment).Description);
        if (!File.Exists(path))
            throw new UnfinishedStageException(RunStages.Policy, new(0, run.Method.CountSteps()));
        var policy = new Td3BcPolicy(work.Device, path, description.ObservationSize, description.ActionSize, run.CriticWidth);
        return new(
            [new(Rollouts.Policy, () => new DeterministicActor(work.Device, description.ObservationSize, description.ActionSize, policy.Act) { Stage = RunStages.Policy, TrainedSteps = run.Method.CountSteps() })],
            new Dictionary<string, string> { ["policy"] = policy.Fingerprint },
            policy)
        { Rating = policy.Rate };
    }
}
