namespace EDA.Engine.Checkpoints;

/// <summary>A tensor in the host's memory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions, outermost first; empty for a single number.</param>
/// <param name="Values">Its elements, row-major.</param>
public sealed record NamedTensor(string Name, IReadOnlyList<int> Shape, float[] Values);

/// <summary>What a .safetensors file holds.</summary>
/// <param name="Tensors">The tensors, in the order of their data in the file.</param>
/// <param name="Metadata">The file's free text, by key.</param>
public sealed record SafetensorsContent(IReadOnlyList<NamedTensor> Tensors, IReadOnlyDictionary<string, string> Metadata);

/// <summary>
/// The .safetensors format: eight bytes of header length, a JSON header with dtype, shape and data offsets of each
/// tensor, then the tensors' bytes without gaps, all little-endian.
/// </summary>
public static class Safetensors
{
    /// <summary>Reads a file. Numbers of F64, F16 and BF16 tensors are turned into float.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Its contents.</returns>
    /// <exception cref="InvalidFileException">The file is not a whole and consistent .safetensors file, or holds numbers of another kind.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsContent Read(string path) => throw new NotImplementedException();

    /// <summary>Writes a file of F32 tensors: to a temporary file beside it first, so that no broken file is ever seen.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors; names are unique.</param>
    /// <param name="metadata">Free text by key.</param>
    /// <param name="overwrite">Whether a file of that name may be replaced.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or it cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null, bool overwrite = false) => throw new NotImplementedException();
}
