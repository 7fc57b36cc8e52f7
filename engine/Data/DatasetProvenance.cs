namespace EDA.Engine.Data;

/// <summary>Where a dataset came from.</summary>
/// <param name="Path">The file, or what made the data where there is none.</param>
/// <param name="Format">The file's format, or <c>generated</c>.</param>
/// <param name="Bytes">The file's size; 0 without a file.</param>
/// <param name="Sha256">The SHA-256 of the file in hexadecimal digits; null without a file.</param>
/// <param name="Note">What the file itself says of its environment; null where it says nothing.</param>
public sealed record DatasetProvenance(string Path, string Format, long Bytes, string? Sha256, string? Note)
{
    /// <summary>
    /// How the file contradicts an environment: by what it says itself, or where it says nothing by its name. Two
    /// environments may have the same sizes.
    /// </summary>
    /// <param name="environment">The environment's name.</param>
    /// <returns>A line without the file's name; null where it does not.</returns>
    public string? Contradiction(string environment)
    {
        if (Sha256 is null)
            return null;
        string wanted = D4rlEnvironment.Guess(environment)?.Name ?? environment;
        if (D4rlEnvironment.Guess(Note) is { } noted)
            return noted.Name == wanted ? null : $"the file itself says that it is from {noted.Name}, and it is taken for one from {environment}";
        return D4rlEnvironment.Guess(System.IO.Path.GetFileName(Path)) is { } named && named.Name != wanted
            ? $"the file's name says that it is from {named.Name}, and it is taken for one from {environment}"
            : null;
    }

    /// <summary>Data without a file.</summary>
    /// <param name="description">What made it, for instance <c>pointmaze-umaze, seed 0</c>.</param>
    /// <returns>The provenance.</returns>
    public static DatasetProvenance Generated(string description) => new(description, "generated", 0, null, null);
}
