namespace EDA.Tests.Engine;

/// <summary>The checkpoints of two runs that should have come to the same.</summary>
internal static class StateFiles
{
    /// <summary>Requires the same files of the same bytes. How often a run was saved, and how long its rollouts took, is its own affair.</summary>
    /// <param name="expected">The folder of one.</param>
    /// <param name="actual">That of the other.</param>
    /// <param name="except">Names of files that are not looked at.</param>
    public static void RequireSame(string expected, string actual, params string[] except)
    {
        string[] names = [.. Names(expected).Except(except)];
        Assert.Equal(names, Names(actual).Except(except));
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(Path.Combine(expected, name)), File.ReadAllBytes(Path.Combine(actual, name))));
    }

    private static string[] Names(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file))
            .Where(name => !name.Contains(".previous.", StringComparison.Ordinal) && Path.GetFileName(name) is not ("evaluation.state.safetensors" or "learning_curve.state.safetensors"))
            .Order(StringComparer.Ordinal),
    ];
}
