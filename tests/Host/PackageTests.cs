using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using EDA.Host.Setup;

namespace EDA.Tests.Host;

/// <summary>What <c>dotnet pack</c> makes: the tool installs and runs, and a program on the packages alone trains.</summary>
[Trait("speed", "slow")]
public sealed partial class PackageTests : IClassFixture<PackageTests.Packed>
{
    private readonly Packed _packed;

    public PackageTests(Packed packed) => _packed = packed;

    [Theory]
    [InlineData("EDA.Engine", "lib/net10.0/EDA.Engine")]
    [InlineData("EDA.Kernels", "lib/net10.0/EDA.Kernels")]
    [InlineData("EDA.Kernels.Gpu", "lib/net10.0/EDA.Kernels.Gpu")]
    [InlineData("EDA.Tool", "tools/net10.0/any/eda-host")]
    public void A_package_has_readme_licence_symbols_and_documentation(string id, string assembly)
    {
        using var package = ZipFile.OpenRead(Path.Combine(_packed.Folder, $"{id}.{_packed.Version}.nupkg"));
        string[] entries = [.. package.Entries.Select(entry => entry.FullName)];
        Assert.Contains(assembly + ".dll", entries);
        Assert.Contains("README.md", entries);
        Assert.Contains("LICENSE", entries);
        if (id != "EDA.Tool")
            Assert.Contains(assembly + ".xml", entries);
        using var stream = package.GetEntry(id + ".nuspec")!.Open();
        var metadata = XDocument.Load(stream).Root!.Elements().Single();
        string Text(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
        Assert.Equal(("MIT", "README.md"), (Text("license"), Text("readme")));
        Assert.False(string.IsNullOrWhiteSpace(Text("description")));
        using var symbols = ZipFile.OpenRead(Path.Combine(_packed.Folder, $"{id}.{_packed.Version}.snupkg"));
        Assert.Contains(symbols.Entries, entry => entry.FullName == assembly + ".pdb");
    }

    [Fact]
    public void The_tool_installs_into_an_empty_folder_and_runs_a_bandit()
    {
        using var folder = new ScratchFolder();
        Dotnet(folder.Path, "tool", "install", "EDA.Tool", "--tool-path", "tools", "--version", _packed.Version, "--source", _packed.Folder);
        string tool = folder.At(OperatingSystem.IsWindows() ? "tools/eda.exe" : "tools/eda");
        Run(tool, folder.Path, "run", "bandit-moons", "--budget", "smoke", "--out", "moons");
        Assert.True(File.Exists(folder.At("moons/index.html")));
        Assert.Contains("\"eda run bandit-moons", File.ReadAllText(folder.At("moons/config.json")), StringComparison.Ordinal);

        // It starts itself once more for several jobs.
        Run(tool, folder.Path, "sweep", "bandit-moons", "--seeds", "0..1", "--jobs", "2", "--budget", "smoke", "--out", "sweep");
        Assert.Equal(2, Directory.GetFiles(folder.At("sweep"), "result.json", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void A_program_on_the_packages_alone_trains()
    {
        string text = File.ReadAllText(Path.Combine(SourceTree.RequireRoot(), "docs", "package.md"));
        using var folder = new ScratchFolder();
        folder.Write("Program.cs", CodeBlock().Match(text).Groups[1].Value);
        folder.Write("Directory.Build.props", "<Project />");
        folder.Write(
            "trains.csproj",
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <NuGetAudit>false</NuGetAudit>
                <RestoreAdditionalProjectSources>{_packed.Folder}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{folder.At("packages")}</RestorePackagesPath>
                <RestoreFallbackFolders>{Packed.Cache}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="EDA.Engine" Version="{_packed.Version}" />
              </ItemGroup>
            </Project>
            """);
        string output = Dotnet(folder.Path, "run", "-c", "Release");
        Assert.InRange(double.Parse(output.Trim().Split('\n')[^1], System.Globalization.CultureInfo.InvariantCulture), 0.5, 1);
        Assert.True(File.Exists(folder.At("moons/policy.safetensors")), string.Join(' ', Directory.GetFiles(folder.At("moons"))));
    }

    // What the test itself runs under says nothing of what it starts.
    private static string Dotnet(string folder, params string[] arguments) => Run("dotnet", folder, arguments);

    private static string Run(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {output}{error.Result}");
        return output;
    }

    [GeneratedRegex("```cs\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    /// <summary>The packages of this build, under a version of their own, so that no cache has them already.</summary>
    public sealed class Packed : IDisposable
    {
        private readonly ScratchFolder _folder = new();

        public Packed()
        {
            Version = $"0.2.0-test.{Guid.NewGuid():N}";
            string root = SourceTree.RequireRoot();
            foreach (string project in (string[])["kernels", "kernels/Gpu", "engine", "host"])
                Dotnet(Path.Combine(root, project), "pack", "-c", "Release", "--no-build", "--no-restore", "-o", Folder, $"-p:Version={Version}", "-nodeReuse:false");
        }

        /// <summary>Where packages are that were downloaded before.</summary>
        public static string Cache => Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

        public string Version { get; }

        public string Folder => _folder.Path;

        public void Dispose() => _folder.Dispose();
    }
}
