using EDA.Kernels;

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>
/// The chain of Diffusion-QL from noise x_T to an action x₀: each step predicts x̂₀ = sqrt(1/ᾱ) x − sqrt(1/ᾱ − 1) ε̂, clamps
/// it to ±1 and draws of the posterior q(x_{t−1} | x_t, x̂₀), without noise at the last. One that remembers its steps gives
/// the gradient through all of them.
/// </summary>
public sealed class DenoisingChain : IDisposable
{
    private readonly NoiseNetwork _network;
    private readonly ChainSchedule _schedule;
    private readonly DeviceArray<float>[] _inputs;
    private readonly DeviceArray<float>? _gradient;
    private readonly bool[][] _isCut;
    private readonly float[] _hostInputs;
    private readonly float[] _predicted;

    /// <summary>Prepares a chain.</summary>
    /// <param name="network">The network; not disposed of.</param>
    /// <param name="schedule">The coefficients.</param>
    /// <param name="rows">The most rows, no more than the network's.</param>
    /// <param name="remembers">Whether <see cref="AddGradient"/> is wanted.</param>
    public DenoisingChain(NoiseNetwork network, ChainSchedule schedule, int rows, bool remembers)
    {
        (_network, _schedule) = (network, schedule);
        (_hostInputs, _predicted) = (new float[rows * network.InputSize], new float[rows * network.ActionSize]);
        int kept = remembers ? schedule.Steps : 1;
        _inputs = [.. Enumerable.Range(0, kept).Select(_ => network.Device.Allocate<float>(_hostInputs.Length))];
        _isCut = [.. Enumerable.Range(0, remembers ? kept : 0).Select(_ => new bool[_predicted.Length])];
        _gradient = remembers ? network.Device.Allocate<float>(NoiseNetwork.MainShape(network.StateSize, network.ActionSize, network.Width).ParameterCount) : null;
    }

    /// <summary>The steps that draw noise: all but the last.</summary>
    public int NoisySteps => _schedule.Steps - 1;

    /// <summary>Runs it.</summary>
    /// <param name="main">The network's parameters.</param>
    /// <param name="time">The embedding's.</param>
    /// <param name="states">s [n/K×S].</param>
    /// <param name="repeats">K, the actions of each state.</param>
    /// <param name="noise">Standard normals of the steps t = T … 2 [(T − 1)×n×A].</param>
    /// <param name="sample">x_T [n×A]; overwritten with x₀.</param>
    public void Run(DeviceArray<float> main, DeviceArray<float> time, ReadOnlySpan<float> states, int repeats, ReadOnlySpan<float> noise, Span<float> sample)
    {
        int width = _network.ActionSize, rows = sample.Length / width;
        var inputs = _hostInputs.AsSpan(0, rows * _network.InputSize);
        var predicted = _predicted.AsSpan(0, sample.Length);
        float[] embedding = _network.Embed(time);
        _network.WriteStates(inputs, states, repeats);
        for (int step = _schedule.Steps - 1; step >= 0; step--)
        {
            for (int row = 0; row < rows; row++)
                _network.WriteRow(inputs, row, sample.Slice(row * width, width), embedding, step);
            var place = _inputs[_inputs.Length == 1 ? 0 : step];
            place.CopyFrom(inputs);
            _network.Predict(main, place, predicted);
            var drawn = step == 0 ? default : noise.Slice((_schedule.Steps - 1 - step) * sample.Length, sample.Length);
            for (int i = 0; i < sample.Length; i++)
            {
                float data = (_schedule.DataOfSample[step] * sample[i]) - (_schedule.DataOfNoise[step] * predicted[i]);
                if (_gradient is not null)
                    _isCut[step][i] = data is > 1 or < -1;
                sample[i] = (_schedule.PosteriorData[step] * Math.Clamp(data, -1, 1)) + (_schedule.PosteriorSample[step] * sample[i]);
                if (step > 0)
                    sample[i] += _schedule.PosteriorDeviation[step] * drawn[i];
            }
        }
    }

    /// <summary>
    /// Takes ∂L/∂x₀ back through the chain that was run last, which must have remembered, and averages the parameters'
    /// gradients of its T steps with some that are there: (before·gradient + Σ)/(before + T).
    /// </summary>
    /// <param name="main">The network's parameters.</param>
    /// <param name="gradient">Updated.</param>
    /// <param name="before">How many are in it already, at least 1.</param>
    /// <param name="embeddingGradient">∂L/∂e of every step [T×16], a sum, added to.</param>
    /// <param name="sampleGradient">∂L/∂x₀ [n×A]; overwritten.</param>
    public void AddGradient(DeviceArray<float> main, DeviceArray<float> gradient, int before, Span<float> embeddingGradient, Span<float> sampleGradient)
    {
        int width = _network.ActionSize, inputSize = _network.InputSize, rows = sampleGradient.Length / width;
        var inputs = _hostInputs.AsSpan(0, rows * inputSize);
        var predicted = _predicted.AsSpan(0, sampleGradient.Length);
        for (int step = 0; step < _schedule.Steps; step++)
        {
            for (int i = 0; i < sampleGradient.Length; i++)
            {
                float data = _isCut[step][i] ? 0 : _schedule.PosteriorData[step] * sampleGradient[i];
                predicted[i] = -_schedule.DataOfNoise[step] * data;
                sampleGradient[i] = (_schedule.PosteriorSample[step] * sampleGradient[i]) + (_schedule.DataOfSample[step] * data);
            }

            _network.Gradient(main, _inputs[step], predicted, _gradient!, inputs);
            _network.Device.Vector.PolyakAverage(new() { Target = gradient, Source = _gradient!, Rate = 1f / (before + 1 + step) });
            var embedded = embeddingGradient.Slice(step * NoiseNetwork.TimeSize, NoiseNetwork.TimeSize);
            for (int row = 0; row < rows; row++)
            {
                var found = inputs.Slice(row * inputSize, width + NoiseNetwork.TimeSize);
                for (int i = 0; i < width; i++)
                    sampleGradient[(row * width) + i] += found[i];
                for (int i = 0; i < NoiseNetwork.TimeSize; i++)
                    embedded[i] += found[width + i];
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var inputs in _inputs)
            inputs.Dispose();
        _gradient?.Dispose();
    }
}
