using System.Text.RegularExpressions;
using EDA.Host.Setup;

namespace EDA.Tests.Docs;

/// <summary>What documents point at is there.</summary>
public partial class DocumentTests
{
    [Fact]
    public void Every_relative_link_leads_somewhere()
    {
        string root = SourceTree.RequireRoot();
        string[] documents = [.. Directory.GetFiles(root, "*.md"), .. Directory.GetFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories)];
        Assert.Contains(Path.Combine(root, "docs", "method.md"), documents);
        var links = documents.SelectMany(document => Link().Matches(File.ReadAllText(document)).Select(match => (Document: document, Target: match.Groups[1].Value)))
            .Where(link => !link.Target.Contains("://", StringComparison.Ordinal) && !link.Target.StartsWith('#'))
            .ToList();
        Assert.NotEmpty(links);
        Assert.Equal([], links
            .Where(link => !Path.Exists(Path.Combine(Path.GetDirectoryName(link.Document)!, link.Target.Split('#')[0])))
            .Select(link => $"{Path.GetRelativePath(root, link.Document)}: {link.Target}"));
    }

    [Fact]
    public void Every_section_that_a_comment_cites_is_there()
    {
        string root = SourceTree.RequireRoot();
        string method = File.ReadAllText(Path.Combine(root, "docs", "method.md"));
        string[] cited =
        [
            .. from folder in (string[])["kernels", "engine", "host", "bench", "tests"]
               from file in Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories)
               from Match match in Citation().Matches(File.ReadAllText(file))
               select match.Groups[1].Value,
        ];
        Assert.NotEmpty(cited);
        Assert.All(cited.Distinct(), section => Assert.Contains($"\n## {section}. ", method, StringComparison.Ordinal));
    }

    [Fact]
    public void The_readmes_program_is_the_packages_which_a_test_runs()
    {
        string root = SourceTree.RequireRoot();
        Assert.Equal(Program(Path.Combine(root, "docs", "package.md")), Program(Path.Combine(root, "README.md")));

        static string Program(string path) => File.ReadAllText(path).Split("```cs\n")[1].Split("```")[0];
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"method: sections? (\d)")]
    private static partial Regex Citation();
}
