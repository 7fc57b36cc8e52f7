using EDA.Engine.Alignment;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>How well a policy's log-density gaps follow labels.</summary>
/// <param name="Loss">The alignment loss (Eq. 14-16), the mean over states and draws of t and ε.</param>
/// <param name="Agreement">The share of states whose largest gap at the smallest t is that of the candidate with the highest label, the first of equals.</param>
/// <param name="Gaps">Δ of the candidates at the smallest t [N×K], in nats: β times it is the reward that the policy implies, up to a constant of the state.</param>
public sealed record AlignmentOutcome(double Loss, double Agreement, float[] Gaps);

/// <summary>
/// Measures a policy against its behavior on labelled candidates that it was, or was not, aligned on (method: section 5).
/// Diffusion times and noise depend on the seed alone: two policies are compared on the very same numbers.
/// </summary>
public static class AlignmentEvaluation
{
    /// <summary>Draws of t and ε for each state.</summary>
    private const int Draws = 8;

    private const int CandidatesAtOnce = 16384;

    /// <summary>Measures it.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="behavior">The behavior, on the same device and of the same sizes.</param>
    /// <param name="labels">The candidates and their labels.</param>
    /// <param name="objective">What the loss is.</param>
    /// <param name="seed">The seed of diffusion times and noise.</param>
    /// <returns>What was measured.</returns>
    /// <exception cref="InvalidFileException">The labels do not go with the models or the objective.</exception>
    /// <exception cref="ArgumentException">The models differ in device or size.</exception>
    public static AlignmentOutcome Measure(BottleneckDiffusionModel policy, BottleneckDiffusionModel behavior, UserLabels labels, PolicyObjective objective, ulong seed)
    {
        if (behavior.Shape != policy.Shape || behavior.Device != policy.Device)
            throw new ArgumentException("policy and behavior differ in size or device", nameof(behavior));
        labels.Check(policy.Shape, objective);
        int k = labels.CandidateCount;
        using var part = new Part(policy, behavior, labels, Math.Min(labels.Count, Math.Max(1, CandidatesAtOnce / k)));
        var gaps = new float[labels.Count * k];
        double loss = 0;
        for (int first = 0; first < labels.Count; first += part.MostStates)
        {
            part.Take(first);
            for (uint draw = 0; draw < Draws; draw++)
                loss += part.Loss(objective.Kernel, new RandomDraw(seed, RandomStage.Evaluation, draw)) * part.States / ((double)Draws * labels.Count);
            part.GapsAtTheEnd().CopyTo(gaps.AsSpan(first * k));
        }

        int agreeing = Enumerable.Range(0, labels.Count).Count(state =>
            Highest(gaps.AsSpan(state * k, k)) == Highest(labels.Labels.Span.Slice(state * k, k)));
        return new AlignmentOutcome(loss, (double)agreeing / labels.Count, gaps);
    }

    private static int Highest(ReadOnlySpan<float> values)
    {
        int highest = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[highest])
                highest = i;
        }

        return highest;
    }

    /// <summary>Some of the states on the device, with what their gaps and losses take.</summary>
    private sealed class Part : IDisposable
    {
        private readonly BottleneckDiffusionModel _policy;
        private readonly BottleneckDiffusionModel _behavior;
        private readonly UserLabels _all;
        private readonly DeviceArray<float>? _states;
        private readonly DeviceArray<float> _candidates;
        private readonly DeviceArray<float> _labels;
        private readonly DeviceArray<float> _times;
        private readonly DeviceArray<float> _noise;
        private readonly DeviceArray<float> _gaps;
        private readonly DeviceArray<float> _slopes;
        private readonly DeviceArray<float> _loss;
        private int _first;

        public Part(BottleneckDiffusionModel policy, BottleneckDiffusionModel behavior, UserLabels labels, int states)
        {
            (_policy, _behavior, _all, MostStates) = (policy, behavior, labels, states);
            var device = policy.Device;
            int rows = states * labels.CandidateCount;
            _states = labels.StateSize > 0 ? device.Allocate<float>((long)states * labels.StateSize) : null;
            _candidates = device.Allocate<float>((long)rows * labels.ActionSize);
            _noise = device.Allocate<float>((long)rows * labels.ActionSize);
            _labels = device.Allocate<float>(rows);
            _gaps = device.Allocate<float>(rows);
            _slopes = device.Allocate<float>(rows);
            _times = device.Allocate<float>(states);
            _loss = device.Allocate<float>(1);
        }

        public int MostStates { get; }

        public int States { get; private set; }

        private int Rows => States * _all.CandidateCount;

        public void Take(int first)
        {
            (_first, States) = (first, Math.Min(MostStates, _all.Count - first));
            int k = _all.CandidateCount;
            _states?.CopyFrom(_all.States.Span.Slice(first * _all.StateSize, States * _all.StateSize));
            _candidates.CopyFrom(_all.Candidates.Span.Slice(first * k * _all.ActionSize, Rows * _all.ActionSize));
            _labels.CopyFrom(_all.Labels.Span.Slice(first * k, Rows));
        }

        /// <summary>The mean loss of these states; t and ε are those of their places among all.</summary>
        public double Loss(in AlignmentObjective objective, RandomDraw draw)
        {
            var variance = _policy.Schedule.Variance;
            long firstNoise = (long)_first * _all.CandidateCount * _all.ActionSize;
            var (times, noise) = (new float[States], new float[Rows * _all.ActionSize]);
            for (int i = 0; i < times.Length; i++)
                times[i] = variance.Time(Philox.Uniform(Philox.Word(draw, RandomPurpose.DiffusionTime, (ulong)(_first + i))));
            for (int i = 0; i < noise.Length; i++)
                noise[i] = Philox.Normal(draw, RandomPurpose.Noise, (ulong)(firstNoise + i));
            Evaluate(times, noise);
            _policy.Operations.Objective(new()
            {
                Objective = objective,
                Gaps = _gaps,
                Labels = _labels,
                StateCount = States,
                CandidateCount = _all.CandidateCount,
                GapsGradient = _slopes,
                Loss = _loss,
            });
            return _loss.ToArray()[0];
        }

        /// <summary>Δ at the smallest diffusion time and without noise.</summary>
        public float[] GapsAtTheEnd()
        {
            var times = new float[States];
            Array.Fill(times, (float)_policy.Schedule.Variance.TimeMin);
            Evaluate(times, new float[Rows * _all.ActionSize]);
            var gaps = new float[Rows];
            _gaps.CopyTo(gaps);
            return gaps;
        }

        public void Dispose()
        {
            _states?.Dispose();
            foreach (var array in (ReadOnlySpan<DeviceArray<float>>)[_candidates, _labels, _times, _noise, _gaps, _slopes, _loss])
                array.Dispose();
        }

        private void Evaluate(float[] times, float[] noise)
        {
            _times.CopyFrom(times);
            _noise.CopyFrom(noise);
            _policy.Operations.Gaps(new()
            {
                Policy = _policy.Parameters,
                Behavior = _behavior.Parameters,
                Batch = new()
                {
                    Candidates = _candidates,
                    States = _states,
                    StateCount = States,
                    CandidateCount = _all.CandidateCount,
                    Draws = new(default, _times, _noise),
                },
                Gaps = _gaps,
            });
        }
    }
}
