using EDA.Host.Figures;

namespace EDA.Tests.Host;

/// <summary>What a perfect run on eight Gaussians would hand to the figures, in closed form.</summary>
internal static class SyntheticBandit
{
    private const double LabelScale = 3;
    private static readonly (double X, double Y, double Q)[] Centres =
        [.. Enumerable.Range(0, 8).Select(i => (2.83 * Math.Cos((90 + (45 * i)) * Math.PI / 180), 2.83 * Math.Sin((90 + (45 * i)) * Math.PI / 180), i / 7.0))];

    public static BanditFigureData Create(int points = 2000, int grid = 96)
    {
        var random = new Random(1);
        const double Extent = 4.5;
        double[] times = [1e-3, 0.1, 0.3, 1.0];
        PlanarPoints Draw(bool aligned)
        {
            var x = new float[points];
            var y = new float[points];
            var q = new float[points];
            for (int i = 0; i < points; i++)
            {
                int c;
                do
                {
                    c = random.Next(8);
                }
                while (aligned && random.NextDouble() > Math.Exp(LabelScale * (Centres[c].Q - 1)));
                double radius = 0.354 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
                double angle = 2 * Math.PI * random.NextDouble();
                (x[i], y[i], q[i]) = ((float)(Centres[c].X + (radius * Math.Cos(angle))), (float)(Centres[c].Y + (radius * Math.Sin(angle))), (float)Centres[c].Q);
            }

            return new PlanarPoints(x, y, q);
        }

        PlanarField Field(double t, Func<double, double, double, double> value)
        {
            var values = new double[grid, grid];
            for (int i = 0; i < grid; i++)
            {
                for (int j = 0; j < grid; j++)
                    values[i, j] = value(((i + 0.5) / grid * 2 * Extent) - Extent, ((j + 0.5) / grid * 2 * Extent) - Extent, t);
            }

            return new PlanarField(t, values);
        }

        var steps = Enumerable.Range(1, 80).Select(i => i * 50.0).ToArray();
        var dataset = Draw(false);
        return new BanditFigureData
        {
            Extent = Extent,
            Dataset = dataset,
            Target = Draw(true),
            BehaviorSamples = Draw(false),
            PolicySamples = Draw(true),
            BehaviorDensity = [.. times.Select(t => Field(t, (x, y, time) => LogDensity(x, y, time, 0)))],
            PolicyDensity = [.. times.Select(t => Field(t, (x, y, time) => LogDensity(x, y, time, LabelScale)))],
            Energy = [.. times.Select(t => Field(t, (x, y, time) => LogDensity(x, y, time, LabelScale) - LogDensity(x, y, time, 0)))],
            IdentityLabel = [.. dataset.Value.Select(q => (float)(LabelScale * q))],
            IdentityEnergy = [.. dataset.Value.Select(q => (float)((LabelScale * q) + 7 + (0.2 * (random.NextDouble() - 0.5))))],
            Losses =
            [
                new LossCurve("behavior pretraining", steps, [.. steps.Select(s => 0.6 + Math.Exp(-s / 400) + (0.03 * random.NextDouble()))]),
                new LossCurve("policy alignment", steps, [.. steps.Select(s => 2.3 + (0.4 * Math.Exp(-s / 700)) + (0.02 * random.NextDouble()))]),
            ],
        };
    }

    private static double LogDensity(double x, double y, double t, double scale)
    {
        double logAlpha = (-0.25 * t * t * 19.9) - (0.05 * t);
        double alpha = Math.Exp(logAlpha);
        double variance = (alpha * alpha * 0.125) + 1 - (alpha * alpha);
        double sum = Centres.Sum(c => Math.Exp((scale * c.Q) - ((Math.Pow(x - (alpha * c.X), 2) + Math.Pow(y - (alpha * c.Y), 2)) / (2 * variance))));
        return Math.Log(sum + 1e-300) + 3;
    }
}
