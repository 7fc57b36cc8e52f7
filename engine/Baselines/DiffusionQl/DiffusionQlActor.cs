using EDA.Engine.Environments;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>
/// Acts as Diffusion-QL does: of some samples of the averaged policy for a state one is played, drawn by softmax of
/// min(Q̄₁, Q̄₂). An episode's noise is element (episode·K + k)·A + i of <see cref="RandomPurpose.ActionNoise"/>, at the j-th step of
/// the chain element (episode·(T − 1) + j)·K·A + k·A + i of <see cref="RandomPurpose.ChainNoise"/>, its choice element episode of
/// <see cref="RandomPurpose.Choice"/>: it depends on no other episode.
/// </summary>
public sealed class DiffusionQlActor : IActor, IDisposable
{
    private readonly DiffusionQlPolicy _policy;
    private readonly ulong _seed;
    private Workspace? _workspace;

    /// <summary>Makes the actor.</summary>
    /// <param name="policy">What it acts by; not disposed of.</param>
    /// <param name="seed">The seed of noise and choices.</param>
    public DiffusionQlActor(DiffusionQlPolicy policy, ulong seed) => (_policy, _seed) = (policy, seed);

    /// <inheritdoc/>
    /// <exception cref="TrainingDivergedException">An action or its Q is no finite number.</exception>
    public void Act(uint step, ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, Span<float> actions)
    {
        int samples = _policy.Samples, width = samples * _policy.ActionSize, rows = episodes.Length, noisy = _policy.Schedule.Steps - 1;
        if (_workspace is null || _workspace.Episodes < rows)
        {
            _workspace?.Dispose();
            _workspace = new(_policy, rows);
        }

        var draw = new RandomDraw(_seed, RandomStage.Evaluation, step);
        var sampled = _workspace.Sampled.AsSpan(0, rows * width);
        var noise = _workspace.Noise.AsSpan(0, rows * width * noisy);
        for (int row = 0; row < rows; row++)
        {
            ulong episode = (ulong)episodes[row];
            for (int i = 0; i < width; i++)
                sampled[(row * width) + i] = Philox.Normal(draw, RandomPurpose.ActionNoise, (episode * (ulong)width) + (ulong)i);
            for (int j = 0; j < noisy; j++)
            {
                for (int i = 0; i < width; i++)
                    noise[(((j * rows) + row) * width) + i] = Philox.Normal(draw, RandomPurpose.ChainNoise, (((episode * (ulong)noisy) + (ulong)j) * (ulong)width) + (ulong)i);
            }
        }

        _workspace.Chain.Run(_policy.Main, _policy.Time, observations, samples, noise, sampled);
        Require(sampled, "sampled action");
        var first = _workspace.First.AsSpan(0, rows * samples);
        var second = _workspace.Second.AsSpan(0, rows * samples);
        _workspace.Q.Look(observations, samples, sampled);
        _workspace.Q.Evaluate(_policy.FirstTarget, first);
        _workspace.Q.Evaluate(_policy.SecondTarget, second);
        for (int i = 0; i < first.Length; i++)
            first[i] = float.IsNaN(second[i]) ? second[i] : Math.Min(first[i], second[i]);
        Require(first, "rating of an action");
        for (int row = 0; row < rows; row++)
        {
            float uniform = Philox.Uniform(Philox.Word(draw, RandomPurpose.Choice, (ulong)episodes[row]));
            int chosen = Draw(first.Slice(row * samples, samples), uniform);
            sampled.Slice((row * width) + (chosen * _policy.ActionSize), _policy.ActionSize).CopyTo(actions[(row * _policy.ActionSize)..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _workspace?.Dispose();

    /// <summary>Draws an index in proportion to the exponential of its value.</summary>
    /// <param name="values">Finite numbers, at least one.</param>
    /// <param name="uniform">A uniform number in [0, 1).</param>
    /// <returns>The index.</returns>
    public static int Draw(ReadOnlySpan<float> values, float uniform)
    {
        double largest = double.NegativeInfinity, sum = 0;
        foreach (float value in values)
            largest = Math.Max(largest, value);
        foreach (float value in values)
            sum += Math.Exp(value - largest);
        double left = uniform * sum;
        for (int k = 0; k < values.Length - 1; k++)
        {
            left -= Math.Exp(values[k] - largest);
            if (left < 0)
                return k;
        }

        return values.Length - 1;
    }

    private void Require(ReadOnlySpan<float> values, string what)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
                throw new TrainingDivergedException(RunStages.Policy, _policy.TrainedSteps, $"a {what} is {value}");
        }
    }

    private sealed class Workspace : IDisposable
    {
        private readonly NoiseNetwork _network;

        public Workspace(DiffusionQlPolicy policy, int episodes)
        {
            int rows = episodes * policy.Samples, size = rows * policy.ActionSize;
            Episodes = episodes;
            _network = new(policy.Device, policy.StateSize, policy.ActionSize, policy.Width, policy.Schedule.Steps, rows);
            Chain = new(_network, policy.Schedule, rows, remembers: false);
            Q = new(policy.Device, policy.StateSize, policy.ActionSize, policy.Width, rows);
            (Sampled, Noise) = (new float[size], new float[size * (policy.Schedule.Steps - 1)]);
            (First, Second) = (new float[rows], new float[rows]);
        }

        public int Episodes { get; }

        public DenoisingChain Chain { get; }

        public StateActionNetworks Q { get; }

        public float[] Sampled { get; }

        public float[] Noise { get; }

        public float[] First { get; }

        public float[] Second { get; }

        public void Dispose()
        {
            Q.Dispose();
            Chain.Dispose();
            _network.Dispose();
        }
    }
}
