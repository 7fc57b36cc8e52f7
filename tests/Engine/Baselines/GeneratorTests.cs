using EDA.Engine;
using EDA.Engine.Baselines;
using EDA.Engine.Baselines.Generators;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Kernels;
using EDA.Tests.Twin;
using static EDA.Tests.Twin.Elementwise;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Engine.Baselines;

/// <summary>The generative models of Figure 7: each against an answer that is known, then all of them as a run.</summary>
public sealed class GeneratorTests : IDisposable
{
    private static readonly VaeSettings _small = new() { Width = 12, Latent = 3, Batch = 7, Steps = 10, LearningRate = 1e-2 };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-generators-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_autoencoder_has_the_loss_and_the_gradient_of_its_formula()
    {
        using var device = new CpuDevice();
        float[] points = [.. Enumerable.Range(0, 40).Select(i => 2 * MathF.Sin(1.7f * i))];
        using var learning = new VaeLearning(device, _small, points, seed: 3);
        float[][] weights = [.. learning.Trained.Select(trained => trained.Values.ToArray())];
        Assert.Equal(["encoder", "decoder"], learning.Trained.Select(trained => trained.Name));
        var draw = new RandomDraw(3, RandomStage.Method, 5);
        var measured = new float[3];
        Assert.Equal(_small.LearningRate, learning.Step(draw, 5, measured));

        double[][] wide = [.. weights.Select(array => Array.ConvertAll(array, value => (double)value))];
        var (loss, gradients) = Twin(wide, points, draw);
        Assert.Equal(loss, measured[0], 1e-5);
        Assert.Equal(measured[0], measured[1] + (_small.DivergenceWeight * measured[2]), 1e-5);
        for (int n = 0; n < 2; n++)
        {
            float[] found = learning.Trained[n].Gradient.ToArray();
            Assert.True(Distance(found, gradients[n]) < 1e-5, $"{learning.Trained[n].Name}: {Distance(found, gradients[n])}");

            // Adam's first step goes by the rate, against the sign of the gradient.
            float[] moved = learning.Trained[n].Values.ToArray();
            for (int i = 0; i < moved.Length; i++)
                Assert.Equal(Math.Abs(gradients[n][i]) < 1e-6 ? moved[i] : weights[n][i] - (_small.LearningRate * Math.Sign(gradients[n][i])), moved[i], 1e-4);

            // The tape against differences of the loss, along a few parameters.
            for (int i = 0; i < moved.Length; i += 17)
            {
                double kept = wide[n][i];
                wide[n][i] = kept + 1e-6;
                double above = Twin(wide, points, draw).Loss;
                wide[n][i] = kept - 1e-6;
                double below = Twin(wide, points, draw).Loss;
                wide[n][i] = kept;
                Assert.Equal((above - below) / 2e-6, gradients[n][i], 1e-6);
            }
        }
    }

    [Fact]
    public void The_normal_distribution_has_the_points_moments()
    {
        var fit = GaussianFit.Of([0, 1, 2, 1, 4, 7], 2);
        Assert.Equal([2, 3], fit.Mean);
        Assert.Equal(new double[,] { { 8.0 / 3, 4 }, { 4, 8 } }, fit.Covariance);
        Assert.Throws<ArgumentException>(() => GaussianFit.Of([1, 2, 3], 2));
        Assert.Throws<ArgumentException>(() => GaussianFit.Of([], 2));

        var again = GaussianFit.Of(fit.Sample(100_000, new RandomDraw(1, RandomStage.Evaluation, 0)), 2);
        Assert.Equal(2, again.Mean[0], 0.03);
        Assert.Equal(3, again.Mean[1], 0.05);
        Assert.Equal(8.0 / 3, again.Covariance[0, 0], 0.06);
        Assert.Equal(4, again.Covariance[0, 1], 0.1);
        Assert.Equal(8, again.Covariance[1, 1], 0.2);

        // On a line there is nothing to draw across it.
        float[] line = GaussianFit.Of([0, 0, 1, 2, 2, 4], 2).Sample(50, new RandomDraw(1, RandomStage.Evaluation, 0));
        for (int i = 0; i < line.Length; i += 2)
            Assert.Equal(2 * line[i], line[i + 1], 1e-5f);
    }

    [Fact]
    public void Langevin_dynamics_take_the_steps_of_their_formula()
    {
        using var device = new CpuDevice();
        var shape = new BdmShape(0, 2, 32, 1);
        using var model = BottleneckDiffusionModel.Create(device, shape, 4);
        var settings = new LangevinSettings { ShortSteps = 2, LongSteps = 5, Rate = 0.01, StartScale = 1.5 };
        var draw = new RandomDraw(9, RandomStage.Evaluation, 0);
        var (few, many) = LangevinDynamics.Sample(model, 0.3, settings, 3, draw);

        var twin = new TwinOperations(shape);
        float[] parameters = model.CloneParameters(), times = [0.3f, 0.3f, 0.3f];
        double[] x = Normals(0, 6, draw, 1.5);
        for (int step = 1; step <= 5; step++)
        {
            double[] predicted = twin.Score(parameters, x, times, null), noise = Normals(step, 6, draw, Math.Sqrt(settings.Rate));
            for (int i = 0; i < x.Length; i++)
                x[i] += (-settings.Rate / 2 * predicted[i] / TwinSchedule.Sigma(0.3f)) + noise[i];
            if (step == 2)
                Assert.True(Distance(few, x) < 1e-5);
        }

        Assert.True(Distance(many, x) < 1e-5);
    }

    [Fact]
    public void Langevin_dynamics_come_to_rest_in_the_density()
    {
        // A normal density of known mean and variance at t; the steps inflate the variance v to v / (1 − η/4v).
        const double Time = 0.4;
        using var device = new PlainDevice(0.7, 0.4);
        using var model = BottleneckDiffusionModel.Create(device, new BdmShape(0, 2, 32, 1), 4);
        var (alpha, sigma) = (VarianceSchedule.Published.Alpha(Time), VarianceSchedule.Published.Sigma(Time));
        double variance = (alpha * alpha * 0.16) + (sigma * sigma);
        var settings = new LangevinSettings { Rate = 0.5, StartScale = 2, ShortSteps = 1, LongSteps = 40 };
        var (_, points) = LangevinDynamics.Sample(model, Time, settings, 20_000, new RandomDraw(2, RandomStage.Evaluation, 0));
        var fit = GaussianFit.Of(points, 2);
        double expected = variance / (1 - (settings.Rate / (4 * variance)));
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(alpha * 0.7, fit.Mean[i], 4 * Math.Sqrt(expected / 20_000));
            Assert.Equal(expected, fit.Covariance[i, i], 4 * expected * Math.Sqrt(2.0 / 20_000));
        }

        Assert.Equal(0, fit.Covariance[0, 1], 4 * expected / Math.Sqrt(20_000));
    }

    [Fact]
    public void The_energy_based_model_learns_at_one_noise_level()
    {
        using var device = new CpuDevice();
        var shape = new BdmShape(0, 2, 32, 1);
        float[] points = [.. Enumerable.Range(0, 30).Select(i => MathF.Sin(2.3f * i))];
        var settings = new EbmSettings { Batch = 6, Steps = 4 };
        using var learning = new EbmLearning(device, settings, shape, points, 8);
        float[] weights = learning.Trained[0].Values.ToArray();
        var draw = new RandomDraw(8, RandomStage.Method, 0);
        var measured = new float[1];
        learning.Step(draw, 0, measured);
        float[] batch = [.. Rows(draw, 6, 15).SelectMany(row => points[(2 * row)..((2 * row) + 2)])];
        float[] noise = [.. Enumerable.Range(0, 12).Select(i => Philox.Normal(draw, RandomPurpose.Noise, (ulong)i))];
        var (loss, gradient) = new TwinOperations(shape).DenoisingStep(Array.ConvertAll(weights, value => (double)value), batch, [.. Enumerable.Repeat(0.027f, 6)], noise, null);
        Assert.Equal(loss, measured[0], 1e-5);
        Assert.True(Distance(learning.Trained[0].Gradient.ToArray(), gradient) < 1e-4);
    }

    [Fact]
    public void An_interrupted_comparison_goes_on_exactly()
    {
        using var device = new CpuDevice();
        var settings = Tiny();
        var whole = new TestRun(device, Path.Combine(_folder, "whole"), settings);
        Assert.Equal(["behavior", "vae", "ebm", "evaluate"], whole.Pipeline.Stages.Select(stage => stage.Name));
        Assert.Equal("behavior", Assert.Throws<UnfinishedStageException>(() => whole.Run(RunStages.Evaluate)).Stage);
        var expected = whole.Run();
        Assert.True(expected.Completed);
        Assert.Equal(["behavior", "vae", "ebm", "evaluation"], expected.Stages.Select(stage => stage.Stage));
        Assert.Equal(GeneratorModel.All, expected.Generators!.Columns.Select(column => column.Model));
        Assert.All(expected.Generators.Columns, column => Assert.Equal(2 * settings.Evaluation.Samples, column.Points.Length));

        // The run's own data is as far from fresh data as chance has it; a normal distribution is further.
        Assert.InRange(expected.Generators.Columns[^1].EnergyDistance, -0.02, 0.02);
        Assert.True(expected.Generators.Columns[0].EnergyDistance > expected.Generators.Columns[^1].EnergyDistance);

        var pieces = new TestRun(device, Path.Combine(_folder, "pieces"), settings);
        foreach (string stage in (string[])[RunStages.Vae, RunStages.Ebm])
        {
            using var source = new CancellationTokenSource();
            var result = pieces.Run(null, new Recorder { OnProgress = progress => { if (progress.Stage == stage && progress.Step == 4) source.Cancel(); } }, source.Token);
            Assert.False(result.Completed);
            Assert.Null(result.Generators);
        }

        var found = pieces.Run();
        StateFiles.RequireSame(Path.GetDirectoryName(whole.Files().VaeWeights)!, Path.GetDirectoryName(pieces.Files().VaeWeights)!);
        for (int i = 0; i < GeneratorModel.All.Count; i++)
        {
            Assert.Equal(expected.Generators.Columns[i].Points, found.Generators!.Columns[i].Points);
            Assert.Equal(expected.Generators.Columns[i].EnergyDistance, found.Generators.Columns[i].EnergyDistance);
        }

        // Another width is another autoencoder.
        var method = (GeneratorsSettings)settings.Method;
        var other = new TestRun(device, Path.Combine(_folder, "pieces"), settings with { Method = method with { Vae = method.Vae with { Width = 16 } } });
        Assert.Throws<InvalidFileException>(() => other.Run());
    }

    [Fact]
    public void Settings_that_make_no_sense_are_refused()
    {
        Assert.Contains("time is 1.5; allowed is a number from 0.001 to below 1", Assert.Throws<InvalidSettingException>(() => new EbmSettings { Time = 1.5 }).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidSettingException>(() => new VaeSettings { Latent = 0 });
        Assert.Throws<InvalidSettingException>(() => new LangevinSettings { Rate = 0 });
        var settings = Tiny();
        var method = (GeneratorsSettings)settings.Method;
        Assert.Contains("more than the 2 of the short chain", Assert.Throws<InvalidSettingException>((settings with { Method = method with { Langevin = method.Langevin with { LongSteps = 2 } } }).Check).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidSettingException>(() => RunBudgets.Get("smoke", DatasetTask.Generated[0], null, Method.Generators));
    }

    private static RunSettings Tiny()
    {
        var smoke = RunBudgets.Get("smoke", BanditTask.Each[3], null, Method.Generators);
        return smoke with
        {
            Points = 500,
            Width = 32,
            Blocks = 1,
            Behavior = smoke.Behavior with { Batch = 16, Steps = 6, ReportEvery = 2 },
            Evaluation = smoke.Evaluation with { Samples = 400, DistancePoints = 400, SolverEvaluations = 3 },
            Method = new GeneratorsSettings
            {
                Vae = new() { Width = 8, Batch = 16, Steps = 8, ReportEvery = 2 },
                Ebm = new() { Batch = 16, Steps = 8, ReportEvery = 2 },
                Langevin = new() { ShortSteps = 2, LongSteps = 4 },
            },
        };
    }

    // mean (x − x̂)² + w · mean ½(μ² + e^λ − 1 − λ) on the tape, of the points and the noise that a stream draws.
    private static (double Loss, double[][] Gradients) Twin(double[][] weights, float[] points, in RandomDraw draw)
    {
        var networks = new VaeNetworks(_small);
        TwinMlp encoder = new(networks.Encoder, weights[0]), decoder = new(networks.Decoder, weights[1]);
        var x = Variable.Leaf(_small.Batch, 2, [.. Rows(draw, _small.Batch, points.Length / 2).SelectMany(row => points[(2 * row)..((2 * row) + 2)])]);
        var stream = draw;
        var noise = Variable.Leaf(_small.Batch, _small.Latent, [.. Enumerable.Range(0, _small.Batch * _small.Latent).Select(i => (double)Philox.Normal(stream, RandomPurpose.Latent, (ulong)i))]);
        var codes = encoder.Forward("encoder", x);
        var mean = Product(codes, Pick(0));
        var logVariance = Product(codes, Pick(_small.Latent));
        var difference = x - decoder.Forward("decoder", mean + (Exp(0.5 * logVariance) * noise));
        var divergence = 0.5 * Shift((mean * mean) + Exp(logVariance) - logVariance, -1);
        var loss = ((1.0 / difference.Values.Length) * Sum(difference * difference)) + ((_small.DivergenceWeight / divergence.Values.Length) * Sum(divergence));
        return (loss.Values[0], [encoder.Gradient(loss), decoder.Gradient(loss)]);

        // Columns from the first on, as many as there are latent variables.
        static Variable Pick(int first)
        {
            var picked = new double[2 * _small.Latent * _small.Latent];
            for (int i = 0; i < _small.Latent; i++)
                picked[((first + i) * _small.Latent) + i] = 1;
            return Variable.Leaf(2 * _small.Latent, _small.Latent, picked);
        }
    }

    private static int[] Rows(RandomDraw draw, int count, int upper) => [.. Enumerable.Range(0, count).Select(i => Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, (ulong)i), upper))];

    private static double[] Normals(int step, int count, RandomDraw draw, double scale) =>
        [.. Enumerable.Range(0, count).Select(i => scale * Philox.Normal(draw with { Step = (uint)step }, RandomPurpose.Langevin, (ulong)i))];

    private static double Distance(float[] found, double[] truth) =>
        Math.Sqrt(found.Zip(truth, (one, other) => (one - other) * (one - other)).Sum() / truth.Sum(value => value * value));
}
