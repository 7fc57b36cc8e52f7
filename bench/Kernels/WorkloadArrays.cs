using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>
/// Operations on a device with everything they work on: arrays of random numbers, the same on every device and every time, made
/// once and given back together.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="seed">The seed of the numbers.</param>
public abstract class WorkloadArrays(IDevice device, int seed) : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>The numbers still to come.</summary>
    protected Random Random { get; } = new(seed);

    /// <summary>The device.</summary>
    protected IDevice Device => device;

    /// <summary>Copies numbers to the device.</summary>
    /// <param name="values">The numbers.</param>
    /// <returns>The array, which lives as long as the workload.</returns>
    public DeviceArray<float> Upload(float[] values) => Own(device.Upload<float>(values));

    /// <summary>An array to be trained, with an unwritten gradient.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="hasGradient">Whether the gradient is read.</param>
    /// <returns>The arrays, which live as long as the workload.</returns>
    public TrainedArrays Trained(float[] parameters, bool hasGradient = true) =>
        new(Upload(parameters), hasGradient ? Unwritten(parameters.Length) : null, Upload(new float[parameters.Length]), Upload(new float[parameters.Length]));

    /// <summary>What an operation writes into an array that holds no number: what it forgets shows.</summary>
    /// <param name="count">The length of the array.</param>
    /// <param name="operation">The operation.</param>
    /// <returns>The numbers.</returns>
    public float[] Written(int count, Action<DeviceArray<float>> operation)
    {
        using var output = device.Upload<float>(NoNumbers(count));
        operation(output);
        device.Synchronize();
        return output.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Numbers one after the other.</summary>
    protected static float[] Values(int count, Func<float> value)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = value();
        return values;
    }

    /// <summary>A number in [-1, 1).</summary>
    protected float Uniform() => (float)((2 * Random.NextDouble()) - 1);

    /// <summary>An array of numbers.</summary>
    protected DeviceArray<float> Fill(int count, Func<float> value) => Upload(Values(count, value));

    /// <summary>An array that is to be written.</summary>
    protected DeviceArray<float> Unwritten(int count) => Upload(NoNumbers(count));

    /// <summary>Whatever is to be given back with the arrays.</summary>
    protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private static float[] NoNumbers(int count)
    {
        var values = new float[count];
        Array.Fill(values, float.NaN);
        return values;
    }
}
