using EDA.Engine.Baselines;
using EDA.Engine.Baselines.DiffusionQl;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Golden;
using EDA.Tests.Twin;
using static EDA.Tests.Engine.Baselines.MethodProblem;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Engine.Baselines;

/// <summary>A step of Diffusion-QL against the tape in float64, through the whole chain; coefficients are found anew, from β and Gaussians' products.</summary>
public sealed class DiffusionQlLearningTests : IDisposable
{
    private const int Loss = 0, NextValue = 1, CloningLoss = 2, QLoss = 3, Main = 0, Time = 1, First = 2, Second = 3, T = 5;

    private static readonly MlpLayout _main = MethodLearning.LayoutOf("policy", NoiseNetwork.MainShape(StateSize, ActionSize, Width));
    private static readonly MlpLayout _time = MethodLearning.LayoutOf("policy.time", NoiseNetwork.TimeShape);

    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 2));
    private readonly MethodProblem _problem = new();

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public void Losses_and_gradients_are_those_of_the_formulas(bool maxQ, int cloningSteps)
    {
        var settings = new DiffusionQlSettings { Batch = Batch, MaxQ = maxQ, BackupActions = 3, CloningSteps = cloningSteps, Eta = 1.5 };
        using var data = _problem.Upload(_device);
        using var learning = new DiffusionQlLearning(_device, Run(settings), data);
        _problem.Enlarge(learning);
        float[][] before = [.. learning.Trained.Select(trained => trained.Values.ToArray())], averages = [.. learning.Trained.Select(trained => trained.Average!.ToArray())];
        var measured = new float[4];
        learning.Step(Draw, 0, measured);

        // The twins: each the largest of its own over the actions, then the smaller of the two.
        int k = maxQ ? 3 : 1, next = Batch * k * ActionSize;
        var nextStates = _problem.Of(_problem.NextStates, k);
        var (played, _) = Sample(averages[Main], averages[Time], nextStates, Normals(RandomPurpose.NextActionNoise, next), Normals(RandomPurpose.NextChainNoise, (T - 1) * next));
        var input = Concatenate(nextStates, played);
        double[][] largest = [.. new[] { First, Second }.Select(i => Q(i, averages[i]).Forward(Name(i), input).Values.Chunk(k).Select(q => q.Max()).ToArray())];
        double[] nextValues = [.. largest[0].Zip(largest[1], Math.Min)];
        var backup = _problem.Backup(nextValues);
        input = Concatenate(_problem.Of(_problem.States), _problem.Of(_problem.Actions));
        double loss = 0;
        foreach (int i in (int[])[First, Second])
        {
            var q = Q(i, before[i]);
            var part = MeanSquare(q.Forward(Name(i), input) - backup);
            loss += part.Values[0];
            RequireGradient(q.Gradient(part), learning.Trained[i].Gradient);
        }

        Deviation.AssertClose(loss, measured[Loss], 1e-5, "loss");
        Deviation.AssertClose(nextValues.Average(), measured[NextValue], 1e-4, "next value");

        // The policy, by the twins as they have become: cloning, and Q through the chain.
        var (main, time) = (new TwinMlp(_main, before[Main]), new TwinMlp(_time, before[Time]));
        var total = Clone(main, time);
        Deviation.AssertClose(total.Values[0], measured[CloningLoss], 1e-5, "cloning loss");
        if (cloningSteps == 0)
        {
            var states = _problem.Of(_problem.States);
            var (actions, cut) = Sample(main, time, states, Normals(RandomPurpose.ActionNoise, Batch * ActionSize), Normals(RandomPurpose.ChainNoise, (T - 1) * Batch * ActionSize));
            Assert.InRange(cut, 1, (T * Batch * ActionSize) - 1);
            int climbed = First + Philox.Index(Philox.Word(Draw, RandomPurpose.Choice, 0), 2), other = First + Second - climbed;
            input = Concatenate(states, actions);
            double magnitude = Q(other, learning.Trained[other].Values.ToArray()).Forward(Name(other), input).Values.Average(Math.Abs);
            var climbing = -1 / magnitude * Mean(Q(climbed, learning.Trained[climbed].Values.ToArray()).Forward(Name(climbed), input));
            Deviation.AssertClose(climbing.Values[0], measured[QLoss], 1e-4, "Q loss");
            total += settings.Eta * climbing;
        }
        else
        {
            Assert.Equal(0, measured[QLoss]);
        }

        RequireGradient(main.Gradient(total), learning.Trained[Main].Gradient);
        RequireGradient(time.Gradient(total), learning.Trained[Time].Gradient);
    }

    [Fact]
    public void Gradients_are_shortened_to_the_bound_in_their_proportions()
    {
        using var data = _problem.Upload(_device);
        float[][] free = Gradients(0), bounded = Gradients(1e-3), loose = Gradients(1e6);
        foreach (int[] together in (int[][])[[Main, Time], [First, Second]])
        {
            double norm = Math.Sqrt(together.Sum(i => free[i].Sum(x => (double)x * x)));
            Assert.True(norm > 1e-3);
            foreach (int i in together)
                Deviation.AssertClose([.. free[i].Select(x => x * 1e-3 / norm)], bounded[i], 1e-2, "bounded gradient");
            Assert.All(together, i => Assert.Equal(free[i], loose[i]));
        }

        float[][] Gradients(double bound)
        {
            // Twins that do not move, so that the policy climbs the same ones.
            using var learning = new DiffusionQlLearning(_device, Run(new DiffusionQlSettings { Batch = Batch, GradientBound = bound, CriticLearningRate = 1e-30 }), data);
            learning.Step(Draw, 0, new float[4]);
            return [.. learning.Trained.Select(trained => trained.Gradient.ToArray())];
        }
    }

    [Fact]
    public void The_averaged_policy_moves_now_and_then_and_the_targets_always()
    {
        using var data = _problem.Upload(_device);
        using var learning = new DiffusionQlLearning(_device, Run(new DiffusionQlSettings { Batch = Batch, AverageFrom = 2, AverageEvery = 3 }), data);
        var moved = new List<(bool Policy, bool Time, bool Targets)>();
        for (int step = 0; step < 7; step++)
        {
            float[][] before = [.. learning.Trained.Select(trained => trained.Average!.ToArray())];
            learning.Step(Draw with { Step = (uint)step }, step, new float[4]);
            bool[] has = [.. learning.Trained.Select((trained, i) => !trained.Average!.ToArray().SequenceEqual(before[i]))];
            moved.Add((has[Main], has[Time], has[First] && has[Second]));
        }

        Assert.Equal(Enumerable.Range(0, 7).Select(step => (step is 3 or 6, step is 3 or 6, true)), moved);
    }

    [Fact]
    public void A_sample_is_drawn_in_proportion_to_the_exponential_of_its_Q()
    {
        // Logits 1000 + ln of 1, 2, 5.
        float[] q = [1000, 1000 + MathF.Log(2), 1000 + MathF.Log(5)];
        Assert.Equal([0, 0, 1, 1, 2, 2], new[] { 0f, 0.12f, 0.13f, 0.37f, 0.38f, 0.9999f }.Select(uniform => DiffusionQlActor.Draw(q, uniform)));
    }

    private static string Name(int network) => network == First ? "q1" : "q2";

    private static TwinMlp Q(int network, float[] parameters) => new(MethodLearning.LayoutOf(Name(network), StateActionNetworks.Shape(StateSize, ActionSize, Width)), parameters);

    private static double Alpha(int t) => Math.Exp((-0.1 / T) - (4.95 * ((2 * t) - 1) / (T * T)));

    // ᾱ_t
    private static double Product(int t) => Enumerable.Range(1, t).Aggregate(1.0, (product, i) => product * Alpha(i));

    private static Variable Predict(TwinMlp main, TwinMlp time, Variable x, int[] t, Variable states)
    {
        double[] features = [.. t.SelectMany(step => Enumerable.Range(0, 16).Select(i => (i < 8 ? (Func<double, double>)Math.Sin : Math.Cos)((step - 1) * Math.Exp(-Math.Log(10000) * (i % 8) / 7))))];
        return main.Forward("policy", Concatenate(x, time.Forward("policy.time", Variable.Leaf(t.Length, 16, features)), states));
    }

    private Variable Clone(TwinMlp main, TwinMlp time)
    {
        double[] noise = Normals(RandomPurpose.Noise, Batch * ActionSize);
        int[] t = [.. Enumerable.Range(0, Batch).Select(i => 1 + Philox.Index(Philox.Word(Draw, RandomPurpose.ChainStep, (ulong)i), T))];
        double[] noised = [.. _problem.Of(_problem.Actions).Values.Select((a, i) => (Math.Sqrt(Product(t[i / ActionSize])) * a) + (Math.Sqrt(1 - Product(t[i / ActionSize])) * noise[i]))];
        return MeanSquare(Predict(main, time, Variable.Leaf(Batch, ActionSize, noised), t, _problem.Of(_problem.States)) - Variable.Leaf(Batch, ActionSize, noise));
    }

    private static (Variable Actions, int Cut) Sample(float[] main, float[] time, Variable states, double[] start, double[] noise) => Sample(new TwinMlp(_main, main), new TwinMlp(_time, time), states, start, noise);

    // x_{t−1} of q(x_t | x_{t−1}) q(x_{t−1} | x̂₀), whose precisions add up.
    private static (Variable Actions, int Cut) Sample(TwinMlp main, TwinMlp time, Variable states, double[] start, double[] noise)
    {
        var x = Variable.Leaf(states.Rows, ActionSize, start);
        int cut = 0;
        for (int t = T; t >= 1; t--)
        {
            var predicted = Predict(main, time, x, [.. Enumerable.Repeat(t, states.Rows)], states);
            var data = (1 / Math.Sqrt(Product(t))) * (x - (Math.Sqrt(1 - Product(t)) * predicted));
            double[] kept = [.. data.Values.Select(value => Math.Abs(value) <= 1 ? 1.0 : 0)], bounds = [.. data.Values.Select(value => Math.Abs(value) <= 1 ? 0.0 : Math.Sign(value))];
            cut += kept.Count(share => share == 0);
            data = (Variable.Leaf(x.Rows, ActionSize, kept) * data) + Variable.Leaf(x.Rows, ActionSize, bounds);
            if (t == 1)
                return (data, cut);
            double forward = Alpha(t) / (1 - Alpha(t)), backward = 1 / (1 - Product(t - 1)), variance = 1 / (forward + backward);
            var mean = (variance * forward / Math.Sqrt(Alpha(t)) * x) + (variance * backward * Math.Sqrt(Product(t - 1)) * data);
            double[] drawn = [.. noise.AsSpan((T - t) * start.Length, start.Length).ToArray().Select(value => Math.Sqrt(variance) * value)];
            x = mean + Variable.Leaf(x.Rows, ActionSize, drawn);
        }

        return (x, cut);
    }
}
