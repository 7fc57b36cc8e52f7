using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>Diffusion-QL as a row of the table of methods.</summary>
internal sealed class DiffusionQlMethod() : Method("diffusion-ql", "diffusion Q-learning (Wang, Hunt and Zhou, arXiv 2208.06193)")
{
    private const int QuickWidth = 64;

    public override Type SettingsType => typeof(DiffusionQlSettings);

    public override IReadOnlyList<string> Sections => ["criticWidth"];

    public override IReadOnlyList<MethodScore> Scores { get; } =
        [new(Rollouts.Policy, run => run.Method is DiffusionQlSettings { Samples: var samples } ? $"the averaged policy, of {samples} samples one by softmax of Q" : string.Empty)];

    public override RunSettings Budget(string budget, RunSettings eda, RunTask task)
    {
        var dataset = (DatasetTask)task;
        var known = DiffusionQlTask.Of(dataset);
        var paper = new DiffusionQlSettings { Eta = known.Eta, GradientBound = known.GradientBound, MaxQ = known.MaxQ, Steps = known.Steps, LearningRate = known.LearningRate };
        var method = budget switch
        {
            "smoke" => paper with { Batch = 64, Steps = 200, AverageFrom = 0, ReportEvery = 20 },
            "quick" => paper with { Steps = 80_000 },
            "hour" => paper with { Steps = 200_000 },
            "day" => paper with { Steps = Math.Min(paper.Steps, 1_000_000) },
            _ => paper,
        };
        return Common(eda, method) with
        {
            Rewards = dataset.Domain == D4rlDomain.AntMaze ? RewardTreatment.CentredTimesFour : RewardTreatment.AsIs,
            CriticWidth = budget == "quick" ? QuickWidth : eda.CriticWidth,
        };
    }

    internal override IReadOnlyList<RunStage> Stages(RunSettings settings, DatasetWork data, EnvironmentKind environment) =>
    [
        new PolicyStage(new()
        {
            Numerical = DiffusionQlLearning.NumericalOf,
            Learn = (work, opened) => new DiffusionQlLearning(work.Device, work.Settings, opened.Add(TransitionDataset.Upload(work.Device, data.View, work.Settings.Rewards)), work.Optimizer),
            Curve = LearningCurvePlan.Of(environment, settings),
            Contend = Open,
        }),
        ContenderStage.Of(settings, environment, data, work => Open(work, work.Seeds[0].Files.PolicyWeights)),
    ];

    private static Contenders Open(StageWork work, string path)
    {
        var run = work.Settings;
        if (!File.Exists(path))
            throw new UnfinishedStageException(RunStages.Policy, new(0, run.Method.CountSteps()));
        var policy = new DiffusionQlPolicy(work.Device, path, run);
        return new(
            [new(Rollouts.Policy, () => new DiffusionQlActor(policy, run.Evaluation.Seed))],
            new Dictionary<string, string> { ["policy"] = policy.Fingerprint },
            policy)
        { Rating = policy.Rate };
    }
}
