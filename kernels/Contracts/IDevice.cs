namespace EDA.Kernels;

/// <summary>
/// The seam that everything else hangs on: a device owns arrays and offers fused operations on them.
/// Operations on one device run in the order they are called, from one thread at a time; two threads need two devices.
/// </summary>
public interface IDevice : IDisposable
{
    /// <summary>A short name with what matters for speed, for instance <c>cpu (AVX-512, 2 threads)</c>.</summary>
    string Name { get; }

    /// <summary>The precision of matrix products, as users write it.</summary>
    string PrecisionName => "fp32";

    /// <summary>The operations on plain arrays: random numbers, gathers, Adam, Polyak averages.</summary>
    IVectorOperations Vector { get; }

    /// <summary>Makes an array of zeros.</summary>
    /// <typeparam name="T">The element type, <see cref="float"/> or <see cref="int"/>.</typeparam>
    /// <param name="length">The number of elements.</param>
    /// <returns>The array, owned by the caller.</returns>
    DeviceArray<T> Allocate<T>(long length)
        where T : unmanaged;

    /// <summary>
    /// Makes the fused operations of one network shape, with a workspace of their own: of one network, or of several
    /// that are worked on side by side.
    /// </summary>
    /// <param name="shape">The sizes of each network.</param>
    /// <param name="schedule">The noise schedule that turns a diffusion time into α and σ.</param>
    /// <param name="models">M, the number of networks, at least 1.</param>
    /// <returns>The operations, owned by the caller.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no network.</exception>
    IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1);

    /// <summary>Makes the fused operations of critics of one shape, with a workspace of their own.</summary>
    /// <param name="shape">The sizes of the networks.</param>
    /// <returns>The operations, owned by the caller.</returns>
    ICriticOperations CreateCritic(CriticShape shape);

    /// <summary>
    /// Makes the operations of multi-layer perceptrons of one shape, with a workspace of their own: of one network, or of
    /// several that are worked on side by side.
    /// </summary>
    /// <param name="shape">The sizes of each network.</param>
    /// <param name="models">M, the number of networks, at least 1.</param>
    /// <returns>The operations, owned by the caller.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no network.</exception>
    IMlpOperations CreateMlp(MlpShape shape, int models = 1);

    /// <summary>Waits until everything called so far has finished.</summary>
    void Synchronize();
}

/// <summary>What one can do with a device in one line.</summary>
public static class DeviceExtensions
{
    /// <summary>Makes an array with the given contents.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="device">The device that owns the array.</param>
    /// <param name="values">The contents.</param>
    /// <returns>The array, owned by the caller.</returns>
    public static DeviceArray<T> Upload<T>(this IDevice device, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var array = device.Allocate<T>(values.Length);
        array.CopyFrom(values);
        return array;
    }

    /// <summary>Makes an array with the contents of several models, one after the other.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="device">The device that owns the array.</param>
    /// <param name="values">The contents by model.</param>
    /// <returns>The array, owned by the caller.</returns>
    public static DeviceArray<T> UploadEach<T>(this IDevice device, IEnumerable<T[]> values)
        where T : unmanaged
    {
        T[][] models = [.. values];
        var array = device.Allocate<T>(models.Sum(model => (long)model.Length));
        long offset = 0;
        foreach (var model in models)
        {
            array.CopyFrom(model, offset);
            offset += model.Length;
        }

        return array;
    }
}
