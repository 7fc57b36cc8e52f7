namespace EDA.Tests.Engine;

/// <summary>The checkpoints of two runs that should have come to the same.</summary>
internal static class StateFiles
{
    /// <summary>Requires the same files of the same bytes. How often a run was saved, and how long its rollouts took, is its own affair.</summary>
    public static void RequireSame(string expected, string actual)
    {
        string[] names = Names(expected);
        Assert.Equal(names, Names(actual));
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(Path.Combine(expected, name)), File.ReadAllBytes(Path.Combine(actual, name))));
    }

    private static string[] Names(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file))
            .Where(name => !name.Contains(".previous.", StringComparison.Ordinal) && Path.GetFileName(name) != "evaluation.state.safetensors")
            .Order(StringComparer.Ordinal),
    ];
}
