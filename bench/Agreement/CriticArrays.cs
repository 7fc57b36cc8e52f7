using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>The arrays of a critic's training on a device, and what is recorded of it.</summary>
internal sealed class CriticArrays(IDevice device) : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly Dictionary<string, List<float>> _losses = [];
    private readonly Dictionary<(int, string), float[]> _moved = [];
    private readonly List<(string Name, DeviceArray<float> Now, float[] Before)> _networks = [];

    /// <summary>Copies an array to the device.</summary>
    public DeviceArray<float> Upload(float[] values) => Own(device.Upload<float>(values));

    /// <summary>Whatever is to be disposed with the arrays.</summary>
    public T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>A network that only follows another.</summary>
    public DeviceArray<float> Followed(string name, float[] parameters)
    {
        var array = Upload(parameters);
        _networks.Add((name, array, parameters));
        return array;
    }

    /// <summary>A network that is trained.</summary>
    public TrainedArrays Trained(string name, float[] parameters) =>
        new(Followed(name, parameters), null, Upload(new float[parameters.Length]), Upload(new float[parameters.Length]));

    /// <summary>Records a step, 0 for the first.</summary>
    public void Record(int step, DeviceArray<float> losses, params (string Name, int Place)[] named)
    {
        float[] values = losses.ToArray();
        foreach (var (name, place) in named)
        {
            if (!_losses.TryGetValue(name, out var series))
                _losses[name] = series = [];
            series.Add(values[place]);
        }

        if (!AgreementStage.Marks.Contains(step + 1))
            return;
        foreach (var (name, now, before) in _networks)
            _moved[(step + 1, name)] = [.. now.ToArray().Zip(before, (one, other) => (float)((double)one - other))];
    }

    /// <summary>What was recorded.</summary>
    public Course ToCourse() => new(_losses.ToDictionary(series => series.Key, series => series.Value.ToArray()), _moved);

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
    }
}
