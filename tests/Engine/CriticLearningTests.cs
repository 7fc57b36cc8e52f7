using EDA.Engine;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Engine;

/// <summary>
/// The three critics on a decision process whose answers are known: s₀ leads to s₁ without reward whatever is done, and
/// at s₁ action +1 earns 1 and −1 earns 0, and the episode ends.
/// </summary>
public sealed class CriticLearningTests : IDisposable
{
    private const float Gamma = 0.9f;

    private static readonly CriticShape _shape = new(1, 1, 32);
    private static readonly float[] _states = [-1, -1, 1, 1];
    private static readonly float[] _actions = [-1, 1, -1, 1];

    private static readonly CriticSettings _settings = new()
    {
        Batch = 256,
        Steps = 1500,
        LearningRate = 2e-3,
        Discount = Gamma,
        TargetRate = 0.05,
        ReportEvery = 500,
    };

    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 1));

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData(0.7)]
    [InlineData(0.9)]
    public void Implicit_values_are_expectiles(double expectile)
    {
        var settings = _settings with { Implicit = new ImplicitQSettings { Expectile = expectile, Policy = PolicyExtraction.AdvantageWeighted } };
        using var data = Data();
        using var critic = Critic.Create(_device, _shape, 1);
        using var policy = DeterministicPolicy.Create(_device, _shape, 1);
        using var learning = new ImplicitQLearning(settings, critic, data, policy);
        using var training = new CriticTraining(learning, 1);
        var heard = new Recorder();
        Assert.True(training.Run(heard).Completed);
        Assert.Equal(["loss", "next_value", "value_loss", "policy_loss", "learning_rate"], heard.Metrics);
        Assert.True(heard.Losses[^1] < heard.Losses[0]);

        // The τ-expectile of 0 and 1, as likely as each other, is τ: τ(1 − v) = (1 − τ)v.
        AssertClose([Gamma * (float)expectile, (float)expectile], critic.Values([-1, 1]));
        AssertClose([Gamma * (float)expectile, Gamma * (float)expectile, 0, 1], critic.Labels(_states, _actions));

        // At s₁ the advantages are 1 − τ and −τ, so the weights of +1 and −1 are as e³ to 1; at s₀ they are equal.
        AssertClose([0, MathF.Tanh(1.5f)], policy.Act([-1, 1]), 0.05f);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Softmax_values_are_softmaxes(double inverseTemperature)
    {
        var settings = _settings with
        {
            Method = CriticMethod.Softmax,
            Softmax = new SoftmaxQSettings { Candidates = 2, InverseTemperature = inverseTemperature },
        };
        using var data = Data();
        using var samples = RowStore.InMemory(4, 2, 1);
        samples.Append([-1, 1, -1, 1, -1, 1, -1, 1]);
        using var critic = Critic.Create(_device, _shape, 2, hasValue: false);
        using var learning = new SoftmaxQLearning(settings, critic, data, samples);
        using var training = new CriticTraining(learning, 2);
        var heard = new Recorder();
        training.Run(heard);
        Assert.Equal(["loss", "next_value", "learning_rate"], heard.Metrics);
        float value = Gamma / (1 + (float)Math.Exp(-inverseTemperature));
        AssertClose([value, value, 0, 1], critic.Labels(_states, _actions));
        Assert.Throws<InvalidOperationException>(() => critic.Values([1]));
    }

    [Fact]
    public void Each_row_is_backed_up_from_its_own_samples()
    {
        // Of the two rows of s₀, one is told of action −1 only and the other of +1 only.
        var settings = _settings with { Method = CriticMethod.Softmax, Softmax = new SoftmaxQSettings { Candidates = 1 } };
        using var data = Data();
        using var samples = RowStore.InMemory(4, 1, 1);
        samples.Append([-1, 1, 0, 0]);
        using var critic = Critic.Create(_device, _shape, 3, hasValue: false);
        using var learning = new SoftmaxQLearning(settings, critic, data, samples);
        using var training = new CriticTraining(learning, 3);
        training.Run();
        AssertClose([0, Gamma, 0, 1], critic.Labels(_states, _actions));
    }

    [Fact]
    public void Samples_beyond_the_action_space_are_backed_up_from_as_the_environment_would_play_them()
    {
        var settings = _settings with { Method = CriticMethod.Softmax, ClipsActions = true, Softmax = new SoftmaxQSettings { Candidates = 1 } };
        float[] within = Trained([-1, 1, 0, 0]), beyond = Trained([-3, 2, 0, 0]);
        Assert.Equal(within, beyond);
        AssertClose([0, Gamma, 0, 1], beyond);

        float[] Trained(float[] nextActions)
        {
            using var data = Data();
            using var samples = RowStore.InMemory(4, 1, 1);
            samples.Append(nextActions);
            using var critic = Critic.Create(_device, _shape, 3, hasValue: false);
            using var learning = new SoftmaxQLearning(settings, critic, data, samples);
            using var training = new CriticTraining(learning, 3);
            training.Run();
            return critic.Labels(_states, _actions);
        }
    }

    [Fact]
    public void Parts_that_do_not_go_together_are_refused()
    {
        using var data = Data();
        using var critic = Critic.Create(_device, _shape, 0);
        using var withoutValue = Critic.Create(_device, _shape, 0, hasValue: false);
        using var wide = Critic.Create(_device, new CriticShape(2, 1, 32), 0);
        using var policy = DeterministicPolicy.Create(_device, _shape, 0);
        using var samples = RowStore.InMemory(4, 3, 1);
        var softmax = _settings with { Method = CriticMethod.Softmax };
        Assert.Throws<ArgumentException>(() => new ImplicitQLearning(softmax, critic, data));
        Assert.Throws<ArgumentException>(() => new ImplicitQLearning(_settings, withoutValue, data));
        Assert.Throws<ArgumentException>(() => new ImplicitQLearning(_settings, wide, data));
        Assert.Throws<ArgumentException>(() => new ImplicitQLearning(_settings, critic, data, policy));
        Assert.Throws<ArgumentException>(() => new SoftmaxQLearning(softmax, critic, data, samples));
        Assert.Throws<ArgumentException>(() => new SoftmaxQLearning(softmax, withoutValue, data, samples));
        Assert.Throws<ArgumentException>(() => TransitionDataset.Upload(_device, _states, _actions, [1, 2], [0, 0], _states, 1, 1));
        Assert.Throws<ArgumentException>(() => critic.Labels([1, 2], [1, 2, 3], 2));
    }

    [Fact]
    public void Settings_are_checked_and_default_to_the_published()
    {
        var settings = new CriticSettings();
        Assert.Equal((CriticMethod.Implicit, 256, 1_500_000L, 3e-4), (settings.Method, settings.Batch, settings.Steps, settings.LearningRate));
        Assert.Equal((0.99, 0.005, 0.7), (settings.Discount, settings.TargetRate, settings.Implicit.Expectile));
        Assert.Equal((PolicyExtraction.None, 3.0, 100.0), (settings.Implicit.Policy, settings.Implicit.AdvantageScale, settings.Implicit.WeightCap));
        Assert.Equal((16, 1.0), (settings.Softmax.Candidates, settings.Softmax.InverseTemperature));
        Assert.Equal("expectile is 1; allowed is a number above 0 and below 1", Assert.Throws<InvalidSettingException>(() => new ImplicitQSettings { Expectile = 1 }).Message);
        Assert.Throws<InvalidSettingException>(() => new CriticSettings { Discount = 1.1 });
        Assert.Throws<InvalidSettingException>(() => new CriticSettings { TargetRate = double.NaN });
        Assert.Throws<InvalidSettingException>(() => new CriticSettings { Method = null! });
        Assert.Throws<InvalidSettingException>(() => new SoftmaxQSettings { InverseTemperature = 0 });
    }

    private TransitionDataset Data() => TransitionDataset.Upload(_device, _states, _actions, [0, 0, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1], 1, 1);

    private static void AssertClose(float[] expected, float[] actual, float tolerance = 0.03f)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance);
    }
}
