using System.Text.RegularExpressions;
using EDA.Host.Setup;

namespace EDA.Tests.Bench;

/// <summary>The files of the method in PyTorch: one that stands alone, and others around it.</summary>
public partial class ReferenceFilesTests
{
    private static readonly IReadOnlyDictionary<string, string[]> _imports = Read();

    [Fact]
    public void The_method_is_one_file_that_needs_none_of_the_others()
    {
        Assert.Empty(_imports["eda"]);
        Assert.InRange(File.ReadAllLines(Path.Combine(Folder, "eda.py")).Length, 1, 500);
    }

    [Theory]
    [InlineData("actor_critic")]
    [InlineData("contrastive_energy")]
    [InlineData("gaussian_policy")]
    [InlineData("generative")]
    public void The_methods_beside_it_need_it_alone(string file) => Assert.All(_imports[file], other => Assert.Equal("eda", other));

    [Fact]
    public void No_file_is_imported_by_one_that_it_imports()
    {
        Assert.Contains("eda", _imports["stages"]);
        Assert.All(_imports.Keys, file => Assert.DoesNotContain(file, Reached(file)));
    }

    private static string Folder => Path.Combine(SourceTree.RequireRoot(), "bench", "reference");

    // What a file imports, and what that imports, and so on.
    private static HashSet<string> Reached(string file)
    {
        var reached = new HashSet<string>();
        var open = new Stack<string>(_imports[file]);
        while (open.TryPop(out string? next))
        {
            if (!reached.Add(next))
                continue;
            foreach (string further in _imports[next])
                open.Push(further);
        }

        return reached;
    }

    private static Dictionary<string, string[]> Read()
    {
        var texts = Directory.GetFiles(Folder, "*.py").ToDictionary(path => Path.GetFileNameWithoutExtension(path), File.ReadAllText);
        return texts.ToDictionary(
            file => file.Key,
            file => Import().Matches(file.Value).SelectMany(match => match.Groups[1].Value.Split(',')).Select(name => name.Trim().Split(' ', '.')[0]).Where(texts.ContainsKey).Distinct().ToArray());
    }

    // Also inside functions.
    [GeneratedRegex(@"^[ \t]*(?:from|import)[ \t]+([\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*)", RegexOptions.Multiline)]
    private static partial Regex Import();
}
