using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;

namespace EDA.Host.Figures;

/// <summary>Collects what the figures of a finished bandit run show: evaluates both models on a grid.</summary>
public static class BanditFigureSource
{
    private const int Grid = 96;
    private const int Points = 2000;

    // Dataset points among which the nearest lends a sample its colour; the numbers of a run use all of them.
    private const int ColorPoints = 10_000;

    // A stream of the dataset that nothing else draws from: fresh behavior points for the identity.
    private const uint FreshStream = 1000;

    // The paper's Figure 3; the first, the smallest diffusion time, is labelled 0.
    private static readonly float[] Times = [BanditEvaluation.IdentityTime, 0.2f, 0.3f, 1.0f];

    /// <summary>Collects it.</summary>
    /// <param name="run">The settings.</param>
    /// <param name="behaviorModel">f_φ.</param>
    /// <param name="policyModel">f_θ.</param>
    /// <param name="evaluation">Their evaluation.</param>
    /// <param name="losses">The loss curves.</param>
    /// <returns>Plain arrays.</returns>
    public static BanditFigureData Collect(RunSettings run, BottleneckDiffusionModel behaviorModel, BottleneckDiffusionModel policyModel, BanditEvaluation evaluation, IReadOnlyList<LossCurve> losses)
    {
        var dataset = evaluation.Dataset;
        double extent = Extent(dataset.Points);
        float[] grid = GridPoints(extent);
        var behavior = Times.Select(t => behaviorModel.Density(grid, [t])).ToArray();
        var policy = Times.Select(t => policyModel.Density(grid, [t])).ToArray();
        float temperature = (float)run.Alignment.Temperature;

        float[] label = [];
        float[] energy = [];
        if (run.Alignment.CreateObjective() is ValueObjective value)
        {
            var fresh = BanditDataset.Create(run.Bandit!, Points, run.Seed, FreshStream);
            label = [.. fresh.Energies.Select(q => (float)value.LabelScale * q)];
            energy = Gaps(
                policyModel.Density(fresh.Points, [BanditEvaluation.IdentityTime]),
                behaviorModel.Density(fresh.Points, [BanditEvaluation.IdentityTime]),
                temperature);
        }

        var all = Planar(dataset.Points, dataset.Energies);
        return new BanditFigureData
        {
            Extent = extent,
            Dataset = all.AtMost(Points),
            Target = Reweighted(all, evaluation.TargetWeights),
            BehaviorSamples = Colored(evaluation.BehaviorSamples, all),
            PolicySamples = Colored(evaluation.PolicySamples, all),
            BehaviorDensity = Fields(behavior),
            PolicyDensity = Fields(policy),
            Energy = Fields([.. policy.Zip(behavior, (theta, phi) => Gaps(theta, phi, temperature))]),
            IdentityLabel = label,
            IdentityEnergy = energy,
            Losses = losses,
        };
    }

    // Room for the data and for the standard normal of t = 1; a half, so that no axis label stands on a corner.
    internal static double Extent(float[] points) =>
        Math.Max(4, Math.Floor(1.05 * points.Max(Math.Abs))) + 0.5;

    private static float[] GridPoints(double extent)
    {
        var points = new float[Grid * Grid * 2];
        for (int i = 0; i < Grid; i++)
        {
            for (int j = 0; j < Grid; j++)
            {
                points[2 * ((i * Grid) + j)] = Center(i);
                points[(2 * ((i * Grid) + j)) + 1] = Center(j);
            }
        }

        return points;

        float Center(int cell) => (float)((((cell + 0.5) / Grid * 2) - 1) * extent);
    }

    private static IReadOnlyList<PlanarField> Fields(float[][] values) =>
        [.. values.Select((flat, index) =>
        {
            var field = new double[Grid, Grid];
            for (int i = 0; i < flat.Length; i++)
                field[i / Grid, i % Grid] = flat[i];
            return new PlanarField(Times[index], field);
        })];

    // Q_θ = β(f_θ − f_φ).
    private static float[] Gaps(float[] policy, float[] behavior, float temperature) =>
        [.. policy.Zip(behavior, (theta, phi) => temperature * (theta - phi))];

    internal static PlanarPoints Planar(float[] points, float[] values)
    {
        var x = new float[values.Length];
        var y = new float[values.Length];
        for (int i = 0; i < values.Length; i++)
            (x[i], y[i]) = (points[2 * i], points[(2 * i) + 1]);
        return new PlanarPoints(x, y, values);
    }

    // Systematic resampling: each point as often as its weight says, give or take one, and no random number needed.
    private static PlanarPoints Reweighted(PlanarPoints all, double[] weights)
    {
        var chosen = new int[Points];
        double sum = 0;
        int next = 0;
        for (int i = 0; i < weights.Length && next < Points; i++)
        {
            sum += weights[i];
            while (next < Points && (next + PlanarPoints.Spread(next)) / Points <= sum)
                chosen[next++] = i;
        }

        return all.Take(chosen);
    }

    private static PlanarPoints Colored(float[] samples, PlanarPoints all)
    {
        var points = Planar(samples, new float[samples.Length / 2]).AtMost(Points);
        var palette = all.AtMost(ColorPoints);
        for (int i = 0; i < points.Count; i++)
        {
            float nearest = float.PositiveInfinity;
            for (int j = 0; j < palette.Count; j++)
            {
                float dx = points.X[i] - palette.X[j];
                float dy = points.Y[i] - palette.Y[j];
                float distance = (dx * dx) + (dy * dy);
                if (distance < nearest)
                    (nearest, points.Value[i]) = (distance, palette.Value[j]);
            }
        }

        return points;
    }
}
