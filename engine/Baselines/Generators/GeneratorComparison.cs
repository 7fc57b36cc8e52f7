using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Generators;

/// <summary>A generative model as a comparison names it.</summary>
/// <param name="Key">Its name in result.json.</param>
/// <param name="Title">What stands above its points.</param>
/// <param name="Describe">What its points are, in a line.</param>
public sealed record GeneratorModel(string Key, Func<RunSettings, string> Title, Func<RunSettings, string> Describe)
{
    /// <summary>The normal distribution.</summary>
    public static GeneratorModel Gaussian { get; } = new("gaussian", _ => "Gaussian", _ => "a normal distribution of the points' mean and full covariance");

    /// <summary>The variational autoencoder.</summary>
    public static GeneratorModel Vae { get; } = new("vae", _ => "VAE", _ => "a variational autoencoder: the decoder's means of z ~ N(0, I)");

    /// <summary>The energy-based model after few steps.</summary>
    public static GeneratorModel EbmShort { get; } = Ebm("ebm_short", langevin => langevin.ShortSteps);

    /// <summary>The energy-based model after many.</summary>
    public static GeneratorModel EbmLong { get; } = Ebm("ebm_long", langevin => langevin.LongSteps);

    /// <summary>The bottleneck diffusion model.</summary>
    public static GeneratorModel Bdm { get; } = new(
        "bdm",
        run => FormattableString.Invariant($"BDM, {run.Evaluation.SolverEvaluations} evaluations"),
        run => FormattableString.Invariant($"the bottleneck diffusion model, {run.Evaluation.SolverEvaluations} evaluations of the solver"));

    /// <summary>The bandit itself.</summary>
    public static GeneratorModel Data { get; } = new("data", _ => "ground truth", _ => "fresh points of the bandit: what is left where there is nothing to tell apart");

    /// <summary>All of them, in the order of Figure 7.</summary>
    public static IReadOnlyList<GeneratorModel> All { get; } = [Gaussian, Vae, EbmShort, EbmLong, Bdm, Data];

    private static GeneratorModel Ebm(string key, Func<LangevinSettings, int> steps) => new(
        key,
        run => FormattableString.Invariant($"EBM, {steps(((GeneratorsSettings)run.Method).Langevin)} steps"),
        run => FormattableString.Invariant($"an energy-based model of one noise level, {steps(((GeneratorsSettings)run.Method).Langevin)} steps of Langevin dynamics"));
}

/// <summary>Points that a model gave.</summary>
/// <param name="Model">The model.</param>
/// <param name="Points">The points [n×2].</param>
/// <param name="EnergyDistance">Their unbiased energy distance to fresh points of the bandit.</param>
public sealed record GeneratorSamples(GeneratorModel Model, float[] Points, double EnergyDistance);

/// <summary>Generative models of one bandit beside each other: the paper's Figure 7.</summary>
/// <param name="Columns">The models' points, in the order of <see cref="GeneratorModel.All"/>.</param>
public sealed record GeneratorComparison(IReadOnlyList<GeneratorSamples> Columns)
{
    // Streams of the bandit that no training draws from.
    private const uint ReferenceStream = 2, TruthStream = 3;

    /// <summary>Draws points of every model and measures them.</summary>
    /// <param name="run">The run's settings, of the method <see cref="Method.Generators"/>.</param>
    /// <param name="dataset">The points that they were trained on.</param>
    /// <param name="behavior">The diffusion model.</param>
    /// <param name="decoder">The autoencoder's decoder, its parameters.</param>
    /// <param name="ebm">The energy-based model.</param>
    /// <returns>The comparison.</returns>
    /// <exception cref="TrainingDivergedException">A model gives points that are no finite numbers.</exception>
    internal static GeneratorComparison Measure(RunSettings run, BanditDataset dataset, BottleneckDiffusionModel behavior, float[] decoder, BottleneckDiffusionModel ebm)
    {
        var (settings, method) = (run.Evaluation, (GeneratorsSettings)run.Method);
        var draw = new RandomDraw(run.Seed, RandomStage.Evaluation, 0);
        float[] gaussian = GaussianFit.Of(dataset.Points, BanditDataset.Dimensions).Sample(settings.Samples, draw);
        float[] vae = new VaeNetworks(method.Vae).Sample(behavior.Device, decoder, settings.Samples, draw);
        Require(vae, RunStages.Vae, method.Vae.Steps);
        var (few, many) = LangevinDynamics.Sample(ebm, method.Ebm.Time, method.Langevin, settings.Samples, draw);
        Require(many, RunStages.Ebm, method.Ebm.Steps);
        float[] diffusion = behavior.Sample(settings.Samples, 1, draw, default, DpmSolver.Singlestep(behavior.Schedule, settings.SolverEvaluations, settings.SolverOrder));
        Require(diffusion, BehaviorPretraining.StageName, run.Behavior.Steps);

        float[] reference = Fresh(run, settings.DistancePoints, ReferenceStream);
        int compared = BanditDataset.Dimensions * Math.Min(settings.DistancePoints, settings.Samples);
        return new(
        [
            Column(GeneratorModel.Gaussian, gaussian), Column(GeneratorModel.Vae, vae), Column(GeneratorModel.EbmShort, few), Column(GeneratorModel.EbmLong, many),
            Column(GeneratorModel.Bdm, diffusion), Column(GeneratorModel.Data, Fresh(run, settings.Samples, TruthStream)),
        ]);

        GeneratorSamples Column(GeneratorModel model, float[] points) =>
            new(model, points, EnergyDistance.Between(points.AsSpan(0, compared), reference, BanditDataset.Dimensions));
    }

    // Some bandits deal their points out evenly, so what is to look independent is drawn, with replacement, from as many as were trained on.
    private static float[] Fresh(RunSettings run, int count, uint stream)
    {
        var fresh = BanditDataset.Create(run.Bandit!, run.Points, run.Seed, stream);
        var draw = new RandomDraw(run.Seed, RandomStage.Evaluation, stream);
        var points = new float[count * BanditDataset.Dimensions];
        for (int i = 0; i < count; i++)
        {
            int index = Philox.Index(Philox.Word(draw, RandomPurpose.EvaluationIndex, (ulong)i), fresh.Count);
            fresh.Points.AsSpan(index * BanditDataset.Dimensions, BanditDataset.Dimensions).CopyTo(points.AsSpan(i * BanditDataset.Dimensions));
        }

        return points;
    }

    private static void Require(float[] points, string stage, long steps)
    {
        if (Array.Find(points, value => !float.IsFinite(value)) is var value && !float.IsFinite(value))
            throw new TrainingDivergedException(stage, steps, $"a sample is {value}");
    }
}
