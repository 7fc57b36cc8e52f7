using System.Globalization;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using TorchSharp;
using TorchSharp.Modules;

namespace EDA.Engine.Optimizers;

/// <summary>
/// The tensors of one or several models whose parameters stand in one array, as torch's parameters: views of one flat
/// tensor, and their gradients views of another.
/// </summary>
internal abstract class TrainedTensors : IDisposable
{
    private readonly List<(Parameter Parameter, ParameterSlice Slice, long First)> _parts = [];
    private torch.Tensor? _gradient;

    protected TrainedTensors(DeviceArray<float> parameters, ParameterLayout layout)
    {
        Length = parameters.Length;
        if (Length < layout.Length)
            throw new ArgumentException($"the array holds {Length} numbers; a model has {layout.Length}", nameof(parameters));
        (Array, Layout) = (parameters, layout);
    }

    /// <summary>P, the elements of the whole array.</summary>
    public long Length { get; }

    /// <summary>Each tensor by its name.</summary>
    public IReadOnlyList<(string Name, Parameter Parameter)> Named { get; private set; } = [];

    /// <summary>Where each tensor begins in the array.</summary>
    public IEnumerable<(Parameter Parameter, long First)> Parts => _parts.Select(part => (part.Parameter, part.First));

    protected DeviceArray<float> Array { get; }

    private ParameterLayout Layout { get; }

    private int Models => (int)(((Length - Layout.Length) / Layout.Stride) + 1);

    /// <summary>Before a step along this gradient.</summary>
    public abstract void Begin(DeviceArray<float> gradient);

    /// <summary>After the step.</summary>
    public abstract void End();

    public void Dispose()
    {
        foreach (var part in _parts)
            part.Parameter.Dispose();
        _gradient?.Dispose();
        Release();
    }

    protected virtual void Release()
    {
    }

    /// <summary>Makes the parameters.</summary>
    protected void View(nint address)
    {
        using var scope = torch.NewDisposeScope();
        using var flat = TorchMemory.Floats(address, Length);
        var named = new List<(string, Parameter)>();
        for (int m = 0; m < Models; m++)
        {
            string prefix = Models == 1 ? string.Empty : m.ToString(CultureInfo.InvariantCulture) + ".";
            foreach (var slice in Layout.Trained)
            {
                long first = ((long)m * Layout.Stride) + slice.Offset;
                var parameter = new Parameter(Part(flat, slice, first));
                parameter.DetachFromDisposeScope();
                _parts.Add((parameter, slice, first));
                named.Add((prefix + slice.Name, parameter));
            }
        }

        Named = named;
    }

    /// <summary>Makes the parameters' gradients.</summary>
    protected void ViewGradient(nint address)
    {
        _gradient?.Dispose();
        _gradient = TorchMemory.Floats(address, Length).DetachFromDisposeScope();
        foreach (var (parameter, slice, first) in _parts)
        {
            using var gradient = Part(_gradient, slice, first);
            TorchMemory.SetGradient(parameter, gradient);
        }
    }

    private static torch.Tensor Part(torch.Tensor flat, ParameterSlice slice, long first)
    {
        using var part = flat.narrow(0, first, slice.Length);
        return part.view([.. slice.Dimensions.Select(size => (long)size)]);
    }
}

/// <summary>On the arrays of a CPU device: nothing is copied.</summary>
internal sealed class SharedTensors : TrainedTensors
{
    private DeviceArray<float>? _gradient;

    public SharedTensors(DeviceArray<float> parameters, ParameterLayout layout)
        : base(parameters, layout) => View(CpuMemory.Address(parameters, parameters.Length));

    public override void Begin(DeviceArray<float> gradient)
    {
        // Parameters that were disposed of are refused here, before torch writes to their memory.
        _ = CpuMemory.Address(Array, Length);
        nint address = CpuMemory.Address(gradient, Length);
        if (ReferenceEquals(gradient, _gradient))
            return;
        ViewGradient(address);
        _gradient = gradient;
    }

    public override void End()
    {
        GC.KeepAlive(Array);
        GC.KeepAlive(_gradient);
    }
}

/// <summary>On copies of another device's arrays, pinned in the host's memory.</summary>
internal sealed class CopiedTensors : TrainedTensors
{
    private readonly float[] _parameters;
    private readonly float[] _gradient;

    public CopiedTensors(DeviceArray<float> parameters, ParameterLayout layout)
        : base(parameters, layout)
    {
        _parameters = GC.AllocateArray<float>(checked((int)Length), pinned: true);
        _gradient = GC.AllocateArray<float>(checked((int)Length), pinned: true);
        View(Address(_parameters));
        ViewGradient(Address(_gradient));
    }

    public override void Begin(DeviceArray<float> gradient)
    {
        gradient.CopyTo(_gradient);
        Array.CopyTo(_parameters);
    }

    public override void End() => Array.CopyFrom(_parameters);

    private static unsafe nint Address(float[] pinned)
    {
        fixed (float* first = pinned)
            return (nint)first;
    }
}
