using EDA.Engine.Checkpoints;
using EDA.Engine.Data.Formats;

namespace EDA.Engine.Alignment;

/// <summary>
/// Reads a user's annotations from an .npz file: <c>candidates</c> [N×K×A], <c>states</c> [N×S], and either <c>q</c>
/// [N×K] or <c>winner</c> [N], the number of the best candidate from 0. Any of numpy's number types.
/// </summary>
public static class UserLabelsFile
{
    private const string States = "states", Candidates = "candidates", Q = "q", Winner = "winner";

    /// <summary>Reads and checks annotations.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The annotations.</returns>
    /// <exception cref="InvalidFileException">It is no .npz file, or a field is missing, misshapen or holds what it must not.</exception>
    public static UserLabels Read(string path)
    {
        using var file = NpzFile.Open(path);
        string[] known = [States, Candidates, Q, Winner];
        if (file.Names.FirstOrDefault(name => !known.Contains(name)) is { } odd)
            throw new InvalidFileException(path, $"has a field {odd}; allowed are {string.Join(", ", known)}");
        return new UserLabels(path, Field(file, States), Field(file, Candidates), Field(file, Q), Field(file, Winner));
    }

    private static NamedTensor? Field(NpzFile file, string name)
    {
        using var array = file.Array(name);
        if (array is null)
            return null;
        long length = array.Shape.Aggregate(1L, (product, size) => checked(product * size));
        if (length > Array.MaxLength)
            throw new InvalidFileException(file.Path, $"{name} has {length} numbers; allowed are at most {Array.MaxLength}");
        var values = new float[length];
        array.Read(values);
        return new NamedTensor(name, [.. array.Shape.Select(size => (int)size)], values);
    }
}
