using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Baselines;

/// <summary>Reads what <see cref="MethodLearning"/> has written: the networks that a policy acts by, by the names of their tensors.</summary>
public sealed class MethodWeights
{
    private readonly string _path;
    private readonly TensorMatch _tensors;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The .safetensors file.</param>
    /// <exception cref="InvalidFileException">It is broken.</exception>
    public MethodWeights(string path)
    {
        _path = path;
        var content = Safetensors.Read(path);
        Fingerprint = Checkpoints.Fingerprint.Of([.. content.Tensors.SelectMany(tensor => tensor.Values)]);
        _tensors = new TensorMatch(content.Tensors);
    }

    /// <summary>A short name for all that is in the file.</summary>
    public string Fingerprint { get; }

    /// <summary>A network's parameters.</summary>
    /// <param name="layout">Where its tensors stand, with their names.</param>
    /// <param name="isAverage">Whether it is the average that followed them that is wanted.</param>
    /// <returns>The flat array.</returns>
    public float[] Network(MlpLayout layout, bool isAverage = false) => Take(layout.Slices, layout.Length, isAverage);

    /// <summary>Any parameters, or constants.</summary>
    /// <param name="slices">Where the tensors stand, with their names.</param>
    /// <param name="length">The length of the flat array.</param>
    /// <param name="isAverage">Whether it is the average that followed them that is wanted.</param>
    /// <returns>The flat array.</returns>
    public float[] Take(IReadOnlyList<ParameterSlice> slices, int length, bool isAverage = false) => _tensors.Take(slices, isAverage ? TrainedParameters.AveragePrefix : string.Empty, length);

    /// <summary>Refuses the file if something that was taken was not there, or of another shape.</summary>
    /// <param name="method">The method that it should be of.</param>
    /// <exception cref="InvalidFileException">It was.</exception>
    public void Finish(Method method)
    {
        _tensors.Ignore(_ => true);
        _tensors.Finish(_path, $"the weights of {method} with this run's sizes");
    }
}
