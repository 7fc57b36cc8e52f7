namespace EDA.Kernels;

/// <summary>
/// The operations of a multi-layer perceptron y = f(x), for whatever loss L the caller makes of its outputs. Parameters
/// are flat arrays in the order of <see cref="Layout"/>. Outputs are overwritten; none of them may be an array that the
/// same call reads. No operation allocates once it has seen its largest batch. Every operation refuses arrays that are
/// too short or live on another device (<see cref="ArgumentException"/>) and counts below 1
/// (<see cref="ArgumentOutOfRangeException"/>).
/// <para>
/// A gradient evaluates the network itself and depends on its arguments alone: nothing is kept from a call of
/// <see cref="Forward"/>, so no gradient can be taken at activations that are not its own. Who must see the outputs
/// before there is a loss pays for a second forward pass: a third more for the parameters' gradient.
/// </para>
/// <para>
/// Operations on M models do for each what those on one do, to the last bit. Shapes below are one model's; every array
/// holds the models' one after the other: inputs [M×n×in], and parameters and their gradients with
/// <see cref="MlpLayout.ModelStride"/> from one model's first to the next's, what lies between being neither read nor
/// written.
/// </para>
/// </summary>
public interface IMlpOperations : IDisposable
{
    /// <summary>The module name of the network in <see cref="Layout"/>.</summary>
    const string NetworkName = "net";

    /// <summary>The sizes of the network.</summary>
    MlpShape Shape { get; }

    /// <summary>The order of the parameters, <c>net.0.weight</c>, <c>net.0.bias</c>, <c>net.2.weight</c> and so on.</summary>
    MlpLayout Layout { get; }

    /// <summary>M, the number of models worked on side by side.</summary>
    int Models { get; }

    /// <summary>The outputs y = f(x).</summary>
    /// <param name="call">The arguments.</param>
    void Forward(in MlpForwardCall call);

    /// <summary>
    /// From ∂L/∂y to ∂L/∂θ = Σ_rows (∂y/∂θ)ᵀ ∂L/∂y, a plain sum over rows (a mean over the batch stands in ∂L/∂y), and to
    /// ∂L/∂x = (∂y/∂x)ᵀ ∂L/∂y of each row.
    /// </summary>
    /// <param name="call">The arguments.</param>
    /// <exception cref="ArgumentException">Neither gradient is asked for.</exception>
    void Gradient(in MlpGradientCall call);
}
