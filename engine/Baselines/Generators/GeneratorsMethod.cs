using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;

namespace EDA.Engine.Baselines.Generators;

/// <summary>Generative models of the six bandits beside the bottleneck diffusion model, the paper's Figure 7, as a row of the table of methods.</summary>
internal sealed class GeneratorsMethod() : Method("generators", "generative models of a plane beside the bottleneck diffusion model")
{
    public override Type SettingsType => typeof(GeneratorsSettings);

    public override IReadOnlyList<RunKind> Kinds => [RunKind.Bandit];

    public override IReadOnlyList<string> Sections => ["bandit", "points", "width", "blocks", "behavior"];

    public override IReadOnlyList<MethodScore> Scores => [];

    public override RunSettings Budget(string budget, RunSettings eda, RunTask task)
    {
        var method = budget switch
        {
            "smoke" => Smoke,
            "quick" => Quick,
            _ => new GeneratorsSettings(),
        };
        return Common(eda, method) with
        {
            Bandit = eda.Bandit,
            Points = eda.Points,
            Width = eda.Width,
            Blocks = eda.Blocks,
            Behavior = eda.Behavior,
            Evaluation = eda.Evaluation with { Samples = 2000, DistancePoints = 2000, SolverEvaluations = 25 },
        };
    }

    public override void Check(RunSettings settings)
    {
        var langevin = ((GeneratorsSettings)settings.Method).Langevin;
        if (langevin.LongSteps <= langevin.ShortSteps)
            throw new InvalidSettingException("method.langevin.longSteps", langevin.LongSteps, $"more than the {langevin.ShortSteps} of the short chain");
    }

    internal override IReadOnlyList<RunStage> Stages(IReadOnlyList<RunSettings> seeds, Lazy<IReadOnlyList<BanditDataset>> datasets)
    {
        var vae = new PolicyTraining
        {
            Steps = settings => Of(settings).Vae.Steps,
            Numerical = settings => Of(settings).Vae.Numerical,
            Learn = (work, _) => new VaeLearning(work.Device, Of(work.Settings).Vae, datasets.Value[0].Points, work.Settings.Seed, work.Optimizer),
            Weights = files => files.VaeWeights,
            State = files => files.VaeState,
        };
        var ebm = new PolicyTraining
        {
            Steps = settings => Of(settings).Ebm.Steps,
            Numerical = settings => EbmLearning.NumericalOf(Of(settings).Ebm, settings.CreateShape()),
            Learn = (work, _) => new EbmLearning(work.Device, Of(work.Settings).Ebm, work.Settings.CreateShape(), datasets.Value[0].Points, work.Settings.Seed, work.Optimizer),
            Weights = files => files.EbmWeights,
            State = files => files.EbmState,
        };
        return
        [
            new BehaviorStage(device => new BehaviorDataset(device, datasets.Value[0].Points, BanditDataset.Dimensions), _ => null),
            new PolicyStage(vae, RunStages.Vae),
            new PolicyStage(ebm, RunStages.Ebm),
            new GeneratorsEvaluateStage(datasets),
        ];
    }

    /// <summary>Seconds: shows that everything works, not how well.</summary>
    private static GeneratorsSettings Smoke => new()
    {
        Vae = new() { Width = 32, Steps = 300, Batch = 64, LearningRate = 3e-3, ReportEvery = 20 },
        Ebm = new() { Steps = 300, Batch = 128, LearningRate = 2e-3, Schedule = LearningRateSchedule.Cosine, ReportEvery = 20 },
        Langevin = new() { ShortSteps = 20, LongSteps = 100 },
    };

    /// <summary>
    /// About a minute a bandit on two cores, most of it the diffusion model's, which is EDA's: without its dropout, or with half
    /// of its steps, the eight Gaussians still were one ring. A narrower autoencoder, and larger rates that fall.
    /// </summary>
    private static GeneratorsSettings Quick => new()
    {
        Vae = new() { Width = 64, Steps = 6_000, Batch = 256, LearningRate = 3e-3, Schedule = LearningRateSchedule.Cosine, ReportEvery = 100 },
        Ebm = new() { Steps = 4_000, Batch = 384, LearningRate = 3e-3, Schedule = new() { Curve = LearningRateCurve.Cosine, WarmUpSteps = 200 }, ReportEvery = 50 },
    };

    private static GeneratorsSettings Of(RunSettings settings) => (GeneratorsSettings)settings.Method;
}
