using System.Globalization;
using EDA.Engine.Baselines.Gaussian;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;

namespace EDA.Engine.Baselines.Iql;

/// <summary>Implicit Q-learning as a row of the table of methods: its critic, then a Gaussian policy by advantage-weighted regression on a share of the rows.</summary>
internal sealed class IqlMethod() : Method("iql", "implicit Q-learning, with a Gaussian policy by advantage-weighted regression")
{
    public override Type SettingsType => typeof(IqlSettings);

    public override IReadOnlyList<string> Sections => ["criticWidth", "critic", "labels"];

    public override CriticMethod? Critic => CriticMethod.Implicit;

    public override IReadOnlyList<MethodScore> Scores { get; } = [Score(Rollouts.Policy, "the Gaussian policy, its mean")];

    public override RunSettings Budget(string budget, RunSettings eda, RunTask task)
    {
        var method = GaussianMethod.Training(new IqlSettings { AdvantageScale = eda.Critic.Implicit.AdvantageScale, WeightCap = eda.Critic.Implicit.WeightCap }, budget, eda);
        return Common(eda, method) with { CriticWidth = eda.CriticWidth, Critic = eda.Critic };
    }

    internal override IReadOnlyList<RunStage> Stages(RunSettings settings, DatasetWork data, EnvironmentKind environment) =>
    [
        new CriticStage(data, null),
        new PolicyStage(new()
        {
            Needs = [RunStages.Critic],
            Numerical = Numerical,
            Learn = (work, opened) => Learn(work, opened, data),
            Curve = LearningCurvePlan.Of(environment, settings),
            Contend = Contend,
        }),
        ContenderStage.Of(settings, environment, data, work => Contend(work, work.Seeds[0].Files.PolicyWeights)),
    ];

    private static object Numerical(RunSettings settings)
    {
        var method = (IqlSettings)settings.Method;
        return new
        {
            settings.CriticWidth,
            settings.Labels.Fraction,
            settings.Labels.MostStates,
            method.AdvantageScale,
            method.WeightCap,
            method.Batch,
            method.LearningRate,
            method.Schedule,
            Steps = method.StepsOfRate,
        };
    }

    private static GaussianLearning Learn(StageWork work, OpenedBatches opened, DatasetWork data)
    {
        var (settings, method) = (work.Settings, (IqlSettings)work.Settings.Method);
        using var critic = SavedModels.Critic(work.Device, settings, work.Seeds[0].Files)!;

        // Sampled actions are clipped before they are rated, where settings say so; these are the data's own.
        critic.ClipsActions = false;
        int[] rows = data.LabelledRows(settings);
        double[] weights = AdvantageWeights.Of(critic, data.View, rows, method.AdvantageScale, method.WeightCap);
        if (!(weights.Sum() is > 0 and < double.PositiveInfinity))
            throw new TrainingDivergedException(RunStages.Policy, 0, "the rows' weights have no sum; a smaller method.advantageScale or method.weightCap may do");
        work.Notice(string.Create(CultureInfo.InvariantCulture, $"the rows' weights are worth {WeightedRows.EffectiveCount(weights):0} of {weights.Length} rows"));
        var pairs = opened.Add(GaussianPairs.Of(work.Device, data.View, rows, weights));
        string madeOf = $"{pairs.Fingerprint} {Fingerprint.Of(critic.Target.ToArray(), critic.Value!.ToArray())}";
        return new GaussianLearning(work.Device, method, Numerical(settings), pairs, settings.CriticWidth, madeOf, settings.Seed, work.Optimizer);
    }

    private static Contenders Contend(StageWork work, string path)
    {
        long steps = work.Settings.Method.CountSteps();
        if (!File.Exists(path))
            throw new UnfinishedStageException(RunStages.Policy, new(0, steps));
        var policy = GaussianPolicy.Open(work.Device, work.Settings, path);
        var critic = SavedModels.Critic(work.Device, work.Settings, work.Seeds[0].Files);
        return new(
            [new(Rollouts.Policy, () => new DeterministicActor(work.Device, policy.StateSize, policy.ActionSize, policy.Mean) { Stage = RunStages.Policy, TrainedSteps = steps })],
            new Dictionary<string, string> { ["policy"] = policy.Fingerprint },
            policy,
            critic)
        { Rating = Contenders.RatingBy(critic) };
    }
}
