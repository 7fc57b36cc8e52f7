using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using EDA.Engine.Optimizers;
using EDA.Host.CommandLine;
using EDA.Host.Downloads;

namespace EDA.Host.Setup;

/// <summary>
/// libtorch and TorchSharp's native part, fetched by the package manager (its feeds, its cache, its checks) and put into one
/// folder, whole or not at all.
/// </summary>
/// <param name="folder">The folder; it is there only when all of it is.</param>
/// <param name="environment">Set for the package manager beside what this process has; null for nothing.</param>
public sealed partial class LibtorchPackages(string folder, IReadOnlyDictionary<string, string>? environment = null)
{
    // To download, with TorchSharp's 3 MB, and unpacked: sizes of TorchSharp 0.107.0's libtorch 2.10.0.
    private static readonly Dictionary<string, (string Download, string Unpacked)> Sizes = new(StringComparer.Ordinal)
    {
        ["linux-x64"] = ("132 MB", "0.5 GB"),
        ["win-x64"] = ("83 MB", "0.3 GB"),
        ["osx-arm64"] = ("60 MB", "0.3 GB"),
    };

    /// <summary>Whether there are packages for this system.</summary>
    public static bool ArePublished => Sizes.ContainsKey(TorchLibrary.Platform);

    /// <summary>Both packages with their versions, and what they take.</summary>
    public static string Description => Sizes.TryGetValue(TorchLibrary.Platform, out var sizes)
        ? $"{LibtorchId} {TorchLibrary.Version} and TorchSharp {TorchLibrary.TorchSharpVersion}'s native part, {sizes.Download} to download where they are not cached, {sizes.Unpacked} unpacked"
        : $"none for {TorchLibrary.Platform}: there are packages for {string.Join(", ", Sizes.Keys)}";

    /// <summary>Whether all of it is there.</summary>
    public bool AreThere => File.Exists(Path.Combine(folder, TorchLibrary.FileName));

    private static string LibtorchId => $"libtorch-cpu-{TorchLibrary.Platform}";

    /// <summary>Fetches both, unless they are there.</summary>
    /// <param name="cancellation">Ends it, and leaves nothing.</param>
    /// <returns>A task.</returns>
    /// <exception cref="UserError">There are no packages for this system, or there is no package manager.</exception>
    /// <exception cref="DownloadException">They could not be fetched.</exception>
    public async Task FetchAsync(CancellationToken cancellation)
    {
        if (!ArePublished)
            throw UserError.Value("this system", TorchLibrary.Platform, $"one that libtorch has a package for: {string.Join(", ", Sizes.Keys)}");
        if (AreThere)
            return;
        string unfinished = $"{folder}.{Environment.ProcessId}";
        try
        {
            string project = Path.Combine(unfinished, "project"), native = Path.Combine(unfinished, "native");
            Directory.CreateDirectory(project);
            Directory.CreateDirectory(native);
            await RestoreAsync(project, cancellation).ConfigureAwait(false);
            foreach (var (id, version) in Packages())
            {
                foreach (string file in NativeFiles(project, id, version))
                {
                    cancellation.ThrowIfCancellationRequested();
                    File.Copy(file, Path.Combine(native, Path.GetFileName(file)));
                }
            }

            // Where another process was faster, its folder is as good.
            if (!AreThere)
                Directory.Move(native, folder);
        }
        finally
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
        }
    }

    private static IEnumerable<(string Id, string Version)> Packages() => [(LibtorchId, TorchLibrary.Version), ("TorchSharp", TorchLibrary.TorchSharpVersion)];

    private static IEnumerable<string> NativeFiles(string project, string id, string version)
    {
        using var assets = JsonDocument.Parse(File.ReadAllText(Path.Combine(project, "obj", "project.assets.json")));
        string[] folders = [.. assets.RootElement.GetProperty("packageFolders").EnumerateObject().Select(place => Path.Combine(place.Name, id.ToLowerInvariant(), version, "runtimes", TorchLibrary.Platform, "native"))];
        return folders.FirstOrDefault(Directory.Exists) is { } found
            ? Directory.EnumerateFiles(found)
            : throw new DownloadException($"the package {id} {version} has no native files for {TorchLibrary.Platform}");
    }

    // Packages by themselves, in exactly these versions: nothing that they name comes with them.
    private async Task RestoreAsync(string project, CancellationToken cancellation)
    {
        string downloads = string.Concat(Packages().Select(package => $"    <PackageDownload Include=\"{package.Id}\" Version=\"[{package.Version}]\" />\n"));
        string file = Path.Combine(project, "libtorch.csproj");
        await File.WriteAllTextAsync(
            file,
            $"<Project Sdk=\"Microsoft.NET.Sdk\">\n  <PropertyGroup>\n    <TargetFramework>net10.0</TargetFramework>\n  </PropertyGroup>\n  <ItemGroup>\n{downloads}  </ItemGroup>\n</Project>\n",
            cancellation).ConfigureAwait(false);
        // The settings of the source tree around it are not this project's.
        var (status, output) = await DotnetAsync(
            project, ["restore", file, "-nologo", "--disable-build-servers", "-p:ImportDirectoryBuildProps=false", "-p:ImportDirectoryBuildTargets=false", "-p:ImportDirectoryPackagesProps=false"], cancellation).ConfigureAwait(false);
        if (status != 0)
            throw new DownloadException(Explain(output));
    }

    // NuGet's own codes: NU1101 no such package, NU1102 and NU1103 no such version, NU1301 the feed does not answer.
    private static string Explain(string output)
    {
        if (output.Contains("NU1301", StringComparison.Ordinal))
            return "the package feed cannot be reached; the same command tries again";
        if (MissingPackage().Match(output) is { Success: true } missing)
            return $"the package feed does not carry {missing.Groups["name"].Value} in the version that is needed";
        string? line = output.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal));
        return $"libtorch does not restore: {(line is null ? "for a reason that dotnet does not say" : ProjectName().Replace(line[line.IndexOf("error", StringComparison.Ordinal)..], string.Empty).Trim())}";
    }

    private async Task<(int Status, string Output)> DotnetAsync(string folder, string[] arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : "dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // An unreachable feed should be noticed in seconds rather than minutes.
        start.Environment["NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT"] = "2";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        // What it says is looked into for English words.
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Start(start);
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            // A terminal's Ctrl-C reaches the child as well: how it ended then is no answer.
            cancellation.ThrowIfCancellationRequested();
            return (process.ExitCode, await output.ConfigureAwait(false) + await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new UserError("libtorch is fetched by the package manager of the .NET SDK, and there is no 'dotnet' on the PATH");
        }
    }

    [GeneratedRegex(@"NU110[123]: Unable to find (?:a stable )?package '?(?<name>[\w\-]+(?:\.[\w\-]+)*)")]
    private static partial Regex MissingPackage();

    [GeneratedRegex(@"\s*\[[^\]]*\.csproj\]")]
    private static partial Regex ProjectName();
}
