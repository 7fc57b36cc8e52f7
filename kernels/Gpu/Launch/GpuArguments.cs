
namespace EDA.Kernels.Gpu;

/// <summary>Turns the arrays of a call into views, and refuses those that are too short or live elsewhere.</summary>
/// <param name="backend">Where they must live.</param>
/// <param name="models">The number of models.</param>
internal sealed class GpuArguments(GpuBackend backend, int models)
{
    /// <summary>The array, refused unless it is one of this device and holds at least <paramref name="needed"/> elements.</summary>
    public GpuArray<T> Array<T>(DeviceArray<T> array, long needed)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array is not GpuArray<T> mine || mine.Backend != backend)
            throw new ArgumentException($"the array is a {array.GetType().Name} of another device", nameof(array));
        if (needed < 0 || array.Length < needed)
            throw new ArgumentException($"the array holds {array.Length} elements; the operation needs {needed}", nameof(array));
        _ = mine.View; // refuses one that was given back: a replay would not look
        return mine;
    }

    /// <summary>An array of <paramref name="count"/> elements a model.</summary>
    public ModelView Of(DeviceArray<float> array, long count) => Part(Array(array, checked(count * models)), 0, count, count);

    /// <summary>The same, or <paramref name="none"/> for null.</summary>
    public ModelView Of(DeviceArray<float>? array, long count, ModelView none) => array is null ? none : Of(array, count);

    /// <summary>The same, of which only a part of each model's elements is meant.</summary>
    /// <param name="array">The array.</param>
    /// <param name="count">The elements of a model.</param>
    /// <param name="first">The first that is meant.</param>
    /// <param name="meant">How many are meant.</param>
    /// <param name="none">What stands for null.</param>
    public ModelView Part(DeviceArray<float>? array, long count, long first, long meant, ModelView none) =>
        array is null ? none : Part(Array(array, checked(count * models)), first, meant, count);

    /// <summary>Elements of each model.</summary>
    /// <param name="all">All models' elements.</param>
    /// <param name="first">The first of each model's that is meant.</param>
    /// <param name="count">How many are meant.</param>
    /// <param name="stride">From one model's to the next's.</param>
    public ModelView Part(GpuArray<float> all, long first, long count, long stride) => Part(all, first, count, stride, models);

    /// <summary>The flat parameters of each model, or their gradient.</summary>
    public ModelView Parameters(DeviceArray<float> array, BdmLayout layout)
    {
        long stride = layout.ModelStride;
        return Part(Array(array, ((models - 1) * stride) + layout.Length), 0, layout.Length, stride);
    }

    /// <summary>Elements of each model where an operation's models are counted by the call.</summary>
    /// <param name="all">All models' elements.</param>
    /// <param name="first">The first of each model's that is meant.</param>
    /// <param name="count">How many are meant.</param>
    /// <param name="stride">From one model's to the next's.</param>
    /// <param name="models">The number of models.</param>
    public static ModelView Part(GpuArray<float> all, long first, long count, long stride, int models) => new()
    {
        All = all.View.SubView(first, ((models - 1) * stride) + count),
        Stride = models > 1 ? stride : 0,
        Length = count,
        IsAligned = (all.Start + first) % 4 == 0 && (models == 1 || stride % 4 == 0) ? 1 : 0,
    };

    /// <summary>Refuses counts below one.</summary>
    public static int AtLeastOne(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return count;
    }
}
