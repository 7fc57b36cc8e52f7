using System.Diagnostics;
using System.Text.RegularExpressions;

namespace EDA.Host.Setup;

/// <summary>What a probe found out.</summary>
public enum ProbeOutcome
{
    /// <summary>The package restores, builds and passes its self-test.</summary>
    Works,

    /// <summary>The package does not work here.</summary>
    Fails,

    /// <summary>The feed could not be asked, which says nothing about the package.</summary>
    FeedUnreachable,
}

/// <summary>The answer of a probe.</summary>
/// <param name="Outcome">What it found out.</param>
/// <param name="Reason">One line that says why.</param>
public readonly record struct ProbeAnswer(ProbeOutcome Outcome, string Reason);

/// <summary>Restores, builds and runs the little program that tests an optional package.</summary>
public static partial class PackageProbe
{
    /// <summary>Probes a package with the versions of Directory.Packages.props.</summary>
    /// <param name="root">The repository's folder.</param>
    /// <param name="package">The package.</param>
    /// <param name="cancellation">Ends the probe.</param>
    /// <returns>The answer.</returns>
    public static async Task<ProbeAnswer> RunAsync(string root, OptionalPackage package, CancellationToken cancellation)
    {
        string folder = Path.Combine(root, "host", "Setup", "Probes", package.Probe);
        string name = $"{package.Probe}.Probe";
        string project = Path.Combine(folder, name + ".csproj");
        DeleteOutput(folder);
        try
        {
            return await ProbeAsync(folder, name, project, package, cancellation).ConfigureAwait(false);
        }
        finally
        {
            try
            {
                DeleteOutput(folder);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // A file still in use stays; the next probe begins by deleting it.
            }
        }
    }

    private static async Task<ProbeAnswer> ProbeAsync(string folder, string name, string project, OptionalPackage package, CancellationToken cancellation)
    {
        var restore = await DotnetAsync(folder, ["restore", project, "-nologo", "--force", "--disable-build-servers"], cancellation).ConfigureAwait(false);
        if (restore.Status != 0)
            return Explain(package, restore.Output);
        var build = await DotnetAsync(folder, ["build", project, "-c", "Release", "-v", "q", "-nologo", "--no-restore", "--disable-build-servers"], cancellation).ConfigureAwait(false);
        if (build.Status != 0)
            return new ProbeAnswer(ProbeOutcome.Fails, "does not build: " + FirstError(build.Output));
        var test = await DotnetAsync(folder, [Path.Combine(folder, "bin", "Release", "net10.0", name + ".dll")], cancellation).ConfigureAwait(false);
        string last = test.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? $"exit status {test.Status}";
        return test.Status == 0
            ? new ProbeAnswer(ProbeOutcome.Works, last)
            : new ProbeAnswer(ProbeOutcome.Fails, "self-test failed: " + last);
    }

    // A probe's output holds copies of every native library of its package, a gigabyte and more for libtorch.
    private static void DeleteOutput(string folder)
    {
        foreach (string output in new[] { "bin", "obj" }.Select(name => Path.Combine(folder, name)).Where(Directory.Exists))
            Directory.Delete(output, recursive: true);
    }

    // NuGet's own codes: NU1101 no such package, NU1102 and NU1103 no such version, NU1301 the feed does not answer.
    private static ProbeAnswer Explain(OptionalPackage package, string output)
    {
        if (output.Contains("NU1301", StringComparison.Ordinal))
            return new ProbeAnswer(ProbeOutcome.FeedUnreachable, "the package feed cannot be reached");
        if (MissingPackage().Match(output) is { Success: true } missing)
            return new ProbeAnswer(ProbeOutcome.Fails, $"the package feed does not carry {missing.Groups["name"].Value}");
        if (output.Contains("NU1102", StringComparison.Ordinal) || output.Contains("NU1103", StringComparison.Ordinal))
            return new ProbeAnswer(ProbeOutcome.Fails, $"the package feed does not carry the version of {package.Name} named in Directory.Packages.props");
        return new ProbeAnswer(ProbeOutcome.Fails, "does not restore: " + FirstError(output));
    }

    private static string FirstError(string output) =>
        output.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal))?.Trim() is { } line
            ? ProjectName().Replace(line[Math.Max(0, line.IndexOf("error", StringComparison.Ordinal))..], string.Empty).Trim()
            : "for a reason it did not say";

    private static async Task<(int Status, string Output)> DotnetAsync(string folder, string[] arguments, CancellationToken cancellation)
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
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
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

    [GeneratedRegex(@"NU1101: Unable to find package (?<name>[\w.\-]+?)\. ")]
    private static partial Regex MissingPackage();

    [GeneratedRegex(@"\s*\[[^\]]*\.csproj\]")]
    private static partial Regex ProjectName();
}
