using EDA.Engine.Critics;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;

namespace EDA.Engine.Baselines.Gaussian;

/// <summary>The Gaussian behavior of the paper's Figure 4 as a row of the table of methods: behavior cloning, a softmax critic over its samples, and the best of them.</summary>
internal sealed class GaussianMethod() : Method("gaussian", "a Gaussian behavior by cloning, of whose samples a softmax critic chooses the best")
{
    public override Type SettingsType => typeof(GaussianSettings);

    public override IReadOnlyList<string> Sections => ["criticWidth", "critic"];

    public override CriticMethod? Critic => CriticMethod.Softmax;

    public override IReadOnlyList<MethodScore> Scores { get; } =
    [
        Score(Rollouts.Behavior, "the Gaussian behavior, one sample for each state"),
        new(Rollouts.Policy, run => $"the Gaussian behavior, of {((GaussianSettings)run.Method).Samples} samples the one of highest Q"),
    ];

    public override RunSettings Budget(string budget, RunSettings eda, RunTask task) =>
        Common(eda, Training(new GaussianSettings(), budget, eda)) with { CriticWidth = eda.CriticWidth, Critic = eda.Critic };

    public override void Check(RunSettings settings) => RequireNoCurve(settings);

    internal override IReadOnlyList<RunStage> Stages(RunSettings settings, DatasetWork data, EnvironmentKind environment) =>
    [
        new PolicyStage(new() { Numerical = Numerical, Learn = (work, opened) => Learn(work, opened, data) }),
        new CriticStage(data, new SavedBehavior(RunStages.Policy, (work, opened) => opened.Add(GaussianPolicy.Open(work.Device, work.Settings, work.Seeds[0].Files.PolicyWeights)))),
        ContenderStage.Of(settings, environment, data, Contend),
    ];

    /// <summary>A Gaussian's training with a budget: the paper's as it is, with others about as long as EDA's critic takes at most.</summary>
    internal static GaussianTrainingSettings Training(GaussianTrainingSettings paper, string budget, RunSettings eda)
    {
        if (budget == "paper")
            return paper;
        long steps = budget == "smoke" ? eda.Critic.Steps / 5 : eda.Critic.Steps;
        return paper with { Steps = steps, ReportEvery = (int)steps / 50 };
    }

    private static object Numerical(RunSettings settings)
    {
        var method = (GaussianSettings)settings.Method;
        return new { settings.CriticWidth, method.Batch, method.LearningRate, method.Schedule, Steps = method.StepsOfRate };
    }

    private static GaussianLearning Learn(StageWork work, OpenedBatches opened, DatasetWork data)
    {
        var settings = work.Settings;
        var pairs = opened.Add(GaussianPairs.Of(work.Device, data.View, [.. Enumerable.Range(0, data.View.Count)]));
        return new GaussianLearning(work.Device, (GaussianSettings)settings.Method, Numerical(settings), pairs, settings.CriticWidth, pairs.Fingerprint, settings.Seed, work.Optimizer);
    }

    private static Contenders Contend(StageWork work)
    {
        var (settings, files, method) = (work.Settings, work.Seeds[0].Files, (GaussianSettings)work.Settings.Method);
        if (!File.Exists(files.PolicyWeights))
            throw new UnfinishedStageException(RunStages.Policy, new(0, method.Steps));
        var policy = GaussianPolicy.Open(work.Device, settings, files.PolicyWeights);
        var critic = SavedModels.Critic(work.Device, settings, files);
        List<Contender> all = [new(Rollouts.Behavior, () => Acting(1, null))];
        if (critic is not null)
            all.Add(new(Rollouts.Policy, () => Acting(method.Samples, CandidateRatings.ByQ(critic))));
        return new(all, Contenders.NamesOf(critic, method.Samples, policy.Fingerprint), policy, critic) { Rating = Contenders.RatingBy(critic), Shown = [Rollouts.Behavior, Rollouts.Policy] };

        SamplingActor Acting(int samples, CandidateRating? rating) =>
            new(policy, settings.Evaluation.Seed, samples, rating) { Stage = RunStages.Policy, TrainedSteps = method.Steps };
    }
}
