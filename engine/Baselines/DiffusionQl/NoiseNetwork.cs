using EDA.Kernels;

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>
/// ε̂(x, t, s) on the multi-layer perceptron seam: sin and cos of t → 32 → 16, the embedding e_t; [x, e_t, s] → H × 3 → A,
/// both Mish. Steps of the chain are few, so that embeddings are computed once for each and not for each row.
/// </summary>
public sealed class NoiseNetwork : IDisposable
{
    /// <summary>The numbers of an embedding.</summary>
    public const int TimeSize = 16;

    internal const string MainName = "policy", TimeName = "policy.time";

    private const int TimeWidth = 32;
    private const double SlowestPeriod = 10_000;

    private readonly IMlpOperations _main;
    private readonly IMlpOperations _time;
    private readonly DeviceArray<float> _features;
    private readonly DeviceArray<float> _embedded;
    private readonly DeviceArray<float> _outputs;
    private readonly DeviceArray<float> _inputsGradient;
    private readonly float[] _embedding;

    /// <summary>Prepares the network.</summary>
    /// <param name="device">The device.</param>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="width">H.</param>
    /// <param name="steps">T.</param>
    /// <param name="rows">The most rows of a call.</param>
    public NoiseNetwork(IDevice device, int stateSize, int actionSize, int width, int steps, int rows)
    {
        (Device, StateSize, ActionSize, Width) = (device, stateSize, actionSize, width);
        (_main, _time) = (device.CreateMlp(MainShape(stateSize, actionSize, width)), device.CreateMlp(TimeShape));
        _features = device.Upload<float>(Features(steps));
        _embedding = new float[steps * TimeSize];
        _embedded = device.Allocate<float>(_embedding.Length);
        _outputs = device.Allocate<float>((long)rows * actionSize);
        _inputsGradient = device.Allocate<float>((long)rows * InputSize);
    }

    /// <summary>The device.</summary>
    public IDevice Device { get; }

    /// <summary>S.</summary>
    public int StateSize { get; }

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>H.</summary>
    public int Width { get; }

    /// <summary>A + 16 + S, what a row of inputs has, in this order.</summary>
    public int InputSize => _main.Shape.InputSize;

    /// <summary>t → e_t.</summary>
    public static MlpShape TimeShape { get; } = new(TimeSize, [TimeWidth], TimeSize, MlpActivation.Mish);

    /// <summary>[x, e_t, s] → ε̂.</summary>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="width">H.</param>
    /// <returns>The shape.</returns>
    public static MlpShape MainShape(int stateSize, int actionSize, int width) => new(actionSize + TimeSize + stateSize, [width, width, width], actionSize, MlpActivation.Mish);

    /// <summary>e_t of every step, by t − 1 [T×16].</summary>
    /// <param name="time">The embedding's parameters.</param>
    /// <returns>Overwritten by the next call.</returns>
    public float[] Embed(DeviceArray<float> time)
    {
        _time.Forward(new() { Parameters = time, Inputs = _features, Rows = _embedding.Length / TimeSize, Outputs = _embedded });
        _embedded.CopyTo(_embedding);
        return _embedding;
    }

    /// <summary>From ∂L/∂e_t to the gradient of the embedding's parameters.</summary>
    /// <param name="time">The embedding's parameters.</param>
    /// <param name="embeddingGradient">∂L/∂e [T×16].</param>
    /// <param name="gradient">Overwritten.</param>
    public void TimeGradient(DeviceArray<float> time, ReadOnlySpan<float> embeddingGradient, DeviceArray<float> gradient)
    {
        _embedded.CopyFrom(embeddingGradient);
        _time.Gradient(new() { Parameters = time, Inputs = _features, Rows = _embedding.Length / TimeSize, OutputsGradient = _embedded, ParametersGradient = gradient });
    }

    /// <summary>Writes the states of rows of inputs.</summary>
    /// <param name="inputs">[n×(A + 16 + S)].</param>
    /// <param name="states">s [n/K×S].</param>
    /// <param name="repeats">K, the rows of each state.</param>
    public void WriteStates(Span<float> inputs, ReadOnlySpan<float> states, int repeats = 1)
    {
        for (int row = 0; row < inputs.Length / InputSize; row++)
            states.Slice(row / repeats * StateSize, StateSize).CopyTo(inputs[((row * InputSize) + ActionSize + TimeSize)..]);
    }

    /// <summary>Writes the rest of a row of inputs.</summary>
    /// <param name="inputs">[n×(A + 16 + S)].</param>
    /// <param name="row">The row.</param>
    /// <param name="sample">x [A].</param>
    /// <param name="embedding">e of every step [T×16].</param>
    /// <param name="step">t − 1.</param>
    public void WriteRow(Span<float> inputs, int row, ReadOnlySpan<float> sample, ReadOnlySpan<float> embedding, int step)
    {
        var place = inputs[(row * InputSize)..];
        sample.CopyTo(place);
        embedding.Slice(step * TimeSize, TimeSize).CopyTo(place[ActionSize..]);
    }

    /// <summary>ε̂ of rows of inputs.</summary>
    /// <param name="main">The parameters.</param>
    /// <param name="inputs">[n×(A + 16 + S)].</param>
    /// <param name="predicted">Filled [n×A].</param>
    public void Predict(DeviceArray<float> main, DeviceArray<float> inputs, Span<float> predicted)
    {
        _main.Forward(new() { Parameters = main, Inputs = inputs, Rows = predicted.Length / ActionSize, Outputs = _outputs });
        _outputs.CopyTo(predicted);
    }

    /// <summary>From ∂L/∂ε̂ to the gradients of parameters and inputs.</summary>
    /// <param name="main">The parameters.</param>
    /// <param name="inputs">[n×(A + 16 + S)].</param>
    /// <param name="predictedGradient">∂L/∂ε̂ [n×A].</param>
    /// <param name="gradient">∂L/∂θ, overwritten.</param>
    /// <param name="inputsGradient">Filled [n×(A + 16 + S)].</param>
    public void Gradient(DeviceArray<float> main, DeviceArray<float> inputs, ReadOnlySpan<float> predictedGradient, DeviceArray<float> gradient, Span<float> inputsGradient)
    {
        _outputs.CopyFrom(predictedGradient);
        _main.Gradient(new()
        {
            Parameters = main,
            Inputs = inputs,
            Rows = predictedGradient.Length / ActionSize,
            OutputsGradient = _outputs,
            ParametersGradient = gradient,
            InputsGradient = _inputsGradient,
        });
        _inputsGradient.CopyTo(inputsGradient);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var array in (DeviceArray<float>[])[_features, _embedded, _outputs, _inputsGradient])
            array.Dispose();
        _main.Dispose();
        _time.Dispose();
    }

    // sin and cos of (t − 1)·10000^(−i/7), i = 0 … 7.
    private static float[] Features(int steps)
    {
        const int Half = TimeSize / 2;
        var features = new float[steps * TimeSize];
        for (int step = 0; step < steps; step++)
        {
            for (int i = 0; i < Half; i++)
            {
                double angle = step * Math.Pow(SlowestPeriod, -i / (Half - 1.0));
                (features[(step * TimeSize) + i], features[(step * TimeSize) + Half + i]) = ((float)Math.Sin(angle), (float)Math.Cos(angle));
            }
        }

        return features;
    }
}
