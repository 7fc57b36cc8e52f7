using EDA.Kernels;

namespace EDA.Engine.Checkpoints;

/// <summary>Which of the published code's modules a file of weights is for.</summary>
public enum PublishedModule
{
    /// <summary>The pretrained behavior, <c>diffusion_behavior.</c></summary>
    Behavior,

    /// <summary>The aligned policy, <c>diffusion_policy.</c></summary>
    Policy,
}

/// <summary>
/// The weights of a bottleneck diffusion model in the host's memory, and as a .safetensors file under the PyTorch
/// names of the method's section 2.
/// </summary>
public sealed class BdmWeights
{
    /// <summary>Makes weights from a flat array.</summary>
    /// <param name="layout">The order of the parameters.</param>
    /// <param name="parameters">θ [P], kept.</param>
    /// <exception cref="ArgumentException">The array is not as long as the layout.</exception>
    public BdmWeights(BdmLayout layout, float[] parameters)
    {
        if (parameters.Length != layout.Length)
            throw new ArgumentException($"{parameters.Length} numbers for {layout.Length} parameters", nameof(parameters));
        Layout = layout;
        Parameters = parameters;
    }

    /// <summary>The order of the parameters, and the sizes of the network.</summary>
    public BdmLayout Layout { get; }

    /// <summary>θ [P].</summary>
    public float[] Parameters { get; }

    /// <summary>
    /// Reads weights under any prefix. Sizes are inferred from the tensors' shapes; the published code's unused
    /// <c>residual</c> layers are ignored.
    /// </summary>
    /// <param name="path">The .safetensors file.</param>
    /// <param name="prefix">The prefix of the names, where the file holds several networks; tensors outside it are then ignored.</param>
    /// <returns>The weights.</returns>
    /// <exception cref="InvalidFileException">The file is broken, or tensors are missing, left over or of the wrong shape: the message names them.</exception>
    public static BdmWeights Load(string path, string? prefix = null) => throw new NotImplementedException();

    /// <summary>Writes the weights under their own names, without prefix.</summary>
    /// <param name="path">The .safetensors file.</param>
    /// <param name="overwrite">Whether a file of that name may be replaced.</param>
    /// <param name="metadata">Free text by key.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or it cannot be written.</exception>
    public void Save(string path, bool overwrite = false, IReadOnlyDictionary<string, string>? metadata = null) => throw new NotImplementedException();

    /// <summary>
    /// Writes the weights as the published code's strict load wants them: its module's prefix, and a zero
    /// <c>residual</c> layer (weight [H×H], bias [H]) in each block.
    /// </summary>
    /// <param name="path">The .safetensors file.</param>
    /// <param name="module">Whose weights they are.</param>
    /// <param name="overwrite">Whether a file of that name may be replaced.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or it cannot be written.</exception>
    public void SavePublished(string path, PublishedModule module, bool overwrite = false) => throw new NotImplementedException();
}
