using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Qgpo;

/// <summary>
/// Plays one guided sample for each state: the behavior's solver with ε̂ = −σ_t (∇f_φ + w ∇g) in the place of the behavior's
/// noise. It starts where <see cref="Evaluation.DiffusionActor"/> does.
/// </summary>
/// <param name="behavior">f_φ, which must live as long.</param>
/// <param name="guidance">g, likewise.</param>
/// <param name="weight">w.</param>
/// <param name="seed">The seed of the starting points.</param>
/// <param name="solver">The solver's coefficients.</param>
public sealed class GuidedActor(BottleneckDiffusionModel behavior, IGuidance guidance, double weight, ulong seed, SolverTable solver) : IActor, IDisposable
{
    private DeviceArray<float>? _states, _actions, _times, _score;
    private float[] _noise = [], _extra = [], _point = [], _anchor = [], _sameTime = [];
    private readonly float[][] _data = [[], [], []];
    private int _capacity;

    /// <summary>How many steps the guidance had.</summary>
    public long TrainedSteps { get; init; }

    /// <inheritdoc/>
    /// <exception cref="TrainingDivergedException">A sample is no finite number.</exception>
    public void Act(uint step, ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, Span<float> actions)
    {
        int size = behavior.Shape.ActionSize, count = episodes.Length * size;
        Reserve(episodes.Length);
        _states!.CopyFrom(observations);
        var draw = new RandomDraw(seed, RandomStage.Evaluation, step);
        for (int i = 0; i < count; i++)
            _point[i] = Philox.Normal(draw, RandomPurpose.SolverStart, ((ulong)episodes[i / size] * (ulong)size) + (ulong)(i % size));
        _point.AsSpan(0, count).CopyTo(_anchor);
        foreach (var evaluation in solver.Evaluations)
            Advance(evaluation, episodes.Length, count);
        _point.AsSpan(0, count).CopyTo(actions);
        foreach (float action in actions[..count])
        {
            if (!float.IsFinite(action))
                throw new TrainingDivergedException(RunStages.Policy, TrainedSteps, $"a sampled action is {action}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var array in (DeviceArray<float>?[])[_states, _actions, _times, _score])
            array?.Dispose();
        (_states, _actions, _times, _score, _capacity) = (null, null, null, null, 0);
    }

    // One evaluation of the solver: x̂ = (x − σ ε̂) / α, then the next point of it and of those before.
    private void Advance(in SolverEvaluation at, int rows, int count)
    {
        _actions!.CopyFrom(_point.AsSpan(0, count));
        Array.Fill(_sameTime, at.Time);
        _times!.CopyFrom(_sameTime);
        var call = new EvaluationCall { Parameters = behavior.Parameters, Actions = _actions, Times = _times, States = _states, Rows = rows, Output = _score! };
        behavior.Operations.Score(call);
        _score!.CopyTo(_noise.AsSpan(0, count));
        if (weight != 0)
            guidance.PredictNoise(call, at, _extra.AsSpan(0, count));
        (_data[2], _data[1], _data[0]) = (_data[1], _data[0], _data[2]);
        for (int i = 0; i < count; i++)
        {
            float noise = weight == 0 ? _noise[i] : _noise[i] + ((float)weight * _extra[i]);
            _data[0][i] = (_point[i] - (at.Sigma * noise)) / at.Alpha;
            _point[i] = (at.AnchorWeight * _anchor[i]) + (at.Weight0 * _data[0][i]) + (at.Weight1 * _data[1][i]) + (at.Weight2 * _data[2][i]);
        }

        if (at.MovesAnchor)
            _point.AsSpan(0, count).CopyTo(_anchor);
    }

    private void Reserve(int episodes)
    {
        if (episodes <= _capacity)
            return;
        Dispose();
        var (device, shape) = (behavior.Device, behavior.Shape);
        int count = episodes * shape.ActionSize;
        (_states, _actions) = (device.Allocate<float>((long)episodes * shape.StateSize), device.Allocate<float>(count));
        (_times, _score) = (device.Allocate<float>(episodes), device.Allocate<float>(count));
        (_noise, _extra, _point, _anchor, _sameTime) = (new float[count], new float[count], new float[count], new float[count], new float[episodes]);
        for (int i = 0; i < _data.Length; i++)
            _data[i] = new float[count];
        _capacity = episodes;
    }
}
