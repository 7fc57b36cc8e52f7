using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Generators;

/// <summary>
/// Trains an energy-based model, of energy −f, by denoising score matching at one noise level (Vincent 2011): the loss is that
/// of behavior pretraining, ‖σ_t ∇f(α_t x + σ_t ε) + ε‖², with one t for all. e^f is then the density of the points
/// shrunk by α_t and blurred by σ_t, up to a constant.
/// </summary>
public sealed class EbmLearning : MethodLearning
{
    private readonly EbmSettings _settings;
    private readonly DeviceArray<float> _points, _times, _loss;
    private readonly DrawnRows _rows;
    private readonly IBdmOperations _operations;
    private readonly TrainedParameters _weights;
    private readonly float[] _measured = new float[1];

    /// <summary>Prepares it.</summary>
    /// <param name="device">The device.</param>
    /// <param name="settings">How it is done.</param>
    /// <param name="shape">The sizes of the network, which has no state.</param>
    /// <param name="points">The points [N×A].</param>
    /// <param name="seed">The seed of the initial weights.</param>
    /// <param name="optimizer">What moves the network; null for the device's Adam.</param>
    public EbmLearning(IDevice device, EbmSettings settings, BdmShape shape, float[] points, ulong seed, OptimizerFactory? optimizer = null)
        : base(device, new(settings.Steps, settings.ReportEvery), NumericalOf(settings, shape), Checkpoints.Fingerprint.Of(points), seed, optimizer)
    {
        _settings = settings;
        _operations = device.CreateBdm(shape, NoiseSchedule.Published.Variance);
        _weights = Add("ebm", _operations.Layout.Slices, BdmInitialisation.Draw(_operations.Layout, seed));
        _points = device.Upload<float>(points);
        _rows = new DrawnRows(device, points.Length / shape.ActionSize, settings.Batch, (_points, shape.ActionSize));
        var times = new float[settings.Batch];
        Array.Fill(times, (float)settings.Time);
        (_times, _loss) = (device.Upload<float>(times), device.Allocate<float>(1));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measured { get; } = ["loss"];

    /// <inheritdoc/>
    public override double Step(in RandomDraw draw, long step, Span<float> measured)
    {
        _rows.Draw(draw);
        _operations.DenoisingStep(new()
        {
            Parameters = _weights.Values,
            Actions = _rows.OnDevice(0),
            States = null,
            Rows = _settings.Batch,
            Draws = new(draw, Times: _times),
            Gradient = _weights.Gradient,
            Loss = _loss,
        });
        double rate = _settings.LearningRate * _settings.Schedule.Factor(step, _settings.Steps);
        _weights.Move(rate);
        _loss.CopyTo(_measured);
        measured[0] = _measured[0];
        return rate;
    }

    /// <summary>All settings that the weights of a given step depend on.</summary>
    internal static object NumericalOf(EbmSettings settings, BdmShape shape) => new { shape.Width, shape.Blocks, Training = settings.Numerical };

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var owned in (IDisposable[])[_rows, _points, _times, _loss, _operations])
            owned.Dispose();
        base.Dispose(disposing);
    }
}
