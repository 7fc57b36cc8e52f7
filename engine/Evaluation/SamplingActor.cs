using EDA.Engine.Alignment;
using EDA.Engine.Environments;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>
/// Acts by what draws actions: one sample for each state, or the best of several. Episode e at step i draws as the state
/// numbered e does in step i, whichever other episodes still run.
/// </summary>
/// <param name="sampler">What draws, which must live as long.</param>
/// <param name="seed">The seed of its draws.</param>
/// <param name="candidates">K, at least 1.</param>
/// <param name="rating">What is best of several; null for one sample.</param>
/// <exception cref="ArgumentException">There is no rating for several samples, or one for one.</exception>
public sealed class SamplingActor(IActionSampler sampler, ulong seed, int candidates = 1, CandidateRating? rating = null) : IActor, IDisposable
{
    private readonly int _candidates = rating is null == (candidates == 1)
        ? Setting.Range(candidates, 1, 4096, nameof(candidates))
        : throw new ArgumentException($"{candidates} candidates with {(rating is null ? "no" : "a")} rating", nameof(rating));

    private DeviceArray<float>? _states;
    private DeviceArray<int>? _numbers;
    private DeviceArray<float>? _actions;
    private DeviceArray<float>? _values;
    private float[] _hostActions = [];
    private float[] _hostValues = [];
    private int _capacity;

    /// <summary>What trained the policy, to be named where its actions are no numbers.</summary>
    public string Stage { get; init; } = "the policy";

    /// <summary>How many steps that training had.</summary>
    public long TrainedSteps { get; init; }

    /// <inheritdoc/>
    /// <exception cref="TrainingDivergedException">A sample or a rating is no finite number.</exception>
    public void Act(uint step, ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, Span<float> actions)
    {
        int actionSize = sampler.ActionSize, width = _candidates * actionSize;
        Reserve(episodes.Length);
        _states!.CopyFrom(observations);
        _numbers!.CopyFrom(episodes);
        sampler.Sample(new()
        {
            States = _states,
            StateCount = episodes.Length,
            CandidateCount = _candidates,
            Draw = new RandomDraw(seed, RandomStage.Evaluation, step),
            Stride = _candidates,
            Numbers = _numbers,
            Actions = _actions!,
        });
        var sampled = _hostActions.AsSpan(0, episodes.Length * width);
        _actions!.CopyTo(sampled);
        Require(sampled, "sampled action");
        if (rating is null)
        {
            sampled.CopyTo(actions);
            return;
        }

        rating(_states, _actions, episodes.Length, _candidates, _values!);
        var values = _hostValues.AsSpan(0, episodes.Length * _candidates);
        _values!.CopyTo(values);
        Require(values, "rating of an action");
        for (int row = 0; row < episodes.Length; row++)
        {
            int best = DiffusionActor.Best(values.Slice(row * _candidates, _candidates));
            sampled.Slice((row * width) + (best * actionSize), actionSize).CopyTo(actions[(row * actionSize)..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _states?.Dispose();
        _numbers?.Dispose();
        _actions?.Dispose();
        _values?.Dispose();
        (_states, _numbers, _actions, _values, _capacity) = (null, null, null, null, 0);
    }

    // There are most episodes at the first step.
    private void Reserve(int episodes)
    {
        if (episodes <= _capacity)
            return;
        Dispose();
        var (device, count) = (sampler.Device, (long)episodes * _candidates);
        _states = device.Allocate<float>((long)episodes * sampler.StateSize);
        _numbers = device.Allocate<int>(episodes);
        _actions = device.Allocate<float>(count * sampler.ActionSize);
        _values = device.Allocate<float>(count);
        (_hostActions, _hostValues, _capacity) = (new float[count * sampler.ActionSize], new float[count], episodes);
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
