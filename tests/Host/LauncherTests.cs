using System.Diagnostics;
using EDA.Host.Setup;

namespace EDA.Tests.Host;

public sealed class LauncherTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [OptionalFact(OptionalNeeds.Bash)]
    public void A_missing_dotnet_is_named_in_one_line()
    {
        foreach (string tool in new[] { "dirname", "readlink" })
            File.CreateSymbolicLink(_folder.At(tool), Find(tool));
        var start = new ProcessStartInfo(Find("bash"), [Path.Combine(SourceTree.RequireRoot(), "eda"), "recipes"]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PATH"] = _folder.Path;
        using var process = Process.Start(start)!;
        var result = EdaProcess.Finish(process);
        Assert.Equal(1, result.Status);
        Assert.Contains(".NET 10 SDK", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    private static string Find(string tool) => Environment.GetEnvironmentVariable("PATH")!.Split(':')
        .Select(folder => Path.Combine(folder, tool)).First(File.Exists);
}
