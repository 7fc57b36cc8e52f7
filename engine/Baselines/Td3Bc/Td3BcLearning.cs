using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Td3Bc;

/// <summary>
/// The training of TD3+BC (Fujimoto and Gu, arXiv 2106.06860): twins against a noisy target policy, and every second step
/// a policy that climbs Q₁ and clones behavior. docs/method.md has the equations.
/// </summary>
public sealed class Td3BcLearning : MethodLearning
{
    private const int States = 0, Actions = 1, NextStates = 2;

    private readonly Td3BcSettings _settings;
    private readonly TransitionDataset _data;
    private readonly StateNormalisation _normalisation;
    private readonly TrainedParameters _policy;
    private readonly TrainedParameters _twin;
    private readonly IMlpOperations _policyOperations;
    private readonly ICriticOperations _critic;
    private readonly DrawnRows _rows;
    private readonly DeviceArray<float> _noise;
    private readonly DeviceArray<float> _played;
    private readonly DeviceArray<float> _slope;
    private readonly DeviceArray<float> _q;
    private readonly DeviceArray<float> _losses;
    private readonly DeviceArray<float> _unusedFirst;
    private readonly DeviceArray<float> _unusedSecond;
    private readonly float[] _hostNoise;
    private readonly float[] _hostPlayed;
    private readonly float[] _hostSlope;
    private readonly float[] _hostQ;
    private readonly float[] _hostLosses = new float[CriticLosses.Count];

    /// <summary>Prepares training.</summary>
    /// <param name="device">The device.</param>
    /// <param name="run">The run's settings, whose method is <see cref="Td3BcSettings"/>.</param>
    /// <param name="data">The transitions, states normalised; not disposed of.</param>
    /// <param name="normalisation">How they were, for the policy's file.</param>
    /// <param name="optimizer">What moves the networks; null for the device's Adam.</param>
    public Td3BcLearning(IDevice device, RunSettings run, TransitionDataset data, StateNormalisation normalisation, OptimizerFactory? optimizer = null)
        : base(device, new(run.Method.CountSteps(), Of(run).ReportEvery), NumericalOf(run), data.Fingerprint, run.Seed, optimizer)
    {
        (_settings, _data, _normalisation) = (Of(run), data, normalisation);
        int batch = _settings.Batch, width = data.ActionSize;
        _policyOperations = device.CreateMlp(PolicyShape(data.StateSize, width, run.CriticWidth));
        _critic = device.CreateCritic(new(data.StateSize, width, run.CriticWidth));
        _policy = Network(PolicyName, _policyOperations.Shape, isFollowed: true);
        _twin = Networks("twin", _critic.Layout.Twin, isFollowed: true, AdamOfHalfTheLoss);
        _rows = new(device, data.Count, batch, (data.Transitions.States, data.StateSize), (data.Transitions.Actions, width), (data.Transitions.NextStates, data.StateSize));
        (_noise, _hostNoise) = (device.Allocate<float>(batch * width), new float[batch * width]);
        (_played, _hostPlayed) = (device.Allocate<float>(batch * width), new float[batch * width]);
        (_slope, _hostSlope) = (device.Allocate<float>(batch * width), new float[batch * width]);
        (_q, _hostQ) = (device.Allocate<float>(batch), new float[batch]);
        _losses = device.Allocate<float>(CriticLosses.Count);
        (_unusedFirst, _unusedSecond) = (device.Allocate<float>(_twin.Values.Length), device.Allocate<float>(_twin.Values.Length));
    }

    /// <summary>The policy's name in files.</summary>
    internal const string PolicyName = "policy";

    /// <summary>
    /// The twins' loss, their target's mean V(s'), and the policy's loss and mean Q₁ at its own actions: these two as often
    /// over as there are steps for one of the policy's, and 0 at the others, so that their means are right.
    /// </summary>
    public override IReadOnlyList<string> Measured { get; } = ["loss", "next_value", "policy_loss", "policy_q"];

    /// <inheritdoc/>
    public override IEnumerable<NamedTensor> Constants => _normalisation.ToTensors();

    /// <inheritdoc/>
    public override double Step(in RandomDraw draw, long step, Span<float> measured)
    {
        _rows.Draw(draw);
        SampleNextActions(draw);
        MoveTwins(step);
        _losses.CopyTo(_hostLosses);
        (measured[0], measured[1]) = (2 * _hostLosses[CriticLosses.Q], _hostLosses[CriticLosses.NextValue]);
        (measured[2], measured[3]) = (0, 0);
        if ((step + 1) % _settings.PolicyEvery != 0)
            return _settings.LearningRate;
        var (loss, q) = MovePolicy();
        (measured[2], measured[3]) = (_settings.PolicyEvery * loss, _settings.PolicyEvery * q);
        _policy.Follow(_settings.TargetRate);
        _twin.Follow(_settings.TargetRate);
        return _settings.LearningRate;
    }

    /// <inheritdoc/>
    protected override long MovesOf(TrainedParameters trained, long steps) => trained == _policy ? steps / _settings.PolicyEvery : steps;

    /// <summary>The policy, [S] → H → H → A with ReLU and tanh.</summary>
    internal static MlpShape PolicyShape(int stateSize, int actionSize, int width) => new(stateSize, [width, width], actionSize, MlpActivation.Relu, MlpOutput.Tanh);

    /// <summary>All settings that the weights of a given step depend on.</summary>
    internal static object NumericalOf(RunSettings run) => new { Method = Of(run) with { Steps = 0, ReportEvery = 1 }, run.CriticWidth, run.Rewards };

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _policyOperations.Dispose();
        _critic.Dispose();
        _rows.Dispose();
        foreach (var array in (DeviceArray<float>[])[_noise, _played, _slope, _q, _losses, _unusedFirst, _unusedSecond])
            array.Dispose();
    }

    private static Td3BcSettings Of(RunSettings run) => (Td3BcSettings)run.Method;

    // The critic's operation gives the gradient of the mean of two errors where the method has their sum: twice as much,
    // which Adam undoes but for its ε.
    private static IOptimizer AdamOfHalfTheLoss(IDevice device, DeviceArray<float> parameters, ParameterLayout layout)
    {
        var settings = new AdamSettings(1);
        return new Adam(device, parameters, settings with { Epsilon = settings.Epsilon / 2 });
    }

    // a' = clip(π̄(s') + clip(σξ, ±c), ±1)
    private void SampleNextActions(in RandomDraw draw)
    {
        float deviation = (float)_settings.Noise, bound = (float)_settings.NoiseBound;
        Device.Vector.FillNormal(new() { Values = _noise, Count = _hostNoise.Length, Draw = draw, Purpose = RandomPurpose.NextActionNoise });
        _noise.CopyTo(_hostNoise);
        _policyOperations.Forward(new() { Parameters = _policy.Average!, Inputs = _rows.OnDevice(NextStates), Rows = _rows.Batch, Outputs = _played });
        _played.CopyTo(_hostPlayed);
        for (int i = 0; i < _hostPlayed.Length; i++)
            _hostPlayed[i] = Math.Clamp(_hostPlayed[i] + Math.Clamp(deviation * _hostNoise[i], -bound, bound), -1, 1);
        _played.CopyFrom(_hostPlayed);
    }

    // L = Σ_i mean (Q_i(s, a) − y)², y = r + γ(1 − d) min_j Q̄_j(s', a'); the operation leaves the gradient and moves nothing.
    private void MoveTwins(long step)
    {
        _critic.SampledStep(new()
        {
            Batch = new(_data.Transitions, _rows.Batch, default, _rows.Indices),
            Backup = new((float)_settings.Discount, 0, _played, 1),
            Twin = new(_twin.Values, _twin.Gradient, _unusedFirst, _unusedSecond),
            Target = _twin.Average!,
            Update = new(new AdamSettings(0), step + 1, 0),
            Losses = _losses,
        });
        _twin.Move(_settings.LearningRate);
    }

    // L = −λ mean Q₁(s, π(s)) + MSE(π(s), a), λ = α/mean|Q₁| held constant.
    private (float Loss, float Q) MovePolicy()
    {
        var states = _rows.OnDevice(States);
        _policyOperations.Forward(new() { Parameters = _policy.Values, Inputs = states, Rows = _rows.Batch, Outputs = _played });
        _critic.ActionGradient(new() { Twin = _twin.Values, States = states, Actions = _played, Rows = _rows.Batch, Choice = TwinChoice.First, Gradient = _slope, Q = _q });
        _played.CopyTo(_hostPlayed);
        _slope.CopyTo(_hostSlope);
        _q.CopyTo(_hostQ);
        double sum = 0, magnitude = 0, squares = 0;
        foreach (float q in _hostQ)
            (sum, magnitude) = (sum + q, magnitude + Math.Abs(q));
        double weight = _settings.Alpha / magnitude; // λ/n
        float[] actions = _rows.OnHost(Actions);
        for (int i = 0; i < _hostPlayed.Length; i++)
        {
            double error = (double)_hostPlayed[i] - actions[i];
            squares += error * error;
            _hostSlope[i] = (float)((2 * error / _hostPlayed.Length) - (weight * _hostSlope[i]));
        }

        _slope.CopyFrom(_hostSlope);
        _policyOperations.Gradient(new() { Parameters = _policy.Values, Inputs = states, Rows = _rows.Batch, OutputsGradient = _slope, ParametersGradient = _policy.Gradient });
        _policy.Move(_settings.LearningRate);
        return ((float)((squares / _hostPlayed.Length) - (weight * sum)), (float)(sum / _hostQ.Length));
    }
}
