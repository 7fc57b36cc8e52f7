namespace EDA.Kernels;

/// <summary>Which alignment loss is minimised.</summary>
public enum AlignmentLoss
{
    /// <summary>Cross-entropy of softmax(q·Q) against softmax(βΔ) (Eq. 14).</summary>
    Value,

    /// <summary>−log softmax_w(βΔ) with w the candidate of highest label, the first of equals (Eq. 15; DPO, Eq. 16, at K = 2).</summary>
    Preference,
}

/// <summary>The alignment loss and its constants.</summary>
/// <param name="Loss">Which loss.</param>
/// <param name="Temperature">β.</param>
/// <param name="LabelScale">q, the factor on the labels; the preference loss does not look at it.</param>
public readonly record struct AlignmentObjective(AlignmentLoss Loss, float Temperature, float LabelScale);

/// <summary>
/// Where a denoising step takes its random numbers from: the stream, but for what is given as an array.
/// </summary>
/// <param name="Draw">The stream for everything that is not given.</param>
/// <param name="DropoutRate">The probability that a feature is dropped, in [0, 1).</param>
/// <param name="Times">t [n], or null to draw it uniformly from [TimeMin, 1).</param>
/// <param name="Noise">ε [n×A], or null to draw it.</param>
/// <param name="DropoutMask">
/// 1 where a feature is kept and 0 where it is dropped [n×blocks×H], or null to draw it; kept features are scaled by
/// 1/(1 − DropoutRate) either way.
/// </param>
public readonly record struct DenoisingDraws(
    RandomDraw Draw,
    float DropoutRate = 0,
    DeviceArray<float>? Times = null,
    DeviceArray<float>? Noise = null,
    DeviceArray<float>? DropoutMask = null);

/// <summary>Where gaps take their random numbers from: the stream, but for what is given as an array.</summary>
/// <param name="Draw">The stream for everything that is not given.</param>
/// <param name="Times">t [b], shared by the K candidates of a state, or null to draw it.</param>
/// <param name="Noise">ε [b×K×A], or null to draw it.</param>
public readonly record struct GapDraws(
    RandomDraw Draw,
    DeviceArray<float>? Times = null,
    DeviceArray<float>? Noise = null);

/// <summary>
/// The fused operations of the bottleneck diffusion model: whole steps, so that a device may fuse as it likes.
/// Parameters are flat arrays in the order of <see cref="Layout"/>. States are null where S = 0. Outputs are
/// overwritten. No operation allocates once it has seen its largest batch. Every operation refuses arrays that are too
/// short or live on another device (<see cref="ArgumentException"/>), missing states
/// (<see cref="ArgumentNullException"/>) and counts below 1 (<see cref="ArgumentOutOfRangeException"/>). The gaps of a
/// network with itself are exactly 0, as are the gradients of embed.0.W and main.out_fc.bias.
/// <para>
/// Operations on M models do for each what those on one do, to the last bit. Shapes below are one model's; every array
/// holds the models' one after the other: actions [M×n×A], losses [M], and parameters and their gradients with
/// <see cref="BdmLayout.ModelStride"/> from one model's first to the next's, what lies between being neither read nor
/// written. Counts, objective, dropout rate and solver table are common; model m draws from the seed plus m.
/// </para>
/// </summary>
public interface IBdmOperations : IDisposable
{
    /// <summary>The sizes of the network.</summary>
    BdmShape Shape { get; }

    /// <summary>The order of the parameters.</summary>
    BdmLayout Layout { get; }

    /// <summary>M, the number of models worked on side by side.</summary>
    int Models { get; }

    /// <summary>The log-density up to a constant, f(a_t | s, t) (Eq. 11), dropout off.</summary>
    /// <param name="call">The arguments.</param>
    void Density(in EvaluationCall call);

    /// <summary>The predicted noise ε̂ = −σ_t ∇f (Eq. 9), dropout off.</summary>
    /// <param name="call">The arguments.</param>
    void Score(in EvaluationCall call);

    /// <summary>The log-density gaps Δ_k = f_θ(a_t^k | s, t) − f_φ(a_t^k | s, t).</summary>
    /// <param name="call">The arguments.</param>
    void Gaps(in GapsCall call);

    /// <summary>The alignment loss of given gaps and its gradient with respect to them (Eq. 14-16).</summary>
    /// <param name="call">The arguments.</param>
    void Objective(in ObjectiveCall call);

    /// <summary>The pretraining loss ‖σ_t ∇f + ε‖², mean over rows, and its parameter gradient (Eq. 10).</summary>
    /// <param name="call">The arguments.</param>
    void DenoisingStep(in DenoisingStepCall call);

    /// <summary>The alignment loss and its gradient with respect to the policy's parameters (Eq. 14-16), dropout off.</summary>
    /// <param name="call">The arguments.</param>
    void AlignmentStep(in AlignmentStepCall call);

    /// <summary>Draws K actions for each state: the whole solver loop, dropout off.</summary>
    /// <param name="call">The arguments.</param>
    void Sample(in SampleCall call);
}
