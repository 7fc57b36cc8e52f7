namespace EDA.Engine.Data.Formats;

/// <summary>An NPZ file with D4RL's fields as arrays.</summary>
internal sealed class NpzSource(NpzFile file) : FlatSource(file.Path, "NPZ")
{
    // D4RL's fields by their paths, or or under another name.
    private static readonly string[] NotedNames = ["metadata/env", "env"];

    /// <inheritdoc/>
    public override string? Note => NotedNames.Select(Text).FirstOrDefault(text => text is not null);

    /// <inheritdoc/>
    public override IReadOnlyList<DatasetField> Fields => [.. file.Names.Select(Describe)];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Names => file.Names;

    /// <inheritdoc/>
    public override void Dispose() => file.Dispose();

    /// <inheritdoc/>
    protected override INumberArray? Find(string name) => file.Array(name);

    private string? Text(string name)
    {
        try
        {
            using var array = file.Array(name);
            return array?.Text();
        }
        catch (InvalidFileException)
        {
            // Only a hint is lost.
            return null;
        }
    }

    private DatasetField Describe(string name)
    {
        try
        {
            using var array = file.Array(name)!;
            return new DatasetField(name, Shape(array.Shape), array.TypeName, array.Storage);
        }
        catch (InvalidFileException)
        {
            // Of no account where it is not needed; where it is, reading says why.
            return new DatasetField(name, "cannot be opened", string.Empty, string.Empty);
        }
    }
}
