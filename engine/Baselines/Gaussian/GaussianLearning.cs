using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Gaussian;

/// <summary>
/// Fits a Gaussian policy by maximum likelihood of weighed pairs (method: section 9): advantage-weighted regression with the
/// weights of a frozen critic, behavior cloning where all are 1.
/// </summary>
public sealed class GaussianLearning : MethodLearning
{
    private const int StateColumn = 0, ActionColumn = 1, WeightColumn = 2;

    private static readonly double _halfLogTwoPi = 0.5 * Math.Log(2 * Math.PI);

    private readonly GaussianTrainingSettings _settings;
    private readonly DrawnRows _rows;
    private readonly IMlpOperations _network;
    private readonly TrainedParameters _policy;
    private readonly TrainedParameters _logDeviations;
    private readonly DeviceArray<float> _means;
    private readonly DeviceArray<float> _meansGradient;
    private readonly float[] _hostMeans;
    private readonly float[] _hostMeansGradient;
    private readonly float[] _hostLogDeviations;
    private readonly float[] _hostLogDeviationsGradient;
    private readonly bool _isWeighed;

    /// <summary>Prepares training.</summary>
    /// <param name="device">The device.</param>
    /// <param name="settings">How it is done.</param>
    /// <param name="numerical">All settings that the weights of a given step depend on.</param>
    /// <param name="pairs">What is learned from, on the device; stays the caller's.</param>
    /// <param name="width">H.</param>
    /// <param name="fingerprint">A short name for the pairs and their weights.</param>
    /// <param name="seed">The seed of the initial weights.</param>
    /// <param name="optimizer">What moves the policy; null for the device's Adam.</param>
    public GaussianLearning(
        IDevice device, GaussianTrainingSettings settings, object numerical, GaussianPairs pairs, int width, string fingerprint, ulong seed, OptimizerFactory? optimizer = null)
        : base(device, new(settings.Steps, settings.ReportEvery), numerical, fingerprint, seed, optimizer)
    {
        _settings = settings;
        int actionSize = pairs.ActionSize;
        var shape = GaussianPolicy.ShapeOf(pairs.StateSize, actionSize, width);
        _isWeighed = pairs.Weights is not null;
        _rows = new DrawnRows(
            device, pairs.Count, settings.Batch, [(pairs.States, pairs.StateSize), (pairs.Actions, actionSize), .. pairs.Weights is { } weights ? [(weights, 1)] : ((DeviceArray<float>, int)[])[]]);
        _policy = Network(GaussianPolicy.NetworkName, shape);
        _logDeviations = Add(GaussianPolicy.LogDeviationName, GaussianPolicy.LogDeviationSlices(actionSize), new float[actionSize]);
        _network = device.CreateMlp(shape);
        (_means, _meansGradient) = (device.Allocate<float>((long)settings.Batch * actionSize), device.Allocate<float>((long)settings.Batch * actionSize));
        (_hostMeans, _hostMeansGradient) = (new float[settings.Batch * actionSize], new float[settings.Batch * actionSize]);
        (_hostLogDeviations, _hostLogDeviationsGradient) = (new float[actionSize], new float[actionSize]);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measured { get; } = ["loss", "squared_error", "deviation"];

    /// <inheritdoc/>
    public override double Step(in RandomDraw draw, long step, Span<float> measured)
    {
        _rows.Draw(draw);
        _network.Forward(new() { Parameters = _policy.Values, Inputs = _rows.OnDevice(StateColumn), Rows = _rows.Batch, Outputs = _means });
        FormGradients(measured);
        _network.Gradient(new()
        {
            Parameters = _policy.Values,
            Inputs = _rows.OnDevice(StateColumn),
            Rows = _rows.Batch,
            OutputsGradient = _meansGradient,
            ParametersGradient = _policy.Gradient,
        });

        double rate = _settings.LearningRate * _settings.Schedule.Factor(step, _settings.Steps);
        _policy.Move(rate);
        _logDeviations.Move(rate);
        return rate;
    }

    // L = mean of w (½ z² + log σ + ½ log 2π), summed over entries, with z = (a − μ)/σ; its slopes at μ and at log σ.
    private void FormGradients(Span<float> measured)
    {
        float[] actions = _rows.OnHost(ActionColumn);
        float[]? weights = _isWeighed ? _rows.OnHost(WeightColumn) : null;
        _means.CopyTo(_hostMeans);
        _logDeviations.Values.CopyTo(_hostLogDeviations);
        int count = _rows.Batch, actionSize = _hostLogDeviations.Length;
        double loss = 0, squares = 0, deviations = 0;
        for (int j = 0; j < actionSize; j++)
        {
            float log = Math.Clamp(_hostLogDeviations[j], GaussianPolicy.LeastLogDeviation, GaussianPolicy.MostLogDeviation);
            double deviation = Math.Exp(log), slope = 0;
            deviations += deviation;
            for (int i = 0; i < count; i++)
            {
                int at = (i * actionSize) + j;
                double weight = weights is null ? 1 : weights[i], error = (double)actions[at] - _hostMeans[at], z = error / deviation;
                loss += weight * ((0.5 * z * z) + log + _halfLogTwoPi);
                squares += error * error;
                _hostMeansGradient[at] = (float)(-weight * z / (deviation * count));
                slope += weight * (1 - (z * z));
            }

            // Beyond its bounds, log σ has no say.
            _hostLogDeviationsGradient[j] = _hostLogDeviations[j] == log ? (float)(slope / count) : 0;
        }

        _meansGradient.CopyFrom(_hostMeansGradient);
        _logDeviations.Gradient.CopyFrom(_hostLogDeviationsGradient);
        (measured[0], measured[1], measured[2]) = ((float)(loss / count), (float)(squares / count), (float)(deviations / actionSize));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _rows.Dispose();
        _network.Dispose();
        _means.Dispose();
        _meansGradient.Dispose();
        base.Dispose(disposing);
    }
}
