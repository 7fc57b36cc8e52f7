using System.Text.Json;
using EDA.Host.Setup;

namespace EDA.Tests.Host;

/// <summary>docs/run-folder.md, which says what each key means.</summary>
internal static class RunFolderDocument
{
    private static readonly string Page = File.ReadAllText(Path.Combine(SourceTree.RequireRoot(), "docs", "run-folder.md"));

    /// <summary>Every key of the files, at any depth, is on the page.</summary>
    public static void AssertHasEveryKey(params string[] files)
    {
        foreach (string file in files)
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            Assert.All(Keys(document.RootElement), key => Assert.Contains($"`{key}`", Page, StringComparison.Ordinal));
        }
    }

    private static IEnumerable<string> Keys(JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().SelectMany(property => Keys(property.Value).Prepend(property.Name))
        : [];
}
