using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Qgpo;

/// <summary>
/// Contrastive energy prediction (QGPO, Eq. 12) with the published network:
/// <code>
/// L = −mean_s Σ_k softmax_k(q·Q(s, a_k)) · log softmax_k(g(α_t a_k + σ_t ε_k, s, t))
/// </code>
/// over K behavior samples of each state, t shared by a state's samples, noise independent.
/// </summary>
public sealed class MlpGuidanceLearning : MethodLearning
{
    private readonly QgpoSettings _settings;
    private readonly AlignmentBatches _batches;
    private readonly GuidanceShapes _shapes;
    private readonly TimeFeatures _features;
    private readonly VarianceSchedule _schedule;
    private readonly (TrainedParameters Parameters, IMlpOperations Operations) _time, _main;
    private readonly DeviceArray<float> _timeInputs, _timeOutputs, _timeGradient, _inputs, _inputsGradient, _outputs, _outputsGradient, _noise;
    private readonly float[] _hostFeatures, _embedding, _embeddingGradient, _rows, _rowsGradient, _values, _valuesGradient, _hostNoise, _states, _candidates, _labels, _times;

    /// <summary>Prepares training.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="batches">States with their labelled behavior samples; they stay the caller's.</param>
    /// <param name="device">The batches' device.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="optimizer">What moves the networks; null for the device's Adam.</param>
    public MlpGuidanceLearning(QgpoSettings settings, AlignmentBatches batches, IDevice device, ulong seed, OptimizerFactory? optimizer = null)
        : base(device, new(settings.Steps, settings.ReportEvery), settings.Numerical, batches.Fingerprint, seed, optimizer)
    {
        (_settings, _batches) = (settings, batches);
        _schedule = VarianceSchedule.Published;
        _shapes = new GuidanceShapes(batches.StateSize, batches.ActionSize, settings.Width);
        _features = TimeFeatures.Draw(seed);
        _time = (Network("time", _shapes.Time.Shape), device.CreateMlp(_shapes.Time.Shape));
        _main = (Network("guidance", _shapes.Main.Shape), device.CreateMlp(_shapes.Main.Shape));
        int states = settings.States, rows = states * batches.CandidateCount;
        (_hostFeatures, _timeInputs) = Both(states * TimeFeatures.Count);
        (_embedding, _timeOutputs) = Both(states * TimeFeatures.Count);
        (_embeddingGradient, _timeGradient) = Both(states * TimeFeatures.Count);
        (_rows, _inputs) = Both(rows * _shapes.InputSize);
        (_rowsGradient, _inputsGradient) = Both(rows * _shapes.InputSize);
        (_values, _outputs) = Both(rows);
        (_valuesGradient, _outputsGradient) = Both(rows);
        (_hostNoise, _noise) = Both(rows * batches.ActionSize);
        (_states, _candidates, _labels, _times) = (new float[states * batches.StateSize], new float[rows * batches.ActionSize], new float[rows], new float[states]);

        (float[], DeviceArray<float>) Both(int length) => (new float[length], device.Allocate<float>(length));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measured => ["loss"];

    /// <inheritdoc/>
    public override IEnumerable<NamedTensor> Constants => [_features.ToTensor()];

    /// <inheritdoc/>
    public override double Step(in RandomDraw draw, long step, Span<float> measured)
    {
        int states = _settings.States, candidates = _batches.CandidateCount, rows = states * candidates;
        var batch = _batches.Next(states, draw);
        batch.States!.CopyTo(_states);
        batch.Candidates.CopyTo(_candidates);
        batch.Labels.CopyTo(_labels);

        // e(t), a time for each state.
        for (int i = 0; i < states; i++)
        {
            _times[i] = _schedule.Time(Philox.Uniform(Philox.Word(draw, RandomPurpose.DiffusionTime, (ulong)i)));
            _features.Of(_times[i], _hostFeatures.AsSpan(i * TimeFeatures.Count, TimeFeatures.Count));
        }

        _timeInputs.CopyFrom(_hostFeatures);
        _time.Operations.Forward(new() { Parameters = _time.Parameters.Values, Inputs = _timeInputs, Rows = states, Outputs = _timeOutputs });
        _timeOutputs.CopyTo(_embedding);

        // [α_t a + σ_t ε, e, s], and g of it.
        Device.Vector.FillNormal(new() { Values = _noise, Count = _noise.Length, Draw = draw, Purpose = RandomPurpose.Noise });
        _noise.CopyTo(_hostNoise);
        FillRows(candidates);
        _inputs.CopyFrom(_rows);
        _main.Operations.Forward(new() { Parameters = _main.Parameters.Values, Inputs = _inputs, Rows = rows, Outputs = _outputs });
        _outputs.CopyTo(_values);

        measured[0] = Contrast(states, candidates);
        _outputsGradient.CopyFrom(_valuesGradient);
        _main.Operations.Gradient(new()
        {
            Parameters = _main.Parameters.Values,
            Inputs = _inputs,
            Rows = rows,
            OutputsGradient = _outputsGradient,
            ParametersGradient = _main.Parameters.Gradient,
            InputsGradient = _inputsGradient,
        });

        // The last bias shifts g of all samples alike: its gradient is 0, and rounding would walk it through Adam.
        _main.Parameters.Gradient.CopyFrom([0f], _shapes.Main.Networks[0].Layers[^1].Bias.Offset);
        _inputsGradient.CopyTo(_rowsGradient);
        SumEmbedding(states, candidates);
        _timeGradient.CopyFrom(_embeddingGradient);
        _time.Operations.Gradient(new() { Parameters = _time.Parameters.Values, Inputs = _timeInputs, Rows = states, OutputsGradient = _timeGradient, ParametersGradient = _time.Parameters.Gradient });

        double rate = _settings.LearningRate * _settings.Schedule.Factor(step, _settings.Steps);
        _time.Parameters.Move(rate);
        _main.Parameters.Move(rate);
        return rate;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var array in (DeviceArray<float>[])[_timeInputs, _timeOutputs, _timeGradient, _inputs, _inputsGradient, _outputs, _outputsGradient, _noise])
            array.Dispose();
        _time.Operations.Dispose();
        _main.Operations.Dispose();
        base.Dispose(disposing);
    }

    private void FillRows(int candidates)
    {
        (int size, int stateSize) = (_shapes.ActionSize, _shapes.StateSize);
        for (int i = 0; i < _times.Length; i++)
        {
            var (alpha, sigma) = ((float)_schedule.Alpha(_times[i]), (float)_schedule.Sigma(_times[i]));
            for (int k = 0; k < candidates; k++)
            {
                int row = (i * candidates) + k;
                var input = _rows.AsSpan(row * _shapes.InputSize, _shapes.InputSize);
                for (int j = 0; j < size; j++)
                    input[j] = (alpha * _candidates[(row * size) + j]) + (sigma * _hostNoise[(row * size) + j]);
                _embedding.AsSpan(i * TimeFeatures.Count, TimeFeatures.Count).CopyTo(input[size..]);
                _states.AsSpan(i * stateSize, stateSize).CopyTo(input[(size + TimeFeatures.Count)..]);
            }
        }
    }

    // The loss, and its gradient at g: (softmax g − softmax qQ) / states.
    private float Contrast(int states, int candidates)
    {
        double loss = 0;
        Span<double> target = stackalloc double[candidates], predicted = stackalloc double[candidates];
        for (int i = 0; i < states; i++)
        {
            var values = _values.AsSpan(i * candidates, candidates);
            LogSoftmax(_labels.AsSpan(i * candidates, candidates), _settings.LabelScale, target);
            LogSoftmax(values, 1, predicted);
            for (int k = 0; k < candidates; k++)
            {
                double share = Math.Exp(target[k]);
                loss -= share * predicted[k];
                _valuesGradient[(i * candidates) + k] = (float)((Math.Exp(predicted[k]) - share) / states);
            }
        }

        return (float)(loss / states);
    }

    private static void LogSoftmax(ReadOnlySpan<float> values, double scale, Span<double> logarithms)
    {
        double highest = double.NegativeInfinity, sum = 0;
        foreach (float value in values)
            highest = Math.Max(highest, scale * value);
        foreach (float value in values)
            sum += Math.Exp((scale * value) - highest);
        double shift = highest + Math.Log(sum);
        for (int k = 0; k < values.Length; k++)
            logarithms[k] = (scale * values[k]) - shift;
    }

    private void SumEmbedding(int states, int candidates)
    {
        Array.Clear(_embeddingGradient);
        for (int row = 0; row < states * candidates; row++)
        {
            var gradient = _rowsGradient.AsSpan((row * _shapes.InputSize) + _shapes.ActionSize, TimeFeatures.Count);
            var sum = _embeddingGradient.AsSpan(row / candidates * TimeFeatures.Count, TimeFeatures.Count);
            for (int j = 0; j < TimeFeatures.Count; j++)
                sum[j] += gradient[j];
        }
    }
}
