using EDA.Engine.Alignment;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Gaussian;

/// <summary>
/// A Gaussian policy N(μ(s), diag σ²) (method: section 9): μ = tanh of a perceptron S → H → H → A with ReLU, and a σ for each
/// entry of the action that is the same in all states. Its samples are clipped to the action space, [−1, 1]. Not safe for
/// use by two threads at once.
/// </summary>
public sealed class GaussianPolicy : IActionSampler, IDisposable
{
    /// <summary>The name of the network's tensors, <c>policy.0.weight</c> and so on.</summary>
    public const string NetworkName = "policy";

    /// <summary>The name of log σ.</summary>
    public const string LogDeviationName = "log_std";

    /// <summary>What log σ is cut off at below; a lower one counts as this, and has no gradient. IQL's published code: −5.</summary>
    public const float LeastLogDeviation = -5;

    /// <summary>What log σ is cut off at above. IQL's published code: 2.</summary>
    public const float MostLogDeviation = 2;

    private readonly IMlpOperations _network;
    private readonly DeviceArray<float> _parameters;
    private readonly float[] _deviations;
    private DeviceArray<float>? _means;
    private float[] _hostMeans = [];
    private float[] _actions = [];
    private int[] _numbers = [];

    /// <summary>Makes a policy with given weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="shape">The sizes of the network, <see cref="ShapeOf"/>.</param>
    /// <param name="weights">A file of them.</param>
    public GaussianPolicy(IDevice device, MlpShape shape, MethodWeights weights)
    {
        Device = device;
        Fingerprint = weights.Fingerprint;
        _parameters = device.Upload<float>(weights.Network(MethodLearning.LayoutOf(NetworkName, shape)));
        _deviations = Array.ConvertAll(weights.Take(LogDeviationSlices(shape.OutputSize), shape.OutputSize), Deviation);
        _network = device.CreateMlp(shape);
    }

    /// <inheritdoc/>
    public IDevice Device { get; }

    /// <inheritdoc/>
    public int StateSize => _network.Shape.InputSize;

    /// <inheritdoc/>
    public int ActionSize => _network.Shape.OutputSize;

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <summary>The sizes of the network that gives μ.</summary>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="width">H.</param>
    /// <returns>The shape.</returns>
    public static MlpShape ShapeOf(int stateSize, int actionSize, int width) => new(stateSize, [width, width], actionSize, MlpActivation.Relu, MlpOutput.Tanh);

    /// <summary>Where log σ stands in its array.</summary>
    /// <param name="actionSize">A.</param>
    /// <returns>One tensor [A].</returns>
    public static IReadOnlyList<ParameterSlice> LogDeviationSlices(int actionSize) => [new(LogDeviationName, [actionSize], 0)];

    /// <summary>σ of a parameter log σ, which is cut off at its bounds.</summary>
    /// <param name="logDeviation">The parameter.</param>
    /// <returns>σ.</returns>
    public static float Deviation(float logDeviation) => MathF.Exp(Math.Clamp(logDeviation, LeastLogDeviation, MostLogDeviation));

    /// <summary>Opens a run's policy from a file of weights.</summary>
    /// <param name="device">The device.</param>
    /// <param name="settings">The run's settings.</param>
    /// <param name="path">The file.</param>
    /// <returns>The policy, owned by the caller.</returns>
    /// <exception cref="InvalidFileException">It is broken, or of another run.</exception>
    internal static GaussianPolicy Open(IDevice device, RunSettings settings, string path)
    {
        var (sizes, weights) = (settings.CreateShape(), new MethodWeights(path));
        var policy = new GaussianPolicy(device, ShapeOf(sizes.StateSize, sizes.ActionSize, settings.CriticWidth), weights);
        weights.Finish(settings.Method.Row);
        return policy;
    }

    /// <summary>The action that is played where nothing is to be left to chance: μ.</summary>
    /// <param name="states">s [n×S]; longer arrays are used from the front.</param>
    /// <param name="rows">n.</param>
    /// <param name="means">Overwritten [n×A].</param>
    public void Mean(DeviceArray<float> states, int rows, DeviceArray<float> means) => _network.Forward(new()
    {
        Parameters = _parameters,
        Inputs = states,
        Rows = rows,
        Outputs = means,
    });

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The stride is below K.</exception>
    public void Sample(in ActionDraws draws)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(draws.Stride, draws.CandidateCount, nameof(draws.Stride));
        int rows = draws.StateCount, width = draws.CandidateCount * ActionSize;
        Reserve(rows, width);
        Mean(draws.States, rows, _means!);
        _means!.CopyTo(_hostMeans.AsSpan(0, rows * ActionSize));
        draws.Numbers?.CopyTo(_numbers.AsSpan(0, rows));
        var (draw, stride, isNumbered) = (draws.Draw, (ulong)draws.Stride, draws.Numbers is not null);
        Parallel.For(0, rows, row =>
        {
            ulong first = (ulong)(isNumbered ? _numbers[row] : row) * stride * (ulong)ActionSize;
            for (int i = 0; i < width; i++)
            {
                int entry = i % ActionSize;
                float noise = Philox.Normal(draw, RandomPurpose.ActionNoise, first + (ulong)i);
                _actions[(row * width) + i] = Math.Clamp(_hostMeans[(row * ActionSize) + entry] + (_deviations[entry] * noise), -1, 1);
            }
        });
        draws.Actions.CopyFrom(_actions.AsSpan(0, rows * width));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _means?.Dispose();
        _parameters.Dispose();
        _network.Dispose();
    }

    private void Reserve(int rows, int width)
    {
        if (_numbers.Length < rows)
        {
            _means?.Dispose();
            _means = Device.Allocate<float>((long)rows * ActionSize);
            _hostMeans = new float[rows * ActionSize];
            _numbers = new int[rows];
        }

        if (_actions.Length < rows * width)
            _actions = new float[rows * width];
    }
}
