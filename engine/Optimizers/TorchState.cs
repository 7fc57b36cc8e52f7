using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;

namespace EDA.Engine.Optimizers;

/// <summary>
/// What an optimizer keeps from one step to the next, as arrays over all parameters: each field that torch's class for it
/// has, by the field's name. A tensor's elements stand where the parameter's stand. A number is written as its bits, low
/// half and high half in turn, over its parameter's elements, so that several models' states can be taken apart like the
/// rest (a parameter of one element has it in float32); the number of steps is not written, because the code that saves the
/// state knows it.
/// </summary>
internal sealed class TorchState
{
    private const string Steps = "step";

    private readonly OptimizerHelper _optimizer;
    private readonly TrainedTensors _tensors;
    private readonly HashSet<string> _known;
    private readonly HashSet<string> _required;

    /// <param name="optimizer">One that has not taken a step.</param>
    /// <param name="tensors">What it moves.</param>
    public TorchState(OptimizerHelper optimizer, TrainedTensors tensors)
    {
        (_optimizer, _tensors) = (optimizer, tensors);
        var fields = Parts().SelectMany(part => Fields(part.State).Select(field => (field.Name, IsThere: field.GetValue(part.State) is not null))).ToList();
        _known = [.. fields.Select(field => field.Name)];
        // The others come with the first step, or not at all.
        _required = [.. fields.Where(field => field.IsThere).Select(field => field.Name)];
    }

    public Dictionary<string, float[]> Export()
    {
        var arrays = new Dictionary<string, float[]>();
        foreach (var (state, first, count) in Parts())
        {
            foreach (var field in Fields(state))
            {
                if (field.GetValue(state) is not { } value)
                    continue;
                if (!arrays.TryGetValue(field.Name, out float[]? array))
                    arrays[field.Name] = array = new float[_tensors.Length];
                var part = array.AsSpan((int)first, count);
                if (value is torch.Tensor tensor)
                    Copy(tensor, part);
                else
                    Write((double)value, part);
            }
        }

        return arrays;
    }

    public void Import(IReadOnlyDictionary<string, float[]> arrays, long stepCount, string name)
    {
        Check(arrays, name);
        foreach (var (state, first, count) in Parts())
        {
            state.GetType().GetField(Steps)?.SetValue(state, stepCount);
            foreach (var field in Fields(state))
            {
                var part = arrays.TryGetValue(field.Name, out float[]? array) ? array.AsSpan((int)first, count) : default;
                if (field.FieldType == typeof(double))
                    field.SetValue(state, Read(part));
                else
                    Set(state, field, array is null ? null : part.ToArray(), Shape(first));
            }
        }
    }

    // Tensors and numbers; the number of steps apart.
    private static IEnumerable<FieldInfo> Fields(OptimizerState state) => state.GetType()
        .GetFields(BindingFlags.Public | BindingFlags.Instance)
        .Where(field => field.Name != Steps && (field.FieldType == typeof(torch.Tensor) || field.FieldType == typeof(double)));

    private static void Set(OptimizerState state, FieldInfo field, float[]? values, long[] shape)
    {
        var old = (torch.Tensor?)field.GetValue(state);
        torch.Tensor? tensor = null;
        if (values is not null)
        {
            using var scope = torch.NewDisposeScope();
            tensor = torch.tensor(values).reshape(shape).DetachFromDisposeScope();
        }

        field.SetValue(state, tensor);
        old?.Dispose();
    }

    private static void Copy(torch.Tensor tensor, Span<float> part)
    {
        using var scope = torch.NewDisposeScope();
        tensor.reshape(-1).data<float>().CopyTo(part);
    }

    private static void Write(double number, Span<float> part)
    {
        if (part.Length == 1)
        {
            part[0] = (float)number;
            return;
        }

        ulong bits = BitConverter.DoubleToUInt64Bits(number);
        var words = MemoryMarshal.Cast<float, uint>(part);
        for (int i = 0; i < words.Length; i++)
            words[i] = (uint)(bits >> (32 * (i & 1)));
    }

    private static double Read(ReadOnlySpan<float> part)
    {
        if (part.Length == 1)
            return part[0];
        var words = MemoryMarshal.Cast<float, uint>(part);
        return BitConverter.UInt64BitsToDouble(words[0] | ((ulong)words[1] << 32));
    }

    private void Check(IReadOnlyDictionary<string, float[]> arrays, string name)
    {
        if (!_required.All(arrays.ContainsKey) || !arrays.All(array => array.Value.Length == _tensors.Length && _known.Contains(array.Key)))
            throw new ArgumentException($"not a state of {name} over {_tensors.Length} parameters", nameof(arrays));
    }

    private long[] Shape(long first) => _tensors.Parts.Single(part => part.First == first).Parameter.shape;

    // The states come in the order of the groups, in which a tensor may stand anywhere.
    private IEnumerable<(OptimizerState State, long First, int Count)> Parts()
    {
        var firsts = _tensors.Parts.ToDictionary(part => part.Parameter.Handle, part => part.First);
        return _optimizer.parameters()
            .Zip(_optimizer.state_dict().State, (parameter, state) => (state, firsts[parameter.Handle], (int)parameter.numel()));
    }
}
