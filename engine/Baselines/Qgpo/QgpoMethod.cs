using System.Globalization;
using EDA.Engine.Alignment;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Qgpo;

/// <summary>QGPO: EDA's behavior, a softmax critic, and a guidance trained by contrastive energy prediction.</summary>
internal sealed class QgpoMethod() : Method("qgpo", "contrastive energy prediction: the behavior's solver, guided by w ∇g")
{
    private const string MazeWeights = "1,1.5,2,2.5,3,4";

    public override Type SettingsType => typeof(QgpoSettings);

    public override IReadOnlyList<string> Sections => ["width", "blocks", "criticWidth", "heldOut", "behavior", "critic", "labels"];

    public override CriticMethod Critic => CriticMethod.Softmax;

    // Any that is finished before the guidance is trained.
    public override IReadOnlyList<CriticMethod> Critics => [.. CriticMethod.Table.All.Where(critic => !critic.AlternatesWithAlignment)];

    // A softmax critic backs up from samples of the behavior; from those of the quick maze's, which is trained for seconds, it learns to want what lies outside the data.
    public override CriticMethod CriticOf(string budget, RunTask task) => budget == "quick" && task is DatasetTask { MakesItsData: true } ? CriticMethod.Implicit : Critic;

    public override IReadOnlyList<MethodScore> Scores { get; } =
    [
        Score(Rollouts.Behavior, "the behavior model, one sample for each state"),
        Score(Rollouts.Policy, "one guided sample for each state, w the best of those that were rolled out"),
    ];

    public override RunSettings Budget(string budget, RunSettings eda, RunTask task)
    {
        var domain = (task as DatasetTask)?.Domain;
        bool isMaze = domain == D4rlDomain.AntMaze;
        var paper = new QgpoSettings { Candidates = isMaze ? 32 : 16, Weights = isMaze ? MazeWeights : new QgpoSettings().Weights };
        var method = budget switch
        {
            "paper" => paper,
            "smoke" => paper with { Width = 64, Candidates = 4, States = 32, Steps = 200, LearningRate = 1e-3, Weights = "1,3", ReportEvery = 10 },
            "quick" => Short(paper, 128, 4_000),
            "hour" => Short(paper, 192, 20_000),
            _ => Short(paper, 256, 100_000),
        };
        return Common(eda, method) with
        {
            Width = eda.Width,
            Blocks = eda.Blocks,
            HeldOut = eda.HeldOut,
            Behavior = eda.Behavior,
            CriticWidth = eda.CriticWidth,
            Critic = budget == "paper" ? eda.Critic with { Steps = 500_000 } : eda.Critic,
            Labels = eda.Labels,
        };
    }

    internal override IReadOnlyList<RunStage> Stages(RunSettings settings, DatasetWork data, EnvironmentKind environment) =>
    [
        new BehaviorStage(data.Pairs, data.HeldOutLossOf),
        new CriticStage(data, settings.Critic.Method.SamplesNextActions ? SavedBehavior.Diffusion : null),
        new LabelStage(data, RunStages.Behavior, labels: true),
        new PolicyStage(new()
        {
            Needs = [RunStages.Behavior, RunStages.Critic, RunStages.Label],
            Numerical = run => ((QgpoSettings)run.Method).Numerical,
            Learn = (work, opened) => Learn(work, opened, data),
            Curve = LearningCurvePlan.Of(environment, settings),
            Contend = (work, path) => Open(work, path, isCurve: true),
        }),
        ContenderStage.Of(settings, environment, data, work => Open(work, work.Seeds[0].Files.PolicyWeights, isCurve: false)),
    ];

    private static QgpoSettings Short(QgpoSettings paper, int width, long steps) => paper with
    {
        Width = width,
        Candidates = 16,
        States = 64,
        Steps = steps,
        LearningRate = 1e-3,
        Schedule = new() { Curve = LearningRateCurve.Cosine, WarmUpSteps = 200 },
        Weights = paper.Weights == MazeWeights ? "1,2,3,4" : "0,1,3,8",
        ReportEvery = (int)steps / 50,
    };

    private static MethodLearning Learn(StageWork work, OpenedBatches opened, DatasetWork data)
    {
        var (settings, files) = (work.Settings, work.Seeds[0].Files);
        var own = (QgpoSettings)settings.Method;
        using var behavior = SavedModels.Diffusion(work.Device, files.BehaviorWeights)!;
        using var critic = SavedModels.Critic(work.Device, settings, files)!;
        var set = data.Candidates(settings, files);
        var candidates = opened.Add(set.OpenCandidates(behavior).Candidates);
        var labels = opened.Add(set.OpenLabels(behavior, critic, candidates).Labels);
        var batches = opened.Add(AlignmentBatches.OfStores(work.Device, set.States, data.View.StateSize, candidates, labels, work.Memory));
        return own.Guidance == GuidanceNetwork.Mlp
            ? new MlpGuidanceLearning(own, batches, work.Device, settings.Seed, work.Optimizer)
            : new BdmGuidanceLearning(own, settings.CreateShape(), batches, work.Device, settings.Seed, work.Optimizer);
    }

    private static Contenders Open(StageWork work, string path, bool isCurve)
    {
        var (settings, device) = (work.Settings, work.Device);
        var own = (QgpoSettings)settings.Method;
        var behavior = SavedModels.Diffusion(device, work.Seeds[0].Files.BehaviorWeights) ?? throw new UnfinishedStageException(RunStages.Behavior, new(0, settings.Behavior.Steps));
        var solver = Rollouts.Solver(settings, behavior);
        var sampled = new Contender(Rollouts.Behavior, () => DiffusionActor.Sampling(behavior, settings.Evaluation.Seed, solver)) { Model = behavior };
        if (!File.Exists(path))
            return new([sampled], Identity("none"), behavior);
        var weights = new MethodWeights(path);
        var shape = settings.CreateShape();
        IGuidance guidance = own.Guidance == GuidanceNetwork.Mlp
            ? new MlpGuidance(device, new(shape.StateSize, shape.ActionSize, own.Width), weights)
            : new BdmGuidance(device, shape, weights);
        weights.Finish(Qgpo);
        var critic = isCurve ? null : SavedModels.Critic(device, settings, work.Seeds[0].Files);
        var guided = own.ListWeights().ToDictionary(weight => string.Create(CultureInfo.InvariantCulture, $"{Rollouts.Policy}_w{weight}"));
        if (isCurve)
            return new([Guided(Rollouts.Policy, own.Weight)], Identity(weights.Fingerprint), behavior, guidance);
        return new([sampled, .. guided.Select(each => Guided(each.Key, each.Value))], Identity(weights.Fingerprint), behavior, guidance, critic)
        {
            Conclude = Best,
            Rating = Contenders.RatingBy(critic),
            Shown = [Rollouts.Behavior, guided.MinBy(each => Math.Abs(each.Value - own.Weight)).Key],
        };

        Contender Guided(string name, double weight) => new(name, () => new GuidedActor(behavior, guidance, weight, settings.Evaluation.Seed, solver) { TrainedSteps = own.Steps });

        IEnumerable<KeyValuePair<string, PolicyScore>> Best(IReadOnlyDictionary<string, PolicyScore> scores)
        {
            var (name, weight) = guided.MaxBy(each => scores[each.Key].NormalizedMean);
            yield return new(Rollouts.Policy, scores[name].ChosenAs(string.Create(CultureInfo.InvariantCulture, $"w = {weight}")));
        }

        Dictionary<string, string> Identity(string guidanceName) => new()
        {
            ["behavior"] = Checkpoints.Fingerprint.Of(behavior.CloneParameters()),
            ["guidance"] = guidanceName,
        };
    }
}
