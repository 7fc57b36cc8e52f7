using System.Diagnostics;
using System.Text.RegularExpressions;
using EDA.Bench;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Setup;
using EDA.Tests.Host;

namespace EDA.Tests.Docs;

/// <summary>
/// The commands of the documents. All are accepted by the command line. Blocks that are not marked <c>not run: why</c> are run, a
/// document's in one folder, which holds <c>bandit</c> and <c>maze</c> (finished smoke runs), <c>maze.npz</c> and <c>sweep</c>;
/// <c>--budget quick</c>, and a bandit's default, is smoke here.
/// </summary>
[Trait("speed", "slow")]
public sealed partial class DocumentCommandTests : IClassFixture<DocumentCommandTests.Prepared>
{
    private readonly Prepared _prepared;

    public DocumentCommandTests(Prepared prepared) => _prepared = prepared;

    public static TheoryData<string> Documents => [.. Paths().Where(path => Blocks(path).Any())];

    public static TheoryData<string> WithCommands => [.. Paths().Where(path => Blocks(path).Any(block => block.Why is null))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Its_commands_are_accepted(string path)
    {
        string text = File.ReadAllText(Absolute(path));
        Assert.DoesNotContain("\n    ./eda", text, StringComparison.Ordinal);
        Assert.Equal(Count(text, "\n./eda ") + Count(text, "| ./eda "), Blocks(path).Sum(block => Count("\n" + block.Text, "\n./eda ") + Count(block.Text, "| ./eda ")));
        var (host, bench) = (EdaCommandLine.Create(), BenchCommandLine.Create());
        foreach (string[] words in Blocks(path).SelectMany(block => Commands(block.Text)).Where(words => words[0] != "test"))
        {
            var root = words[0] is "bench" or "profile" or "verify" ? bench : host;
            Assert.True(root.Parse(words).Errors.Count == 0, $"{string.Join(' ', words)}: {string.Join(' ', root.Parse(words).Errors)}");
        }
    }

    [OptionalTheory(OptionalNeeds.Numpy)]
    [MemberData(nameof(WithCommands))]
    public void Its_commands_run(string path)
    {
        using var folder = new ScratchFolder();
        _prepared.CopyTo(folder.Path);
        string text = File.ReadAllText(Absolute(path));
        foreach (Match file in PythonFile().Matches(text))
            folder.Write(file.Groups[1].Value, file.Groups[2].Value);
        folder.Write("eda", $"#!/bin/sh\ncase \"$1\" in test) exit 0 ;; bench|profile|verify) program=eda-bench ;; *) program=eda-host ;; esac\nexec dotnet '{AppContext.BaseDirectory}'/$program.dll \"$@\"\n");
        string python = OptionalNeeds.PythonWithNumpy!;
        string script = $"set -eo pipefail\nchmod +x eda\nexport EDA_PYTHON='{python}'\npython3() {{ command '{python}' \"$@\"; }}\n"
            + $"dotnet() {{ if [ \"$1\" = run ]; then while [ \"$1\" != -- ]; do shift; done; shift; command dotnet '{AppContext.BaseDirectory}'/EDA.Samples.dll \"$@\"; else command dotnet \"$@\"; fi; }}\n"
            + string.Join('\n', Blocks(path).Where(block => block.Why is null).Select(block => block.Text)).Replace("--budget quick", "--budget smoke", StringComparison.Ordinal)
                .Replace("./eda run bandit-8gaussians", "./eda run bandit-8gaussians --budget smoke", StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{path}: {error}{output.Result}");
    }

    private static IEnumerable<string> Paths()
    {
        string root = SourceTree.RequireRoot();
        return new[] { "README.md", "CONTRIBUTING.md" }.Concat(Directory.GetFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(root, path))).Order(StringComparer.Ordinal);
    }

    private static string Absolute(string path) => Path.Combine(SourceTree.RequireRoot(), path);

    private static IEnumerable<(string Text, string? Why)> Blocks(string path) =>
        Block().Matches(File.ReadAllText(Absolute(path))).Select(match => (match.Groups["text"].Value, match.Groups["why"] is { Success: true } why ? why.Value : null));

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    // The words after ./eda, of each command of a block.
    private static IEnumerable<string[]> Commands(string block) =>
        from line in block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        let at = line.IndexOf("./eda ", StringComparison.Ordinal)
        where at == 0 || (at > 0 && line[at - 1] == ' ')
        select Word().Matches(line[(at + 6)..].Split(" #")[0]).Select(match => match.Value.Trim('\'', '"')).ToArray();

    [GeneratedRegex("(?:<!-- not run: (?<why>[^\n]+) -->\n)?```sh\n(?<text>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("```python\n# (\\S+\\.py)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex PythonFile();

    [GeneratedRegex("'[^']*'|\"[^\"]*\"|[^\\s]+")]
    private static partial Regex Word();

    /// <summary>What the documents' commands work on, made once.</summary>
    public sealed class Prepared : IDisposable
    {
        private readonly Lazy<ScratchFolder> _folder = new(Make);

        public void CopyTo(string folder)
        {
            foreach (string path in Directory.GetFiles(_folder.Value.Path, "*", SearchOption.AllDirectories))
            {
                string to = Path.Combine(folder, Path.GetRelativePath(_folder.Value.Path, path));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(path, to);
            }
        }

        public void Dispose()
        {
            if (_folder.IsValueCreated)
                _folder.Value.Dispose();
        }

        private static ScratchFolder Make()
        {
            var folder = new ScratchFolder();
            foreach (string[] line in (string[][])
            [
                ["run", "bandit-8gaussians", "--budget", "smoke", "--out", "bandit"],
                ["run", "pointmaze-umaze", "--budget", "smoke", "--out", "maze"],
                ["sweep", "bandit-moons", "--budget", "smoke", "--seeds", "0..1", "--jobs", "2", "--out", "sweep"],
            ])
            {
                var result = EdaProcess.Run(folder.Path, line);
                Assert.Equal((0, string.Empty), (result.Status, result.Error));
            }

            DatasetFile.Write(GeneratedDataset.Create(RunBudgets.Get("smoke", DatasetTask.Generated[0])), folder.At("maze.npz"));
            return folder;
        }
    }
}
