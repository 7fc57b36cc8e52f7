using EDA.Engine.Baselines;
using EDA.Engine.Baselines.Td3Bc;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Golden;
using EDA.Tests.Twin;
using static EDA.Tests.Engine.Baselines.MethodProblem;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Engine.Baselines;

/// <summary>A step of TD3+BC against the tape in float64.</summary>
public sealed class Td3BcLearningTests : IDisposable
{
    private const int Loss = 0, NextValue = 1, PolicyLoss = 2, PolicyQ = 3, Policy = 0, Twin = 1;

    private static readonly MlpLayout _policyLayout = MethodLearning.LayoutOf("policy", new(StateSize, [Width, Width], ActionSize, MlpActivation.Relu, MlpOutput.Tanh));
    private static readonly MlpLayout _twinLayout = new CriticLayout(new(StateSize, ActionSize, Width)).Twin;

    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 2));
    private readonly MethodProblem _problem = new();

    public void Dispose() => _device.Dispose();

    [Fact]
    public void Losses_and_gradients_are_those_of_the_formulas()
    {
        var settings = new Td3BcSettings { Batch = Batch, PolicyEvery = 1, Noise = 0.6 };
        using var data = _problem.Upload(_device);
        using var learning = Learn(settings, data);
        _problem.Enlarge(learning);
        var (policy, twin) = (learning.Trained[Policy], learning.Trained[Twin]);
        var (beforePolicy, beforeTwin, policyAverage, twinAverage) = (policy.Values.ToArray(), twin.Values.ToArray(), policy.Average!.ToArray(), twin.Average!.ToArray());
        var measured = new float[4];
        Assert.Equal(settings.LearningRate, learning.Step(Draw, 0, measured));

        // The twins.
        double[] noise = [.. Normals(RandomPurpose.NextActionNoise, Batch * ActionSize).Select(x => Math.Clamp(0.6 * x, -0.5, 0.5))];
        Assert.Contains(0.5, noise.Select(Math.Abs));
        var next = _problem.Of(_problem.NextStates);
        double[] played = [.. new TwinMlp(_policyLayout, policyAverage).Forward("policy", next).Values.Zip(noise, (a, x) => Math.Clamp(a + x, -1, 1))];
        var targets = new TwinMlp(_twinLayout, twinAverage);
        var nextInput = Concatenate(Variable.Leaf(Batch, ActionSize, played), next);
        double[] nextValues = [.. targets.Forward("q1", nextInput).Values.Zip(targets.Forward("q2", nextInput).Values, Math.Min)];
        var backup = _problem.Backup(nextValues);
        var network = new TwinMlp(_twinLayout, beforeTwin);
        var input = Concatenate(_problem.Of(_problem.Actions), _problem.Of(_problem.States));
        var loss = MeanSquare(network.Forward("q1", input) - backup) + MeanSquare(network.Forward("q2", input) - backup);
        Deviation.AssertClose(loss.Values[0], measured[Loss], 1e-5, "loss");
        Deviation.AssertClose(nextValues.Average(), measured[NextValue], 1e-4, "next value");
        RequireGradient(network.Gradient(loss), twin.Gradient, 2);

        // The policy, by the twins as they have become.
        var actor = new TwinMlp(_policyLayout, beforePolicy);
        var actions = actor.Forward("policy", _problem.Of(_problem.States));
        var q = new TwinMlp(_twinLayout, twin.Values.ToArray()).Forward("q1", Concatenate(actions, _problem.Of(_problem.States)));
        double weight = settings.Alpha / q.Values.Average(Math.Abs);
        var policyLoss = MeanSquare(actions - _problem.Of(_problem.Actions)) - (weight * Mean(q));
        Deviation.AssertClose(policyLoss.Values[0], measured[PolicyLoss], 1e-4, "policy loss");
        Deviation.AssertClose(q.Values.Average(), measured[PolicyQ], 1e-4, "policy Q");
        RequireGradient(actor.Gradient(policyLoss), policy.Gradient);

        // Averages go a share of the way; Adam's first step is its rate but where a slope is 0.
        RequireFollowed(policyAverage, policy);
        RequireFollowed(twinAverage, twin);
        Assert.All(twin.Gradient.ToArray().Zip(twin.Values.ToArray().Zip(beforeTwin, (now, then) => now - then)), pair => Assert.True(Math.Abs(pair.First) < 1e-4 || Math.Abs(pair.Second + (3e-4 * Math.Sign(pair.First))) < 1e-6));
    }

    [Fact]
    public void Policy_and_targets_move_every_second_step()
    {
        using var data = _problem.Upload(_device);
        using var learning = Learn(new() { Batch = Batch }, data);
        var measured = new float[4];
        var states = new List<(float[] Policy, float[] Target, float[] Twin)>();
        for (int step = 0; step < 4; step++)
        {
            learning.Step(Draw with { Step = (uint)step }, step, measured);
            states.Add((learning.Trained[Policy].Values.ToArray(), learning.Trained[Twin].Average!.ToArray(), learning.Trained[Twin].Values.ToArray()));
            Assert.Equal(step % 2 == 1, measured[PolicyLoss] != 0);
        }

        Assert.Equal(states[1].Policy, states[2].Policy);
        Assert.Equal(states[1].Target, states[2].Target);
        Assert.NotEqual(states[1].Twin, states[2].Twin);
        Assert.NotEqual(states[0].Policy, states[1].Policy);
        Assert.NotEqual(states[2].Policy, states[3].Policy);
        Assert.NotEqual(states[2].Target, states[3].Target);
    }

    [Fact]
    public void States_are_normalised_with_their_own_deviation()
    {
        float[] states = [1, 10, 3, 10];
        var normalisation = StateNormalisation.Of(states, 2);
        normalisation.Apply(states);
        Assert.Equal([-1 / 1.001f, 0, 1 / 1.001f, 0], states);
        Assert.Equal(["states.mean", "states.scale"], normalisation.ToTensors().Select(tensor => tensor.Name));
        Assert.Throws<ArgumentException>(() => StateNormalisation.Of([1, 2, 3], 2));
    }

    private static void RequireFollowed(float[] before, TrainedParameters trained)
    {
        double[] expected = [.. before.Zip(trained.Values.ToArray(), (then, now) => then + (0.005 * ((double)now - then)))];
        Deviation.AssertClose(expected, trained.Average!.ToArray(), 1e-6, trained.Name);
    }

    private Td3BcLearning Learn(Td3BcSettings settings, EDA.Engine.Data.TransitionDataset data) => new(_device, Run(settings), data, StateNormalisation.Of(new float[StateSize], StateSize));
}
