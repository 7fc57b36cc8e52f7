using EDA.Engine.Data.Hdf5;

namespace EDA.Engine.Data.Formats;

/// <summary>An HDF5 file as D4RL publishes them.</summary>
internal sealed class D4rlSource(Hdf5File file) : FlatSource(file.Path, "D4RL HDF5")
{
    private const int DeepestNesting = 50;

    /// <inheritdoc/>
    public override string? Note => file.Text("metadata/env");

    /// <inheritdoc/>
    public override IReadOnlyList<DatasetField> Fields => [.. Describe()];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Names => file.Names();

    /// <inheritdoc/>
    public override void Dispose() => file.Dispose();

    /// <inheritdoc/>
    protected override INumberArray? Find(string name) => file.Exists(name) ? file.Dataset(name) : null;

    /// <summary>Everything below the root; a group that is met again, through another link, is not entered again.</summary>
    private IEnumerable<DatasetField> Describe()
    {
        var seen = new Dictionary<string, string> { [file.Identity("/")] = "/" };
        var left = new Stack<string>(file.Names().Reverse());
        while (left.TryPop(out string? path))
        {
            if (path.Count('/') > DeepestNesting)
            {
                yield return new DatasetField(path, "deeper than is looked", string.Empty, string.Empty);
            }
            else if (file.IsGroup(path))
            {
                if (!seen.TryAdd(file.Identity(path), path))
                {
                    yield return new DatasetField(path, $"the group {seen[file.Identity(path)]}", string.Empty, string.Empty);
                    continue;
                }

                foreach (string name in file.Names(path).Reverse())
                    left.Push($"{path}/{name}");
            }
            else if (Field(path) is { } field)
            {
                yield return field;
            }
        }
    }

    private DatasetField? Field(string path)
    {
        if (file.IsBroken(path))
            return new DatasetField(path, "cannot be opened", string.Empty, string.Empty);
        if (file.Text(path) is not null)
            return new DatasetField(path, Shape([]), "text", string.Empty);
        if (!file.Exists(path))
            return null;
        using var array = file.Dataset(path);
        return new DatasetField(path, Shape(array.Shape), array.TypeName, array.Storage);
    }
}
