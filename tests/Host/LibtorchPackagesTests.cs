using System.IO.Compression;
using System.Reflection;
using EDA.Engine.Optimizers;
using EDA.Host.Downloads;
using EDA.Host.Setup;

namespace EDA.Tests.Host;

/// <summary>eda setup libtorch, from a feed of small packages under the same names.</summary>
[Trait("speed", "slow")]
public sealed class LibtorchPackagesTests : IDisposable
{
    private static readonly string LibtorchFile = OperatingSystem.IsWindows() ? "torch.dll" : "libtorch.so";

    private readonly ScratchFolder _folder = new();

    public LibtorchPackagesTests() => Directory.CreateDirectory(Feed);

    private string Feed => _folder.At("feed");

    private string Target => _folder.At("libtorch/1");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_versions_are_a_pair() =>
        Assert.Equal(
            TorchLibrary.Version + ".0",
            typeof(TorchSharp.torch).GetField("libtorchPackageVersion", BindingFlags.NonPublic | BindingFlags.Static)!.GetRawConstantValue());

    [OptionalFact(OptionalNeeds.LibtorchPackages)]
    public async Task Both_packages_native_files_come_into_one_folder_once()
    {
        Pack($"libtorch-cpu-{TorchLibrary.Platform}", TorchLibrary.Version, LibtorchFile);
        Pack("TorchSharp", TorchLibrary.TorchSharpVersion, TorchLibrary.FileName);
        var packages = Packages();
        Assert.False(packages.AreThere);
        await packages.FetchAsync(CancellationToken.None);
        Assert.True(packages.AreThere);
        Assert.Equal(new[] { LibtorchFile, TorchLibrary.FileName }.Order(StringComparer.Ordinal), Directory.GetFiles(Target).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder.At("libtorch")));

        // The second time there is nothing to fetch, and nothing to fetch it from.
        Directory.Delete(Feed, recursive: true);
        await packages.FetchAsync(CancellationToken.None);
    }

    [OptionalFact(OptionalNeeds.LibtorchPackages)]
    public async Task A_package_that_is_not_carried_is_named_and_nothing_is_left()
    {
        Pack($"libtorch-cpu-{TorchLibrary.Platform}", TorchLibrary.Version, LibtorchFile);
        var refused = await Assert.ThrowsAsync<DownloadException>(() => Packages().FetchAsync(CancellationToken.None));
        Assert.Equal("the package feed does not carry TorchSharp in the version that is needed", refused.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.At("libtorch")));
    }

    [OptionalFact(OptionalNeeds.LibtorchPackages)]
    public async Task A_feed_that_does_not_answer_is_no_answer()
    {
        var refused = await Assert.ThrowsAsync<DownloadException>(() => Packages("https://127.0.0.1:9/index.json").FetchAsync(CancellationToken.None));
        Assert.Equal("the package feed cannot be reached; the same command tries again", refused.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.At("libtorch")));
    }

    [OptionalFact(OptionalNeeds.LibtorchPackages)]
    public async Task An_interrupt_leaves_nothing()
    {
        using var interrupt = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Packages().FetchAsync(interrupt.Token));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.At("libtorch")));
    }

    [Fact]
    public void A_system_that_is_too_old_is_told_what_it_lacks()
    {
        const string Loader = "/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /clone/artifacts/libtorch/libLibTorchSharp.so)";
        Assert.Contains("needs GLIBCXX_3.4.32, which /lib/x86_64-linux-gnu/libstdc++.so.6 of this system is too old to have", TorchLibrary.Explain(Loader), StringComparison.Ordinal);
        Assert.EndsWith("does not load: it is broken", TorchLibrary.Explain("it is broken"), StringComparison.Ordinal);
    }

    [Fact]
    public void Setup_lists_what_there_is_and_takes_nothing_else()
    {
        var listed = EdaProcess.Run(_folder.Path, "setup");
        Assert.Equal((0, string.Empty), (listed.Status, listed.Error));
        Assert.StartsWith("eda setup libtorch ", listed.Output, StringComparison.Ordinal);
        var refused = EdaProcess.Run(_folder.Path, "setup", "jax");
        Assert.Equal(2, refused.Status);
        Assert.Equal("eda: LIBRARY is 'jax'; allowed is one of libtorch", Assert.Single(refused.ErrorLines));
    }

    [Fact]
    public void Without_libtorch_one_line_says_how_to_get_it()
    {
        var nowhere = new Dictionary<string, string> { [TorchLibrary.PathVariable] = _folder.At(TorchLibrary.FileName) };
        var result = EdaProcess.Run(_folder.Path, nowhere, "doctor");
        string row = Assert.Single(result.Output.Split('\n'), line => line.StartsWith("libtorch ", StringComparison.Ordinal));
        Assert.Matches("^libtorch +missing ", row);
        Assert.EndsWith("; ./eda setup libtorch gets it", row.TrimEnd(), StringComparison.Ordinal);
    }

    private LibtorchPackages Packages(string? feed = null) => new(Target, new Dictionary<string, string> { ["NUGET_PACKAGES"] = _folder.At("cache"), ["RestoreSources"] = feed ?? Feed });

    private void Pack(string id, string version, string file)
    {
        using var package = ZipFile.Open(Path.Combine(Feed, $"{id}.{version}.nupkg"), ZipArchiveMode.Create);
        Write($"{id}.nuspec", $"<package><metadata><id>{id}</id><version>{version}</version><authors>a</authors><description>d</description></metadata></package>");
        Write($"runtimes/{TorchLibrary.Platform}/native/{file}", id);

        void Write(string name, string text)
        {
            using var writer = new StreamWriter(package.CreateEntry(name).Open());
            writer.Write(text);
        }
    }
}
