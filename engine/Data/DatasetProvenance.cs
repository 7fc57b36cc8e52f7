namespace EDA.Engine.Data;

/// <summary>Where a dataset came from.</summary>
/// <param name="Path">The file, or what made the data where there is none.</param>
/// <param name="Format">The file's format, or <c>generated</c>.</param>
/// <param name="Bytes">The file's size; 0 without a file.</param>
/// <param name="Sha256">The SHA-256 of the file in hexadecimal digits; null without a file.</param>
/// <param name="Note">What the file itself says of its environment; null where it says nothing.</param>
public sealed record DatasetProvenance(string Path, string Format, long Bytes, string? Sha256, string? Note)
{
    /// <summary>Data without a file.</summary>
    /// <param name="description">What made it, for instance <c>pointmaze-umaze, seed 0</c>.</param>
    /// <returns>The provenance.</returns>
    public static DatasetProvenance Generated(string description) => new(description, "generated", 0, null, null);
}
