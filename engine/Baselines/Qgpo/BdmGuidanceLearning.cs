using EDA.Engine.Alignment;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Qgpo;

/// <summary>
/// Contrastive energy prediction with a bottleneck diffusion model for g. Its loss is EDA's value loss (Eq. 14) at β = 1
/// with a behavior that is 0 everywhere, f_φ ≡ 0, so that Δ = g: a network whose weights are all 0 is one.
/// </summary>
public sealed class BdmGuidanceLearning : MethodLearning
{
    /// <summary>What stands before the names of its tensors in a file of weights.</summary>
    internal const string Prefix = "guidance.";

    private readonly QgpoSettings _settings;
    private readonly AlignmentBatches _batches;
    private readonly IBdmOperations _operations;
    private readonly TrainedParameters _guidance;
    private readonly DeviceArray<float> _nothing;
    private readonly DeviceArray<float> _loss;

    /// <summary>Prepares training.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="shape">The sizes of the network.</param>
    /// <param name="batches">States with their labelled behavior samples; they stay the caller's.</param>
    /// <param name="device">The batches' device.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="optimizer">What moves the network; null for the device's Adam.</param>
    public BdmGuidanceLearning(QgpoSettings settings, BdmShape shape, AlignmentBatches batches, IDevice device, ulong seed, OptimizerFactory? optimizer = null)
        : base(device, new(settings.Steps, settings.ReportEvery), settings.Numerical, batches.Fingerprint, seed, optimizer)
    {
        (_settings, _batches) = (settings, batches);
        _operations = device.CreateBdm(shape, VarianceSchedule.Published);
        _guidance = Add("guidance", Named(_operations.Layout), BdmInitialisation.Draw(_operations.Layout, seed, RandomStage.Method), isFixed: slice => slice.Name == Prefix + _operations.Layout.Frequencies.Name);
        _nothing = device.Allocate<float>(_operations.Layout.Length);
        _loss = device.Allocate<float>(1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measured => ["loss"];

    /// <inheritdoc/>
    public override double Step(in RandomDraw draw, long step, Span<float> measured)
    {
        var batch = _batches.Next(_settings.States, draw);
        _operations.AlignmentStep(new()
        {
            Policy = _guidance.Values,
            Behavior = _nothing,
            Batch = new()
            {
                Candidates = batch.Candidates,
                States = batch.States,
                StateCount = _settings.States,
                CandidateCount = _batches.CandidateCount,
                Draws = new(draw),
            },
            Labels = batch.Labels,
            Objective = new(AlignmentLoss.Value, 1, (float)_settings.LabelScale),
            Gradient = _guidance.Gradient,
            Loss = _loss,
        });
        _loss.CopyTo(measured[..1]);
        double rate = _settings.LearningRate * _settings.Schedule.Factor(step, _settings.Steps);
        _guidance.Move(rate);
        return rate;
    }

    /// <summary>The tensors of the network, as a file of weights names them.</summary>
    internal static IReadOnlyList<ParameterSlice> Named(BdmLayout layout) => [.. layout.Slices.Select(slice => slice with { Name = Prefix + slice.Name })];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _operations.Dispose();
        _nothing.Dispose();
        _loss.Dispose();
        base.Dispose(disposing);
    }
}
