using EDA.Engine.Optimizers;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using TorchSharp;

namespace EDA.Bench.Torch;

/// <summary>The tensors of one operation: all are disposed of at its end, and the arrays they are views of live until then.</summary>
internal sealed class TensorScope : IDisposable
{
    private const int Alignment = 64;

    private readonly IDisposable _tensors = torch.NewDisposeScope();
    private readonly List<object> _owners = [];

    /// <summary>Refuses counts below one.</summary>
    public static int AtLeastOne(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return count;
    }

    /// <summary>Elements of an array as a tensor of this shape, on the same memory.</summary>
    /// <param name="array">The array.</param>
    /// <param name="first">The first element.</param>
    /// <param name="shape">The sizes.</param>
    public torch.Tensor View(DeviceArray<float> array, long first, params ReadOnlySpan<long> shape) => TorchMemory.Floats(Address(array, first, shape), Count(shape)).view(shape.ToArray());

    /// <summary>A model's part of an array that only is read: copied where it is not aligned as an array of its own, which sums depend on.</summary>
    /// <param name="array">The parts of all models, one after the other.</param>
    /// <param name="model">m.</param>
    /// <param name="models">M; the array must hold them all.</param>
    /// <param name="shape">The sizes of one part.</param>
    public torch.Tensor Input(DeviceArray<float> array, int model, int models, params ReadOnlySpan<long> shape)
    {
        long count = Count(shape);
        Address(array, 0, [models, count]);
        var view = View(array, model * count, shape);
        return Address(array, model * count, shape) % Alignment == 0 ? view : view.clone();
    }

    /// <summary>A model's part of an array that is written.</summary>
    /// <param name="array">The parts of all models, one after the other.</param>
    /// <param name="model">m.</param>
    /// <param name="models">M; the array must hold them all.</param>
    /// <param name="shape">The sizes of one part.</param>
    public torch.Tensor Output(DeviceArray<float> array, int model, int models, params ReadOnlySpan<long> shape)
    {
        long count = Count(shape);
        Address(array, 0, [models, count]);
        return View(array, model * count, shape);
    }

    /// <summary>Tensors of a flat parameter array by their place in it.</summary>
    /// <param name="parameters">The array.</param>
    /// <param name="slices">The tensors in it.</param>
    /// <param name="first">Where the first stands.</param>
    /// <param name="trained">Those that gradients will be asked for.</param>
    public Dictionary<ParameterSlice, torch.Tensor> Parameters(DeviceArray<float> parameters, IEnumerable<ParameterSlice> slices, long first, IReadOnlyCollection<ParameterSlice> trained)
    {
        var tensors = slices.ToDictionary(slice => slice, slice => View(parameters, first + slice.Offset, [.. slice.Dimensions.Select(size => (long)size)]));
        foreach (var slice in trained)
            tensors[slice].requires_grad_(true);
        return tensors;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tensors.Dispose();
        GC.KeepAlive(_owners);
    }

    private static long Count(ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long size in shape)
            count = checked(count * size);
        return count;
    }

    private nint Address(DeviceArray<float> array, long first, ReadOnlySpan<long> shape)
    {
        nint address = CpuMemory.Address(array, checked(first + Count(shape)));
        _owners.Add(array);
        return checked(address + (nint)(sizeof(float) * first));
    }
}
