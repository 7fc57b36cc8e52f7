using EDA.Kernels;

namespace EDA.Engine.Checkpoints;

/// <summary>
/// The weights of a deterministic policy in the host's memory, and as a .safetensors file under the published code's
/// names, <c>deter_policy.net.0.weight</c> … <c>deter_policy.net.4.bias</c>.
/// </summary>
public sealed class DeterministicPolicyWeights
{
    private const string Prefix = "deter_policy.";
    private const string What = "the weights of a deterministic policy";

    private readonly MlpLayout _layout;

    /// <summary>Makes weights from a flat array.</summary>
    /// <param name="shape">The sizes of the networks.</param>
    /// <param name="parameters">The parameters, kept.</param>
    /// <exception cref="ArgumentException">The array is not as long as the layout.</exception>
    public DeterministicPolicyWeights(CriticShape shape, float[] parameters)
    {
        _layout = new CriticLayout(shape).Policy;
        if (parameters.Length != _layout.Length)
            throw new ArgumentException($"{parameters.Length} numbers for {_layout.Length} parameters", nameof(parameters));
        (Shape, Parameters) = (shape, parameters);
    }

    /// <summary>The sizes of the networks.</summary>
    public CriticShape Shape { get; }

    /// <summary>The parameters.</summary>
    public float[] Parameters { get; }

    /// <summary>Reads weights; sizes are inferred from the tensors' shapes.</summary>
    /// <param name="path">The .safetensors file.</param>
    /// <returns>The weights.</returns>
    /// <exception cref="InvalidFileException">The file is broken, or tensors are missing, left over or of the wrong shape: the message names them.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DeterministicPolicyWeights Load(string path)
    {
        var tensors = new TensorMatch(Safetensors.Read(path).Tensors);
        if (tensors.Size(Prefix + "net.0.weight", 0) is not { } width || tensors.Size(Prefix + "net.0.weight", 1) is not { } stateSize)
            throw new InvalidFileException(path, $"not {What}: missing {Prefix}net.0.weight, which tells the sizes");
        if (tensors.Size(Prefix + "net.4.weight", 0) is not { } actionSize)
            throw new InvalidFileException(path, $"not {What}: missing {Prefix}net.4.weight, which tells the number of action variables");
        CriticShape shape;
        try
        {
            shape = new CriticShape(stateSize, actionSize, width);
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new InvalidFileException(path, $"tensor shapes ask for stateSize {stateSize}, actionSize {actionSize}, width {width}; {error.Message.Split(" (")[0]}", error);
        }

        var layout = new CriticLayout(shape).Policy;
        float[] parameters = tensors.Take(layout.Slices, Prefix, layout.Length);
        tensors.Finish(path, What);
        return new DeterministicPolicyWeights(shape, parameters);
    }

    /// <summary>Writes the weights.</summary>
    /// <param name="path">The .safetensors file.</param>
    /// <param name="overwrite">Whether a file of that name may be replaced.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or it cannot be written.</exception>
    public void Save(string path, bool overwrite = false) =>
        Safetensors.Write(path, [.. NamedTensor.Of(_layout.Slices, Prefix, Parameters)], null, overwrite, checksum: true);
}
