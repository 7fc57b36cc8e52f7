using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>What the training of one flat parameter array keeps on the device beside it.</summary>
internal sealed class TrainedMlp : IDisposable
{
    private readonly string _name;
    private readonly DeviceArray<float> _firstMoment;
    private readonly DeviceArray<float> _secondMoment;

    /// <param name="device">The device.</param>
    /// <param name="name">What its arrays are called in a saved state.</param>
    /// <param name="parameters">θ, kept and not disposed.</param>
    public TrainedMlp(IDevice device, string name, DeviceArray<float> parameters)
    {
        _name = name;
        _firstMoment = device.Allocate<float>(parameters.Length);
        _secondMoment = device.Allocate<float>(parameters.Length);
        Arrays = new TrainedArrays(parameters, null, _firstMoment, _secondMoment);
    }

    /// <summary>The arrays as a step takes them.</summary>
    public TrainedArrays Arrays { get; }

    /// <summary>What the next step depends on, by the names of a saved state.</summary>
    public IEnumerable<KeyValuePair<string, DeviceArray<float>>> State =>
    [
        new(_name, Arrays.Parameters),
        new(_name + ".first_moment", _firstMoment),
        new(_name + ".second_moment", _secondMoment),
    ];

    public void Dispose()
    {
        _firstMoment.Dispose();
        _secondMoment.Dispose();
    }
}
