using EDA.Engine;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Engine;

/// <summary>Ways of acting, against what the model itself says of the samples that they choose from.</summary>
public sealed class ActingTests : IDisposable
{
    private const int States = 3, StateSize = 4, ActionSize = 2, Samples = 5;
    private const ulong Seed = 8;

    private readonly IDevice _device = new CpuDevice(new CpuOptions(SimdLevel.Portable, 1));
    private readonly BottleneckDiffusionModel _policy, _behavior;
    private readonly float[] _states = [.. Enumerable.Range(0, States * StateSize).Select(i => MathF.Sin(i))];

    public ActingTests() =>
        (_policy, _behavior) = (BottleneckDiffusionModel.Create(_device, new BdmShape(StateSize, ActionSize, 32, 1), 3), BottleneckDiffusionModel.Create(_device, new BdmShape(StateSize, ActionSize, 32, 1), 4));

    public void Dispose()
    {
        _policy.Dispose();
        _behavior.Dispose();
        _device.Dispose();
    }

    // What the actor has to choose from: row e of Sample is episode e.
    private float[] Drawn(int samples = Samples) => _policy.Sample(States, samples, new RandomDraw(Seed, RandomStage.Evaluation, 7), _states);

    private float[] Act(ActingSettings acting, CandidateRating? rating = null)
    {
        using var actor = DiffusionActor.Acting(_policy, Seed, acting, rating);
        var actions = new float[States * ActionSize];
        actor.Act(7, [0, 1, 2], _states, actions);
        return actions;
    }

    private float[] EachState(int samples) => [.. Enumerable.Range(0, States).SelectMany(state => Enumerable.Repeat(_states[(state * StateSize)..((state + 1) * StateSize)], samples)).SelectMany(row => row)];

    [Fact]
    public void One_sample_is_the_papers() => Assert.Equal(Drawn(1), Act(new ActingSettings()));

    [Fact]
    public void The_mean_is_of_samples_within_the_action_space()
    {
        float[] drawn = Drawn(), mean = Act(new() { Samples = Samples });
        Assert.Contains(drawn, action => Math.Abs(action) > 1);
        for (int state = 0; state < States; state++)
        {
            for (int i = 0; i < ActionSize; i++)
                Assert.Equal(Enumerable.Range(0, Samples).Average(k => Math.Clamp((double)drawn[(((state * Samples) + k) * ActionSize) + i], -1, 1)), mean[(state * ActionSize) + i], 1e-6);
        }
    }

    [Fact]
    public void The_densest_sample_is_the_one_that_the_model_says()
    {
        float[] drawn = Drawn(), density = _policy.Density(drawn, [ActingSettings.DensityTime], EachState(Samples));
        Assert.Equal(Highest(drawn, density), Act(new() { Samples = Samples, Choice = ActingChoice.Density }, CandidateRatings.ByDensity(_policy)));
    }

    [Fact]
    public void The_gap_is_that_of_both_densities_of_the_diffused_mean()
    {
        // Without noise a_t is α_t a: the gap there, by the two densities themselves.
        float[] drawn = Drawn();
        float alpha = (float)_policy.Schedule.Variance.Alpha(ActingSettings.DensityTime);
        float[] diffused = [.. drawn.Select(action => alpha * action)], states = EachState(Samples);
        float[] one = _policy.Density(diffused, [ActingSettings.DensityTime], states), other = _behavior.Density(diffused, [ActingSettings.DensityTime], states);
        Assert.Equal(Highest(drawn, [.. one.Zip(other, (f, g) => f - g)]), Act(new() { Samples = Samples, Choice = ActingChoice.Gap }, CandidateRatings.ByGap(_policy, _behavior)));
    }

    [Fact]
    public void Without_noise_all_samples_are_one()
    {
        float[] one = Act(new() { Noise = 0 });
        Assert.NotEqual(Drawn(1), one);
        Assert.Equal(one, Act(new() { Noise = 0, Samples = Samples, Choice = ActingChoice.Density }, CandidateRatings.ByDensity(_policy)));
    }

    [Fact]
    public void Ascent_goes_along_the_gradient_of_the_density()
    {
        const double Time = 0.3, Rate = 0.25;
        float[] from = Drawn(1), to = Act(new() { Ascent = 1, AscentTime = Time, AscentRate = Rate });
        double sigma = _policy.Schedule.Variance.Sigma((float)Time);
        for (int i = 0; i < from.Length; i++)
        {
            // ∇f by differences of the density, not by the score that the kernel has.
            const float Step = 0.01f;
            double gradient = (DensityAt(i, Step) - DensityAt(i, -Step)) / (2 * Step);
            Assert.Equal(from[i] + (Rate * sigma * sigma * gradient), to[i], 2e-3 * Math.Max(1, Math.Abs(to[i])));
        }

        double DensityAt(int i, float by)
        {
            float[] moved = [.. from];
            moved[i] += by;
            return _policy.Density(moved, [(float)Time], _states)[i / ActionSize];
        }
    }

    [Fact]
    public void What_does_not_go_together_is_refused()
    {
        Assert.Throws<ArgumentException>(() => DiffusionActor.Acting(_policy, Seed, new() { Samples = 4, Choice = ActingChoice.Q }, null));
        Assert.Throws<ArgumentException>(() => DiffusionActor.Acting(_policy, Seed, new() { Samples = 4 }, CandidateRatings.ByDensity(_policy)));
        Assert.Throws<InvalidSettingException>(() => new ActingSettings { Samples = 0 });
        Assert.Throws<InvalidSettingException>(() => new ActingSettings { Noise = 1.5 });
        Assert.Throws<InvalidSettingException>(() => new ActingSettings { AscentRate = 0 });
    }

    [Theory]
    [InlineData("one sample", 1, ActingChoice.Mean, 1.0, 0)]
    [InlineData("mean of 8 samples, started from 0.5 of the noise", 8, ActingChoice.Mean, 0.5, 0)]
    [InlineData("of 16 samples the one of highest density, 4 steps uphill at t = 0.02", 16, ActingChoice.Density, 1.0, 4)]
    [InlineData("of 4 samples the one of highest Q", 4, ActingChoice.Q, 1.0, 0)]
    public void A_way_of_acting_has_words(string words, int samples, ActingChoice choice, double noise, int ascent) =>
        Assert.Equal(words, new ActingSettings { Samples = samples, Choice = choice, Noise = noise, Ascent = ascent }.ToString());

    private static float[] Highest(float[] drawn, float[] values) =>
        [.. Enumerable.Range(0, States).SelectMany(state =>
        {
            int best = Enumerable.Range(0, Samples).MaxBy(k => values[(state * Samples) + k]);
            return drawn[(((state * Samples) + best) * ActionSize)..(((state * Samples) + best + 1) * ActionSize)];
        })];
}
