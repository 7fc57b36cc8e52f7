using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Generators;

/// <summary>
/// Trains a variational autoencoder (Kingma and Welling 2014) with a normal posterior of independent variables. With (μ, λ)
/// the encoder's outputs, z = μ + e^{λ/2} ξ and x̂ the decoder's output, the loss is
/// mean (x − x̂)² + w · mean ½(μ² + e^λ − 1 − λ): the first mean over points and coordinates, the second over points and
/// latent variables.
/// </summary>
public sealed class VaeLearning : MethodLearning
{
    private readonly VaeSettings _settings;
    private readonly DeviceArray<float> _points;
    private readonly DrawnRows _rows;
    private readonly IMlpOperations _encoder, _decoder;
    private readonly TrainedParameters _encoderWeights, _decoderWeights;
    private readonly DeviceArray<float> _codes, _codesSlope, _noise, _latent, _latentSlope, _decoded, _decodedSlope;
    private readonly float[] _code, _codeSlope, _xi, _z, _zSlope, _x, _xSlope;

    /// <summary>Prepares it.</summary>
    /// <param name="device">The device.</param>
    /// <param name="settings">The sizes and how it is done.</param>
    /// <param name="points">The points [N×2].</param>
    /// <param name="seed">The seed of the initial weights.</param>
    /// <param name="optimizer">What moves the networks; null for the device's Adam.</param>
    public VaeLearning(IDevice device, VaeSettings settings, float[] points, ulong seed, OptimizerFactory? optimizer = null)
        : base(device, new(settings.Steps, settings.ReportEvery), settings.Numerical, Checkpoints.Fingerprint.Of(points), seed, optimizer)
    {
        _settings = settings;
        var networks = new VaeNetworks(settings);
        _encoderWeights = Network(networks.Encoder);
        _decoderWeights = Network(networks.Decoder);
        (_encoder, _decoder) = (device.CreateMlp(networks.Encoder.Shape), device.CreateMlp(networks.Decoder.Shape));
        _points = device.Upload<float>(points);
        _rows = new DrawnRows(device, points.Length / BanditDataset.Dimensions, settings.Batch, (_points, BanditDataset.Dimensions));
        int codes = settings.Batch * networks.Encoder.OutputSize, latent = settings.Batch * settings.Latent, coordinates = settings.Batch * BanditDataset.Dimensions;
        (_codes, _codesSlope) = (device.Allocate<float>(codes), device.Allocate<float>(codes));
        (_noise, _latent, _latentSlope) = (device.Allocate<float>(latent), device.Allocate<float>(latent), device.Allocate<float>(latent));
        (_decoded, _decodedSlope) = (device.Allocate<float>(coordinates), device.Allocate<float>(coordinates));
        (_code, _codeSlope, _xi, _z, _zSlope, _x, _xSlope) = (new float[codes], new float[codes], new float[latent], new float[latent], new float[latent], new float[coordinates], new float[coordinates]);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measured { get; } = ["loss", "squared_error", "divergence"];

    /// <inheritdoc/>
    public override double Step(in RandomDraw draw, long step, Span<float> measured)
    {
        // Points, and z = μ + e^{λ/2} ξ of each.
        _rows.Draw(draw);
        int batch = _settings.Batch, size = _settings.Latent;
        _encoder.Forward(new() { Parameters = _encoderWeights.Values, Inputs = _rows.OnDevice(0), Rows = batch, Outputs = _codes });
        Device.Vector.FillNormal(new() { Values = _noise, Count = _noise.Length, Draw = draw, Purpose = RandomPurpose.Latent });
        _codes.CopyTo(_code);
        _noise.CopyTo(_xi);
        for (int i = 0; i < _z.Length; i++)
            _z[i] = _code[Mean(i)] + (MathF.Exp(_code[Mean(i) + size] / 2) * _xi[i]);
        _latent.CopyFrom(_z);

        // The squared error, back to the decoder's parameters and to z.
        _decoder.Forward(new() { Parameters = _decoderWeights.Values, Inputs = _latent, Rows = batch, Outputs = _decoded });
        _decoded.CopyTo(_x);
        double error = 0;
        float[] points = _rows.OnHost(0);
        for (int i = 0; i < _x.Length; i++)
        {
            float difference = _x[i] - points[i];
            error += (double)difference * difference / _x.Length;
            _xSlope[i] = 2 * difference / _x.Length;
        }

        _decodedSlope.CopyFrom(_xSlope);
        _decoder.Gradient(new()
        {
            Parameters = _decoderWeights.Values,
            Inputs = _latent,
            Rows = batch,
            OutputsGradient = _decodedSlope,
            ParametersGradient = _decoderWeights.Gradient,
            InputsGradient = _latentSlope,
        });
        _latentSlope.CopyTo(_zSlope);

        // From z, and from the divergence, to μ and λ, and through the encoder.
        double divergence = 0;
        float weight = (float)(_settings.DivergenceWeight / _z.Length);
        for (int i = 0; i < _z.Length; i++)
        {
            float mean = _code[Mean(i)], logVariance = _code[Mean(i) + size], variance = MathF.Exp(logVariance);
            divergence += 0.5 * (((double)mean * mean) + variance - 1 - logVariance) / _z.Length;
            _codeSlope[Mean(i)] = _zSlope[i] + (weight * mean);
            _codeSlope[Mean(i) + size] = (0.5f * _zSlope[i] * MathF.Exp(logVariance / 2) * _xi[i]) + (0.5f * weight * (variance - 1));
        }

        _codesSlope.CopyFrom(_codeSlope);
        _encoder.Gradient(new()
        {
            Parameters = _encoderWeights.Values,
            Inputs = _rows.OnDevice(0),
            Rows = batch,
            OutputsGradient = _codesSlope,
            ParametersGradient = _encoderWeights.Gradient,
        });

        double rate = _settings.LearningRate * _settings.Schedule.Factor(step, _settings.Steps);
        _encoderWeights.Move(rate);
        _decoderWeights.Move(rate);
        (measured[0], measured[1], measured[2]) = ((float)(error + (_settings.DivergenceWeight * divergence)), (float)error, (float)divergence);
        return rate;

        // Where the mean of a latent variable stands among the encoder's outputs; its log-variance is so many further.
        int Mean(int i) => (i / size * 2 * size) + (i % size);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var owned in (IDisposable[])[_rows, _points, _encoder, _decoder, _codes, _codesSlope, _noise, _latent, _latentSlope, _decoded, _decodedSlope])
            owned.Dispose();
        base.Dispose(disposing);
    }

    private TrainedParameters Network(MlpLayout layout) => Network(layout.Slices[0].Name.Split('.')[0], layout.Shape);
}
