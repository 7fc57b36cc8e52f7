using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>
/// Acts as a diffusion model does: one sample for each state, rejection sampling, the best of several (method: section 6),
/// or as <see cref="ActingSettings"/> say. Episode e at step i starts its solver where row e of
/// <see cref="BottleneckDiffusionModel.Sample"/> would with step i, whichever other episodes still run.
/// </summary>
public sealed class DiffusionActor : IActor, IDisposable
{
    private readonly BottleneckDiffusionModel _model;
    private readonly CandidateRating? _rating;
    private readonly SolverTable _solver;
    private readonly int _candidates;
    private readonly float _noise;
    private readonly ulong _seed;
    private DeviceArray<float>? _states;
    private DeviceArray<float>? _start;
    private DeviceArray<float>? _actions;
    private DeviceArray<float>? _values;
    private float[] _hostActions = [];
    private float[] _hostValues = [];
    private int _capacity;

    private DiffusionActor(BottleneckDiffusionModel model, ulong seed, int candidates, CandidateRating? rating, SolverTable? solver, double noise = 1)
    {
        if (model.Shape.StateSize == 0)
            throw new ArgumentException("a model without a state cannot act", nameof(model));
        (_model, _seed, _candidates, _rating, _noise) = (model, seed, candidates, rating, (float)noise);
        _solver = solver ?? DpmSolver.Published;
    }

    /// <summary>How many actions were sampled so far.</summary>
    public long Sampled { get; private set; }

    /// <summary>What trained the model, to be named where its actions are no numbers.</summary>
    public string Stage { get; set; } = "the model";

    /// <summary>How many steps that training had.</summary>
    public long TrainedSteps { get; set; }

    /// <summary>Plays one sample for each state.</summary>
    /// <param name="model">The model, which must live as long.</param>
    /// <param name="seed">The seed of the starting points.</param>
    /// <param name="solver">The solver's coefficients; null for <see cref="DpmSolver.Published"/>.</param>
    /// <returns>The actor, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The model takes no state.</exception>
    public static DiffusionActor Sampling(BottleneckDiffusionModel model, ulong seed, SolverTable? solver = null) =>
        new(model, seed, 1, null, solver);

    /// <summary>Plays the best of several samples for each state. Published: 4.</summary>
    /// <param name="model">The model, which must live as long.</param>
    /// <param name="seed">The seed of the starting points.</param>
    /// <param name="candidates">K, at least 2.</param>
    /// <param name="rating">What is best.</param>
    /// <param name="solver">The solver's coefficients; null for <see cref="DpmSolver.Published"/>.</param>
    /// <returns>The actor, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The model takes no state.</exception>
    /// <exception cref="InvalidSettingException">There are fewer than 2 candidates.</exception>
    public static DiffusionActor Rejecting(BottleneckDiffusionModel model, ulong seed, int candidates, CandidateRating rating, SolverTable? solver = null) =>
        new(model, seed, Setting.Range(candidates, 2, 4096, nameof(candidates)), rating, solver);

    /// <summary>Acts as settings say.</summary>
    /// <param name="model">The model, which must live as long.</param>
    /// <param name="seed">The seed of the starting points.</param>
    /// <param name="acting">The settings.</param>
    /// <param name="rating">What is best, where one of several samples is chosen; null for their mean.</param>
    /// <param name="solver">The solver's coefficients; null for <see cref="DpmSolver.Published"/>.</param>
    /// <returns>The actor, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The model takes no state, or a rating is missing or not wanted.</exception>
    public static DiffusionActor Acting(BottleneckDiffusionModel model, ulong seed, ActingSettings acting, CandidateRating? rating, SolverTable? solver = null)
    {
        if (rating is null != acting.NeedsNoRating)
            throw new ArgumentException($"{(rating is null ? "no" : "a")} rating for {acting}", nameof(rating));
        return new(model, seed, acting.Samples, rating, DpmSolver.WithAscent(solver ?? DpmSolver.Published, model.Schedule, acting.Ascent, acting.AscentTime, acting.AscentRate), acting.Noise);
    }

    /// <inheritdoc/>
    /// <exception cref="TrainingDivergedException">A sample or a rating is no finite number.</exception>
    public void Act(uint step, ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, Span<float> actions)
    {
        int actionSize = _model.Shape.ActionSize;
        int width = _candidates * actionSize;
        Reserve(episodes.Length);
        _states!.CopyFrom(observations);
        var draw = new RandomDraw(_seed, RandomStage.Evaluation, step);
        for (int row = 0; row < episodes.Length; row++)
        {
            ulong first = (ulong)episodes[row] * (ulong)width;
            for (int i = 0; i < width; i++)
                _hostActions[(row * width) + i] = _noise * Philox.Normal(draw, RandomPurpose.SolverStart, first + (ulong)i);
        }

        var used = _hostActions.AsSpan(0, episodes.Length * width);
        _start!.CopyFrom(used);
        _model.Operations.Sample(new()
        {
            Parameters = _model.Parameters,
            States = _states,
            StateCount = episodes.Length,
            CandidateCount = _candidates,
            Table = _solver,
            Draw = draw,
            Start = _start,
            Actions = _actions!,
        });
        _actions!.CopyTo(used);
        Sampled += (long)episodes.Length * _candidates;
        Require(used, "sampled action");
        if (_candidates == 1)
        {
            used.CopyTo(actions);
            return;
        }

        if (_rating is null)
        {
            for (int row = 0; row < episodes.Length; row++)
                Average(used.Slice(row * width, width), actions.Slice(row * actionSize, actionSize));
            return;
        }

        _rating(_states, _actions, episodes.Length, _candidates, _values!);
        var values = _hostValues.AsSpan(0, episodes.Length * _candidates);
        _values!.CopyTo(values);
        Require(values, "rating of an action");
        for (int row = 0; row < episodes.Length; row++)
        {
            int best = Best(values.Slice(row * _candidates, _candidates));
            used.Slice((row * width) + (best * actionSize), actionSize).CopyTo(actions[(row * actionSize)..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _states?.Dispose();
        _start?.Dispose();
        _actions?.Dispose();
        _values?.Dispose();
        (_states, _start, _actions, _values, _capacity) = (null, null, null, null, 0);
    }

    // What lies beyond the action space is played as its bound, so it counts as such.
    private static void Average(ReadOnlySpan<float> samples, Span<float> mean)
    {
        int count = samples.Length / mean.Length;
        for (int i = 0; i < mean.Length; i++)
        {
            float sum = 0;
            for (int k = 0; k < count; k++)
                sum += Math.Clamp(samples[(k * mean.Length) + i], -1, 1);
            mean[i] = sum / count;
        }
    }

    /// <summary>The first of the highest.</summary>
    internal static int Best(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int k = 1; k < values.Length; k++)
        {
            if (values[k] > values[best])
                best = k;
        }

        return best;
    }

    /// <summary>Makes room for so many episodes; there are most at the first step.</summary>
    private void Reserve(int episodes)
    {
        if (episodes <= _capacity)
            return;
        Dispose();
        var (device, shape) = (_model.Device, _model.Shape);
        long width = (long)_candidates * shape.ActionSize;
        _states = device.Allocate<float>((long)episodes * shape.StateSize);
        _start = device.Allocate<float>(episodes * width);
        _actions = device.Allocate<float>(episodes * width);
        _values = device.Allocate<float>((long)episodes * _candidates);
        _hostActions = new float[episodes * width];
        _hostValues = new float[(long)episodes * _candidates];
        _capacity = episodes;
    }

    private void Require(ReadOnlySpan<float> values, string what)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
                throw new TrainingDivergedException(Stage, TrainedSteps, $"a {what} is {value}");
        }
    }
}
