using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Diffusion;

/// <summary>
/// The scalar network f(a_t | s, t) on a device (method: section 2): its parameters and its fused operations. Arrays
/// in the host's memory go in and out here, in parts of bounded size; training uses the device arrays directly. Not
/// safe for use by two threads at once.
/// </summary>
public sealed class BottleneckDiffusionModel : IDisposable
{
    private BottleneckDiffusionModel(IDevice device, BdmShape shape, NoiseSchedule schedule) => throw new NotImplementedException();

    /// <summary>The device.</summary>
    public IDevice Device { get; }

    /// <summary>The noise schedule.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>The sizes of the network.</summary>
    public BdmShape Shape => Operations.Shape;

    /// <summary>The order of the parameters.</summary>
    public BdmLayout Layout => Operations.Layout;

    /// <summary>The fused operations, with a workspace that belongs to this model.</summary>
    public IBdmOperations Operations { get; }

    /// <summary>θ [P], on the device.</summary>
    public DeviceArray<float> Parameters { get; }

    /// <summary>Makes a network with PyTorch's initial weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="shape">The sizes of the network.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="schedule">The noise schedule; null for the published one.</param>
    /// <returns>The model, owned by the caller.</returns>
    public static BottleneckDiffusionModel Create(IDevice device, BdmShape shape, ulong seed, NoiseSchedule? schedule = null) => throw new NotImplementedException();

    /// <summary>Makes a network with given weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="schedule">The noise schedule; null for the published one.</param>
    /// <returns>The model, owned by the caller.</returns>
    public static BottleneckDiffusionModel FromWeights(IDevice device, BdmWeights weights, NoiseSchedule? schedule = null) => throw new NotImplementedException();

    /// <summary>f(a_t | s, t), up to a constant of s and t (Eq. 11).</summary>
    /// <param name="actions">a_t [n×A].</param>
    /// <param name="times">t [n], or one for all.</param>
    /// <param name="states">s [n×S]; empty where S = 0.</param>
    /// <returns>f [n], in nats.</returns>
    /// <exception cref="ArgumentException">The arrays do not have one row per action.</exception>
    public float[] Density(ReadOnlySpan<float> actions, ReadOnlySpan<float> times, ReadOnlySpan<float> states = default) => throw new NotImplementedException();

    /// <summary>The predicted noise ε̂ = −σ_t ∇f (Eq. 9).</summary>
    /// <param name="actions">a_t [n×A].</param>
    /// <param name="times">t [n], or one for all.</param>
    /// <param name="states">s [n×S]; empty where S = 0.</param>
    /// <returns>ε̂ [n×A].</returns>
    /// <exception cref="ArgumentException">The arrays do not have one row per action.</exception>
    public float[] Score(ReadOnlySpan<float> actions, ReadOnlySpan<float> times, ReadOnlySpan<float> states = default) => throw new NotImplementedException();

    /// <summary>Draws K actions for each of n states (method: section 6). The result does not depend on how the work is cut into parts.</summary>
    /// <param name="rows">n; where S = 0, the number of independent draws of K.</param>
    /// <param name="candidates">K.</param>
    /// <param name="draw">The random stream of the starting points.</param>
    /// <param name="states">s [n×S]; empty where S = 0.</param>
    /// <param name="solver">The solver's coefficients; null for <see cref="DpmSolver.Published"/>.</param>
    /// <returns>The actions [n×K×A].</returns>
    /// <exception cref="ArgumentException">The states do not have one row each.</exception>
    public float[] Sample(int rows, int candidates, in RandomDraw draw, ReadOnlySpan<float> states = default, SolverTable? solver = null) => throw new NotImplementedException();

    /// <summary>Copies the parameters into the host's memory.</summary>
    /// <returns>θ [P].</returns>
    public float[] CloneParameters() => Parameters.ToArray();

    /// <summary>Copies the parameters into the host's memory, with their names.</summary>
    /// <returns>The weights.</returns>
    public BdmWeights ToWeights() => new(Layout, CloneParameters());

    /// <summary>Makes a second model on the same device that starts with this one's parameters.</summary>
    /// <returns>The model, owned by the caller.</returns>
    public BottleneckDiffusionModel Copy() => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose()
    {
        Parameters.Dispose();
        Operations.Dispose();
    }
}
