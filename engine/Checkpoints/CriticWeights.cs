using System.Globalization;
using EDA.Kernels;

namespace EDA.Engine.Checkpoints;

/// <summary>
/// The weights of a critic in the host's memory, and as a .safetensors file under the names of the published code's
/// critic module, whose strict load takes them: <c>q0.q1.0.weight</c> … <c>q0_target.q2.4.bias</c>, and with V
/// <c>vf.v.0.weight</c> … <c>vf.v.4.bias</c>. Q reads the action first, then the state.
/// </summary>
public sealed class CriticWeights
{
    private const string TwinPrefix = "q0.";
    private const string TargetPrefix = "q0_target.";
    private const string ValuePrefix = "vf.";
    private const string StateSizeKey = "state_size";
    private const string What = "the weights of a critic";

    /// <summary>Makes weights from flat arrays.</summary>
    /// <param name="layout">The order of the parameters.</param>
    /// <param name="twin">Q₁ and Q₂, kept.</param>
    /// <param name="target">Q̄₁ and Q̄₂, kept.</param>
    /// <param name="value">V, kept; null where there is none.</param>
    /// <exception cref="ArgumentException">An array is not as long as its layout.</exception>
    public CriticWeights(CriticLayout layout, float[] twin, float[] target, float[]? value)
    {
        Require(twin.Length, layout.Twin.Length, nameof(twin));
        Require(target.Length, layout.Twin.Length, nameof(target));
        Require(value?.Length ?? layout.Value.Length, layout.Value.Length, nameof(value));
        (Layout, Twin, Target, Value) = (layout, twin, target, value);

        static void Require(int found, int needed, string name)
        {
            if (found != needed)
                throw new ArgumentException($"{found} numbers for {needed} parameters", name);
        }
    }

    /// <summary>The order of the parameters, and the sizes of the networks.</summary>
    public CriticLayout Layout { get; }

    /// <summary>Q₁ and Q₂.</summary>
    public float[] Twin { get; }

    /// <summary>Q̄₁ and Q̄₂.</summary>
    public float[] Target { get; }

    /// <summary>V; null where the critic has none.</summary>
    public float[]? Value { get; }

    /// <summary>
    /// Reads weights. Sizes are inferred from the tensors' shapes; that of the state from V, or where there is no V
    /// from what <see cref="Save"/> noted or the caller knows.
    /// </summary>
    /// <param name="path">The .safetensors file.</param>
    /// <param name="stateSize">S, where the caller knows it; a file of another size is refused.</param>
    /// <returns>The weights.</returns>
    /// <exception cref="InvalidFileException">The file is broken, or tensors are missing, left over or of the wrong shape: the message names them.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CriticWeights Load(string path, int? stateSize = null)
    {
        var content = Safetensors.Read(path);
        var tensors = new TensorMatch(content.Tensors);
        if (tensors.Size("q0.q1.0.weight", 0) is not { } width || tensors.Size("q0.q1.0.weight", 1) is not { } inputSize)
            throw new InvalidFileException(path, $"not {What}: missing q0.q1.0.weight, which tells the sizes");
        bool hasValue = tensors.HasAny(ValuePrefix);
        int? noted = int.TryParse(content.Metadata.GetValueOrDefault(StateSizeKey), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
        if ((tensors.Size("vf.v.0.weight", 1) ?? noted ?? stateSize) is not { } size)
            throw new InvalidFileException(path, "holds no V and no note of the number of state variables, so what is state and what is action cannot be told");
        if (stateSize is { } wanted && wanted != size)
            throw new InvalidFileException(path, $"is a critic of {size} state variables and not {wanted}");
        CriticShape shape;
        try
        {
            shape = new CriticShape(size, inputSize - size, width);
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new InvalidFileException(path, $"tensor shapes ask for stateSize {size}, actionSize {inputSize - size}, width {width}; {error.Message.Split(" (")[0]}", error);
        }

        var layout = new CriticLayout(shape);
        float[] twin = tensors.Take(layout.Twin.Slices, TwinPrefix, layout.Twin.Length);
        float[] target = tensors.Take(layout.Twin.Slices, TargetPrefix, layout.Twin.Length);
        float[]? value = hasValue ? tensors.Take(layout.Value.Slices, ValuePrefix, layout.Value.Length) : null;
        tensors.Finish(path, What);
        return new CriticWeights(layout, twin, target, value);
    }

    /// <summary>Writes the weights.</summary>
    /// <param name="path">The .safetensors file.</param>
    /// <param name="overwrite">Whether a file of that name may be replaced.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or it cannot be written.</exception>
    public void Save(string path, bool overwrite = false)
    {
        var tensors = NamedTensor.Of(Layout.Twin.Slices, TwinPrefix, Twin)
            .Concat(NamedTensor.Of(Layout.Twin.Slices, TargetPrefix, Target))
            .Concat(Value is null ? [] : NamedTensor.Of(Layout.Value.Slices, ValuePrefix, Value));
        var note = new Dictionary<string, string> { [StateSizeKey] = Layout.Shape.StateSize.ToString(CultureInfo.InvariantCulture) };
        Safetensors.Write(path, [.. tensors], note, overwrite, checksum: true);
    }
}
