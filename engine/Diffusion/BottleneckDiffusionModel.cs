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
    /// <summary>How many rows a call hands to the device at once: enough to fill it, little enough to fit.</summary>
    private const int RowsAtOnce = 16384;

    private readonly bool _ownsOperations;

    /// <summary>One of a batch, by operations that all of the batch share.</summary>
    internal BottleneckDiffusionModel(IDevice device, NoiseSchedule schedule, IBdmOperations operations, DeviceArray<float> parameters) =>
        (Device, Schedule, Operations, Parameters) = (device, schedule, operations, parameters);

    private BottleneckDiffusionModel(IDevice device, BdmShape shape, NoiseSchedule schedule, ReadOnlySpan<float> parameters)
        : this(device, schedule, device.CreateBdm(shape, schedule.Variance), device.Upload(parameters)) => _ownsOperations = true;

    private delegate void RowOperation(DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> output);

    /// <summary>The device.</summary>
    public IDevice Device { get; }

    /// <summary>The noise schedule.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>The sizes of the network.</summary>
    public BdmShape Shape => Operations.Shape;

    /// <summary>The order of the parameters.</summary>
    public BdmLayout Layout => Operations.Layout;

    /// <summary>The fused operations, with a workspace that belongs to this model, or to the batch it is one of.</summary>
    public IBdmOperations Operations { get; }

    /// <summary>θ [P], on the device.</summary>
    public DeviceArray<float> Parameters { get; }

    /// <summary>Makes a network with PyTorch's initial weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="shape">The sizes of the network.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="schedule">The noise schedule; null for the published one.</param>
    /// <returns>The model, owned by the caller.</returns>
    public static BottleneckDiffusionModel Create(IDevice device, BdmShape shape, ulong seed, NoiseSchedule? schedule = null) =>
        new(device, shape, schedule ?? NoiseSchedule.Published, BdmInitialisation.Draw(new BdmLayout(shape), seed));

    /// <summary>Makes a network with given weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="schedule">The noise schedule; null for the published one.</param>
    /// <returns>The model, owned by the caller.</returns>
    public static BottleneckDiffusionModel FromWeights(IDevice device, BdmWeights weights, NoiseSchedule? schedule = null) =>
        new(device, weights.Layout.Shape, schedule ?? NoiseSchedule.Published, weights.Parameters);

    /// <summary>f(a_t | s, t), up to a constant of s and t (Eq. 11).</summary>
    /// <param name="actions">a_t [n×A].</param>
    /// <param name="times">t [n], or one for all.</param>
    /// <param name="states">s [n×S]; empty where S = 0.</param>
    /// <returns>f [n], in nats.</returns>
    /// <exception cref="ArgumentException">The arrays do not have one row per action.</exception>
    public float[] Density(ReadOnlySpan<float> actions, ReadOnlySpan<float> times, ReadOnlySpan<float> states = default) =>
        RowByRow(actions, times, states, 1, (a, t, s, rows, output) => Operations.Density(new()
        {
            Parameters = Parameters,
            Actions = a,
            Times = t,
            States = s,
            Rows = rows,
            Output = output,
        }));

    /// <summary>The predicted noise ε̂ = −σ_t ∇f (Eq. 9).</summary>
    /// <param name="actions">a_t [n×A].</param>
    /// <param name="times">t [n], or one for all.</param>
    /// <param name="states">s [n×S]; empty where S = 0.</param>
    /// <returns>ε̂ [n×A].</returns>
    /// <exception cref="ArgumentException">The arrays do not have one row per action.</exception>
    public float[] Score(ReadOnlySpan<float> actions, ReadOnlySpan<float> times, ReadOnlySpan<float> states = default) =>
        RowByRow(actions, times, states, Shape.ActionSize, (a, t, s, rows, output) => Operations.Score(new()
        {
            Parameters = Parameters,
            Actions = a,
            Times = t,
            States = s,
            Rows = rows,
            Output = output,
        }));

    /// <summary>Draws K actions for each of n states (method: section 6). The result does not depend on how the work is cut into parts.</summary>
    /// <param name="rows">n; where S = 0, the number of independent draws of K.</param>
    /// <param name="candidates">K.</param>
    /// <param name="draw">The random stream of the starting points.</param>
    /// <param name="states">s [n×S]; empty where S = 0.</param>
    /// <param name="solver">The solver's coefficients; null for <see cref="DpmSolver.Published"/>.</param>
    /// <returns>The actions [n×K×A].</returns>
    /// <exception cref="ArgumentException">The states do not have one row each.</exception>
    public float[] Sample(int rows, int candidates, in RandomDraw draw, ReadOnlySpan<float> states = default, SolverTable? solver = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        int stateSize = Shape.StateSize;
        RequireLength(states, (long)rows * stateSize, nameof(states));
        int width = candidates * Shape.ActionSize;
        var actions = new float[(long)rows * width];

        // A multiple of 4 rows, so that a part begins with a whole Philox block.
        int part = Math.Min(rows, Math.Max(4, RowsAtOnce / candidates / 4 * 4));
        using var deviceStates = stateSize > 0 ? Device.Allocate<float>((long)part * stateSize) : null;
        using var deviceActions = Device.Allocate<float>((long)part * width);
        for (int first = 0; first < rows; first += part)
        {
            int count = Math.Min(part, rows - first);
            deviceStates?.CopyFrom(states.Slice(first * stateSize, count * stateSize));
            var partDraw = draw with { FirstElement = draw.FirstElement + ((ulong)first * (ulong)width) };
            Operations.Sample(new()
            {
                Parameters = Parameters,
                States = deviceStates,
                StateCount = count,
                CandidateCount = candidates,
                Table = solver ?? DpmSolver.Published,
                Draw = partDraw,
                Actions = deviceActions,
            });
            deviceActions.CopyTo(actions.AsSpan(first * width, count * width));
        }

        return actions;
    }

    /// <summary>Copies the parameters into the host's memory.</summary>
    /// <returns>θ [P].</returns>
    public float[] CloneParameters() => Parameters.ToArray();

    /// <summary>Replaces the parameters.</summary>
    /// <param name="parameters">θ [P].</param>
    /// <exception cref="ArgumentException">There are more or fewer than the network has.</exception>
    public void SetParameters(ReadOnlySpan<float> parameters)
    {
        RequireLength(parameters, Layout.Length, nameof(parameters));
        Parameters.CopyFrom(parameters);
    }

    /// <summary>Copies the parameters into the host's memory, with their names.</summary>
    /// <returns>The weights.</returns>
    public BdmWeights ToWeights() => new(Layout, CloneParameters());

    /// <summary>Makes a second model on the same device that starts with this one's parameters.</summary>
    /// <returns>The model, owned by the caller.</returns>
    public BottleneckDiffusionModel Copy() => new(Device, Shape, Schedule, CloneParameters());

    /// <inheritdoc/>
    public void Dispose()
    {
        Parameters.Dispose();
        if (_ownsOperations)
            Operations.Dispose();
    }

    private static void RequireLength(ReadOnlySpan<float> values, long length, string name)
    {
        if (values.Length != length)
            throw new ArgumentException($"{values.Length} numbers where {length} are needed", name);
    }

    private float[] RowByRow(ReadOnlySpan<float> actions, ReadOnlySpan<float> times, ReadOnlySpan<float> states, int outputSize, RowOperation operation)
    {
        (int actionSize, int stateSize) = (Shape.ActionSize, Shape.StateSize);
        if (actions.Length % actionSize != 0)
            throw new ArgumentException($"{actions.Length} numbers are not rows of {actionSize}", nameof(actions));
        int rows = actions.Length / actionSize;
        if (times.Length != 1)
            RequireLength(times, rows, nameof(times));
        RequireLength(states, (long)rows * stateSize, nameof(states));

        int part = Math.Min(rows, RowsAtOnce);
        var result = new float[(long)rows * outputSize];
        using var deviceActions = Device.Allocate<float>((long)part * actionSize);
        using var deviceTimes = Device.Allocate<float>(part);
        using var deviceStates = stateSize > 0 ? Device.Allocate<float>((long)part * stateSize) : null;
        using var deviceOutput = Device.Allocate<float>((long)part * outputSize);
        if (times.Length == 1)
        {
            var same = new float[part];
            Array.Fill(same, times[0]);
            deviceTimes.CopyFrom(same);
        }

        for (int first = 0; first < rows; first += part)
        {
            int count = Math.Min(part, rows - first);
            deviceActions.CopyFrom(actions.Slice(first * actionSize, count * actionSize));
            deviceStates?.CopyFrom(states.Slice(first * stateSize, count * stateSize));
            if (times.Length != 1)
                deviceTimes.CopyFrom(times.Slice(first, count));
            operation(deviceActions, deviceTimes, deviceStates, count, deviceOutput);
            deviceOutput.CopyTo(result.AsSpan(first * outputSize, count * outputSize));
        }

        return result;
    }
}
