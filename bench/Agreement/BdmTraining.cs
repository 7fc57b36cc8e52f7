using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>A diffusion model under training on a device, with what is recorded of it.</summary>
internal sealed class BdmTraining(IDevice device, float[] initial, double learningRate) : IDisposable
{
    private readonly DeviceArray<float> _first = device.Allocate<float>(initial.Length);
    private readonly DeviceArray<float> _second = device.Allocate<float>(initial.Length);
    private readonly List<float> _losses = [];
    private readonly Dictionary<(int, string), float[]> _moved = [];

    /// <summary>θ.</summary>
    public DeviceArray<float> Weights { get; } = device.Upload<float>(initial);

    /// <summary>∂L/∂θ.</summary>
    public DeviceArray<float> Gradient { get; } = device.Allocate<float>(initial.Length);

    /// <summary>L [1].</summary>
    public DeviceArray<float> Loss { get; } = device.Allocate<float>(1);

    /// <summary>Moves the weights along the gradient, and records the losses.</summary>
    public void Step(string network)
    {
        _losses.Add(Loss.ToArray()[0]);
        device.Vector.Adam(new() { Trained = new(Weights, Gradient, _first, _second), Settings = new(learningRate), Step = _losses.Count });
        if (AgreementStage.Marks.Contains(_losses.Count))
            _moved[(_losses.Count, network)] = [.. Weights.ToArray().Zip(initial, (now, before) => (float)((double)now - before))];
    }

    /// <summary>What was recorded.</summary>
    public Course ToCourse() => new(new Dictionary<string, float[]> { ["loss"] = [.. _losses] }, _moved);

    public void Dispose()
    {
        Weights.Dispose();
        Gradient.Dispose();
        Loss.Dispose();
        _first.Dispose();
        _second.Dispose();
    }
}
