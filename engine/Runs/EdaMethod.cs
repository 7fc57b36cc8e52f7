using EDA.Engine.Alignment;
using EDA.Engine.Baselines;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;

namespace EDA.Engine.Runs;

/// <summary>Efficient Diffusion Alignment. Its settings are those of the sections of its stages.</summary>
public sealed record EdaSettings : MethodSettings;

/// <summary>EDA as a row of the table of methods.</summary>
internal sealed class EdaMethod() : Method("eda", "efficient diffusion alignment")
{
    public override Type SettingsType => typeof(EdaSettings);

    public override IReadOnlyList<RunKind> Kinds => [RunKind.Bandit, RunKind.Dataset];

    public override IReadOnlyList<string> Sections => ["bandit", "points", "width", "blocks", "criticWidth", "heldOut", "behavior", "critic", "weighted", "labels", "alignment"];

    public override IReadOnlyList<MethodScore> Scores { get; } =
    [
        Score(Rollouts.Behavior, "the behavior model, one sample for each state"),
        Score(Rollouts.Policy, "the aligned policy, one sample for each state"),
        new(Rollouts.PolicyBest, run => $"the aligned policy, {run.Evaluation.Acting}"),
        Score(Rollouts.Weighted, "the model trained on the rows as the critic weighs them, one sample for each state"),
        new(Rollouts.WeightedBest, run => $"the same model, {run.Evaluation.Acting}"),
        new(Rollouts.PolicyRejecting, run => $"the aligned policy, of {run.Evaluation.Candidates} samples the one of highest Q"),
        new(Rollouts.BehaviorRejecting, run => $"the behavior model, of {run.Evaluation.Candidates} samples the one of highest Q"),
        Score(Rollouts.Implicit, "the deterministic policy of implicit Q-learning"),
    ];

    public override string CurveName => PolicyAlignment.StageName;

    public override bool TrainsSeedsSideBySide => true;

    public override long CurveSteps(RunSettings settings) => settings.Alignment.Steps;

    public override RunSettings Budget(string budget, RunSettings eda, RunTask task) => eda;

    internal override IReadOnlyList<RunStage> Stages(RunSettings settings, DatasetWork data, EnvironmentKind environment)
    {
        var method = settings.Critic.Method;
        var curve = LearningCurvePlan.Of(environment, settings);
        RunStage behavior = new BehaviorStage(data.Pairs, data.HeldOutLossOf), rollouts = ContenderStage.Of(settings, environment, data, OpenModels);
        string from = settings.Weighted.IsThere ? RunStages.Weigh : RunStages.Behavior;
        var label = new LabelStage(data, from, labels: !method.AlternatesWithAlignment);
        if (method.AlternatesWithAlignment)
            return [behavior, label, new OnlineAlignStage(data, curve), rollouts];
        IReadOnlyList<RunStage> weigh = settings.Weighted.IsThere ? [new WeighStage(data)] : [];
        return [behavior, new CriticStage(data, method.SamplesNextActions ? SavedBehavior.Diffusion : null), .. weigh, label, new CandidateAlignStage(data, from, curve), rollouts];
    }

    internal override IReadOnlyList<RunStage> Stages(IReadOnlyList<RunSettings> seeds, Lazy<IReadOnlyList<BanditDataset>> datasets) =>
    [
        new BehaviorStage(device => BehaviorDataset.OfEach(device, [.. datasets.Value.Select(dataset => dataset.Points)], BanditDataset.Dimensions), _ => null),
        new BanditAlignStage(datasets),
        new BanditEvaluateStage(datasets),
    ];

    /// <summary>The policies that the folder holds, finished or not.</summary>
    internal static Contenders OpenModels(StageWork work)
    {
        var (seed, device, files) = (work.Seeds[0], work.Device, work.Seeds[0].Files);
        var behavior = SavedModels.Diffusion(device, files.BehaviorWeights);
        var policy = SavedModels.Diffusion(device, files.PolicyWeights);
        var weighted = seed.Settings.Weighted.IsThere ? SavedModels.Diffusion(device, files.WeightedWeights) : null;
        var critic = SavedModels.Critic(device, seed.Settings, files);
        var implicitPolicy = SavedModels.ImplicitPolicy(device, files);
        if (behavior is null && implicitPolicy is null)
            throw new UnfinishedStageException(RunStages.Behavior, new(0, seed.Settings.Behavior.Steps));
        return Rollouts.Of(seed.Settings, new RolloutModels(behavior, policy, critic, implicitPolicy, weighted), behavior, policy, weighted, critic, implicitPolicy);
    }
}
