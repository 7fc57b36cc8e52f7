using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>
/// The training of Diffusion-QL (Wang, Hunt and Zhou, arXiv 2208.06193): twins that back up from an averaged policy, and a
/// policy that clones behavior and climbs Q through its whole chain of denoising. docs/method.md has the equations.
/// </summary>
public sealed class DiffusionQlLearning : MethodLearning
{
    private const int States = 0, Actions = 1, Rewards = 2, Terminals = 3, NextStates = 4;

    private readonly DiffusionQlSettings _settings;
    private readonly ChainSchedule _schedule;
    private readonly TrainedParameters _main;
    private readonly TrainedParameters _time;
    private readonly TrainedParameters[] _twin;
    private readonly GradientBound _policyBound;
    private readonly GradientBound _twinBound;
    private readonly NoiseNetwork _network;
    private readonly DenoisingChain _chain;
    private readonly DenoisingChain _nextChain;
    private readonly StateActionNetworks _q;
    private readonly DrawnRows _rows;
    private readonly DeviceArray<float> _noisedInputs;
    private readonly HostNormals _noise;
    private readonly HostNormals _start;
    private readonly HostNormals _chainNoise;
    private readonly HostNormals _nextStart;
    private readonly HostNormals _nextChainNoise;
    private readonly int _backupActions;
    private readonly float[] _hostInputs;
    private readonly float[] _predicted;
    private readonly float[] _slope;
    private readonly float[] _embeddingGradient;
    private readonly int[] _chainSteps;
    private readonly float[][] _nextQ;
    private readonly float[][] _qOfTwin;
    private readonly float[] _backup;

    /// <summary>Prepares training.</summary>
    /// <param name="device">The device.</param>
    /// <param name="run">The run's settings, whose method is <see cref="DiffusionQlSettings"/>.</param>
    /// <param name="data">The transitions; not disposed of.</param>
    /// <param name="optimizer">What moves the networks; null for the device's Adam.</param>
    public DiffusionQlLearning(IDevice device, RunSettings run, TransitionDataset data, OptimizerFactory? optimizer = null)
        : base(device, new(run.Method.CountSteps(), Of(run).ReportEvery), NumericalOf(run), data.Fingerprint, run.Seed, optimizer)
    {
        _settings = Of(run);
        _schedule = new(_settings.ChainSteps);
        _backupActions = _settings.MaxQ ? _settings.BackupActions : 1;
        int batch = _settings.Batch, states = data.StateSize, actions = data.ActionSize, next = batch * _backupActions;
        _main = Network(NoiseNetwork.MainName, NoiseNetwork.MainShape(states, actions, run.CriticWidth), isFollowed: true);
        _time = Network(NoiseNetwork.TimeName, NoiseNetwork.TimeShape, isFollowed: true);
        var q = StateActionNetworks.Shape(states, actions, run.CriticWidth);
        _twin = [Network(TwinNames[0], q, isFollowed: true), Network(TwinNames[1], q, isFollowed: true)];
        (_policyBound, _twinBound) = (new(_settings.GradientBound, _main, _time), new(_settings.GradientBound, _twin));

        _network = new(device, states, actions, run.CriticWidth, _schedule.Steps, next);
        _chain = new(_network, _schedule, batch, remembers: true);
        _nextChain = new(_network, _schedule, next, remembers: false);
        _q = new(device, states, actions, run.CriticWidth, next);
        var found = data.Transitions;
        _rows = new(device, data.Count, batch, (found.States, states), (found.Actions, actions), (found.Rewards, 1), (found.Terminals, 1), (found.NextStates, states));

        int samples = batch * actions;
        (_noise, _start, _chainNoise) = (new(device, samples), new(device, samples), new(device, samples * _chain.NoisySteps));
        (_nextStart, _nextChainNoise) = (new(device, next * actions), new(device, next * actions * _chain.NoisySteps));
        _hostInputs = new float[batch * _network.InputSize];
        _noisedInputs = device.Allocate<float>(_hostInputs.Length);
        (_predicted, _slope) = (new float[samples], new float[samples]);
        _embeddingGradient = new float[_schedule.Steps * NoiseNetwork.TimeSize];
        _chainSteps = new int[batch];
        (_nextQ, _qOfTwin, _backup) = ([new float[next], new float[next]], [new float[batch], new float[batch]], new float[batch]);
    }

    /// <summary>The twins' names in files.</summary>
    internal static IReadOnlyList<string> TwinNames { get; } = ["q1", "q2"];

    /// <summary>The twins' loss and their backup's mean V(s'); of the policy, the loss of cloning and that of Q without η, 0 before there is one.</summary>
    public override IReadOnlyList<string> Measured { get; } = ["loss", "next_value", "cloning_loss", "q_loss"];

    /// <inheritdoc/>
    public override double Step(in RandomDraw draw, long step, Span<float> measured)
    {
        _rows.Draw(draw);
        measured[1] = BackUp(draw);
        measured[0] = MoveTwin();
        bool climbs = step >= _settings.CloningSteps;
        Array.Clear(_embeddingGradient);

        // Parameters' gradients are averaged, the first with those of the chain, so that of each a multiple is taken.
        int gradients = climbs ? 1 + _schedule.Steps : 1;
        measured[2] = Clone(draw, gradients);
        measured[3] = climbs ? Climb(draw, gradients) : 0;
        MovePolicy(gradients);
        if (step >= _settings.AverageFrom && step % _settings.AverageEvery == 0)
        {
            _main.Follow(_settings.AverageRate);
            _time.Follow(_settings.AverageRate);
        }

        foreach (var twin in _twin)
            twin.Follow(_settings.TargetRate);
        return _settings.LearningRate;
    }

    /// <summary>All settings that the weights of a given step depend on.</summary>
    internal static object NumericalOf(RunSettings run) => new { Method = Of(run) with { Steps = 0, ReportEvery = 1, Samples = 1 }, run.CriticWidth, run.Rewards };

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        foreach (var owned in (IDisposable[])[_chain, _nextChain, _network, _q, _rows, _noisedInputs, _noise, _start, _chainNoise, _nextStart, _nextChainNoise])
            owned.Dispose();
    }

    private static DiffusionQlSettings Of(RunSettings run) => (DiffusionQlSettings)run.Method;

    // y = r + γ(1 − d) min_i max_k Q̄_i(s', a'_k), a' of the averaged policy; the mean of what stands after γ(1 − d).
    private float BackUp(in RandomDraw draw)
    {
        float[] states = _rows.OnHost(NextStates), rewards = _rows.OnHost(Rewards), terminals = _rows.OnHost(Terminals);
        float[] actions = _nextStart.Draw(draw, RandomPurpose.NextActionNoise);
        _nextChain.Run(_main.Average!, _time.Average!, states, _backupActions, _nextChainNoise.Draw(draw, RandomPurpose.NextChainNoise), actions);
        _q.Look(states, _backupActions, actions);
        for (int i = 0; i < _twin.Length; i++)
            _q.Evaluate(_twin[i].Average!, _nextQ[i]);
        double sum = 0;
        for (int row = 0; row < _backup.Length; row++)
        {
            float next = Math.Min(Largest(_nextQ[0], row), Largest(_nextQ[1], row));
            sum += next;
            _backup[row] = rewards[row] + ((float)_settings.Discount * (1 - terminals[row]) * next);
        }

        return (float)(sum / _backup.Length);
    }

    private float Largest(float[] q, int row)
    {
        float largest = q[row * _backupActions];
        for (int k = 1; k < _backupActions; k++)
            largest = Math.Max(largest, q[(row * _backupActions) + k]);
        return largest;
    }

    // L = Σ_i mean (Q_i(s, a) − y)²
    private float MoveTwin()
    {
        double loss = 0;
        _q.Look(_rows.OnHost(States), 1, _rows.OnHost(Actions));
        for (int i = 0; i < _twin.Length; i++)
        {
            float[] q = _qOfTwin[i];
            _q.Evaluate(_twin[i].Values, q);
            for (int row = 0; row < q.Length; row++)
            {
                float error = q[row] - _backup[row];
                loss += (double)error * error / q.Length;
                q[row] = 2 * error / q.Length;
            }

            _q.Gradient(_twin[i].Values, q, _twin[i].Gradient);
        }

        _twinBound.Apply();
        foreach (var twin in _twin)
            twin.Move(_settings.CriticLearningRate);
        return (float)loss;
    }

    // L = MSE(ε̂(sqrt(ᾱ_t) a + sqrt(1 − ᾱ_t) ε, t, s), ε), t uniform in 1 … T; leaves a multiple of its gradient.
    private float Clone(in RandomDraw draw, int multiple)
    {
        int width = _network.ActionSize;
        float[] actions = _rows.OnHost(Actions), noise = _noise.Draw(draw, RandomPurpose.Noise), embedding = _network.Embed(_time.Values);
        _network.WriteStates(_hostInputs, _rows.OnHost(States));
        for (int row = 0; row < _chainSteps.Length; row++)
        {
            int step = Philox.Index(Philox.Word(draw, RandomPurpose.ChainStep, (ulong)row), _schedule.Steps);
            _chainSteps[row] = step;
            for (int i = row * width; i < (row + 1) * width; i++)
                _slope[i] = (_schedule.Data[step] * actions[i]) + (_schedule.Noise[step] * noise[i]);
            _network.WriteRow(_hostInputs, row, _slope.AsSpan(row * width, width), embedding, step);
        }

        _noisedInputs.CopyFrom(_hostInputs);
        _network.Predict(_main.Values, _noisedInputs, _predicted);
        double squares = 0;
        for (int i = 0; i < _predicted.Length; i++)
        {
            float error = _predicted[i] - noise[i];
            squares += (double)error * error;
            _slope[i] = multiple * 2 * error / _predicted.Length;
        }

        _network.Gradient(_main.Values, _noisedInputs, _slope, _main.Gradient, _hostInputs);
        for (int row = 0; row < _chainSteps.Length; row++)
        {
            for (int i = 0; i < NoiseNetwork.TimeSize; i++)
                _embeddingGradient[(_chainSteps[row] * NoiseNetwork.TimeSize) + i] += _hostInputs[(row * _network.InputSize) + width + i];
        }

        return (float)(squares / _predicted.Length);
    }

    // L = −mean Q_i(s, a_π)/mean|Q_j(s, a_π)|, the denominator held constant, which is which by a coin; a_π by the whole chain.
    private float Climb(in RandomDraw draw, int multiple)
    {
        float[] states = _rows.OnHost(States), actions = _start.Draw(draw, RandomPurpose.ActionNoise);
        _chain.Run(_main.Values, _time.Values, states, 1, _chainNoise.Draw(draw, RandomPurpose.ChainNoise), actions);
        _q.Look(states, 1, actions);
        int climbed = Philox.Index(Philox.Word(draw, RandomPurpose.Choice, 0), _twin.Length);
        for (int i = 0; i < _twin.Length; i++)
            _q.Evaluate(_twin[i].Values, _qOfTwin[i]);
        double sum = 0, magnitude = 0;
        foreach (float q in _qOfTwin[climbed])
            sum += q;
        foreach (float q in _qOfTwin[1 - climbed])
            magnitude += Math.Abs(q);
        Array.Fill(_qOfTwin[climbed], (float)(-multiple * _settings.Eta / magnitude));
        _q.ActionGradient(_twin[climbed].Values, _qOfTwin[climbed], _slope);
        _chain.AddGradient(_main.Values, _main.Gradient, 1, _embeddingGradient, _slope);
        return (float)(-sum / magnitude);
    }

    private void MovePolicy(int multiple)
    {
        for (int i = 0; i < _embeddingGradient.Length; i++)
            _embeddingGradient[i] /= multiple;
        _network.TimeGradient(_time.Values, _embeddingGradient, _time.Gradient);
        _policyBound.Apply();
        _main.Move(_settings.LearningRate);
        _time.Move(_settings.LearningRate);
    }
}
