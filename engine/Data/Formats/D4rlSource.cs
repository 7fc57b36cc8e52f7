using EDA.Engine.Data.Hdf5;

namespace EDA.Engine.Data.Formats;

/// <summary>An HDF5 file as D4RL publishes them.</summary>
internal sealed class D4rlSource(Hdf5File file) : FlatSource(file.Path, "D4RL HDF5")
{
    /// <inheritdoc/>
    public override string? Note => file.Text("metadata/env");

    /// <inheritdoc/>
    public override IReadOnlyList<DatasetField> Fields => [.. Describe(string.Empty)];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Names => file.Names();

    /// <inheritdoc/>
    public override void Dispose() => file.Dispose();

    /// <inheritdoc/>
    protected override INumberArray? Find(string name) => file.Exists(name) ? file.Dataset(name) : null;

    private IEnumerable<DatasetField> Describe(string folder)
    {
        foreach (string name in file.Names(folder.Length > 0 ? folder : "/"))
        {
            string path = folder + name;
            if (file.IsGroup(path))
            {
                foreach (var inner in Describe(path + '/'))
                    yield return inner;
            }
            else if (file.IsBroken(path))
            {
                yield return new DatasetField(path, "cannot be opened", string.Empty, string.Empty);
            }
            else if (file.Text(path) is not null)
            {
                yield return new DatasetField(path, Shape([]), "text", string.Empty);
            }
            else if (file.Exists(path))
            {
                using var array = file.Dataset(path);
                yield return new DatasetField(path, Shape(array.Shape), array.TypeName, array.Storage);
            }
        }
    }
}
