using EDA.Host.CommandLine;

namespace EDA.Host.Reports;

/// <summary>The folder one run leaves behind (docs/run-folder.md). A folder that is there already is never written to.</summary>
public sealed class RunFolder
{
    private RunFolder(string path) => FullPath = path;

    /// <summary>The folder.</summary>
    public string FullPath { get; }

    /// <summary>Every setting, resolved.</summary>
    public string Config => At("config.json");

    /// <summary>What was measured along the way.</summary>
    public string Metrics => At("metrics.csv");

    /// <summary>The final numbers.</summary>
    public string Result => At("result.json");

    /// <summary>The page that shows it all.</summary>
    public string Index => At("index.html");

    /// <summary>The behavior's weights.</summary>
    public string BehaviorWeights => At("checkpoints", "behavior.safetensors");

    /// <summary>The policy's weights.</summary>
    public string PolicyWeights => At("checkpoints", "policy.safetensors");

    /// <summary>The folder of weights and of what stages go on from.</summary>
    public string Checkpoints => At("checkpoints");

    /// <summary>The folder as a reader at the current folder would name it.</summary>
    public string ShownPath
    {
        get
        {
            string relative = Path.GetRelativePath(Environment.CurrentDirectory, FullPath);
            return relative.StartsWith("..", StringComparison.Ordinal) ? FullPath : relative;
        }
    }

    /// <summary>A figure's file.</summary>
    /// <param name="name">Its name without extension.</param>
    /// <returns>The path.</returns>
    public string Figure(string name) => At("figures", name + ".svg");

    /// <summary>Makes the folder.</summary>
    /// <param name="wanted">Where the user wants it; null for runs/NAME, or runs/NAME-2 and so on where that is taken.</param>
    /// <param name="name">The run's name.</param>
    /// <returns>The folder, new and empty but for its own sub-folders.</returns>
    /// <exception cref="UserError">The wanted folder is there already and is not empty, or no folder can be made there.</exception>
    public static RunFolder Create(string? wanted, string name)
    {
        if (wanted is not null && string.IsNullOrWhiteSpace(wanted))
            throw UserError.Value("--out", wanted, "the name of a folder that is new or empty");
        try
        {
            return Make(wanted, name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw UserError.Value("--out", wanted ?? "runs", $"a folder that can be written ({error.Message})");
        }
    }

    /// <summary>Opens the folder of an earlier run, to go on with it.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="UserError">There is no run.</exception>
    public static RunFolder Open(string path)
    {
        var folder = new RunFolder(Path.GetFullPath(path));
        return File.Exists(folder.Config) ? folder : throw UserError.Value("RUNFOLDER", path, "the folder of a run, with its config.json");
    }

    private static RunFolder Make(string? wanted, string name)
    {
        string path;
        if (wanted is not null)
        {
            path = Path.GetFullPath(wanted);
            if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
                throw UserError.Value("--out", wanted, "a folder that is new or empty; nothing is overwritten");
            Directory.CreateDirectory(path);
        }
        else
        {
            path = Claim(Path.GetFullPath(Path.Combine("runs", name)));
        }

        Directory.CreateDirectory(Path.Combine(path, "checkpoints"));
        Directory.CreateDirectory(Path.Combine(path, "figures"));
        return new RunFolder(path);
    }

    // Two runs may start at once: the one that makes the marker file first owns the name.
    private static string Claim(string path)
    {
        for (int number = 1; ; number++)
        {
            string candidate = number == 1 ? path : $"{path}-{number}";
            if (Directory.Exists(candidate) || File.Exists(candidate))
                continue;
            Directory.CreateDirectory(candidate);
            try
            {
                using var config = new FileStream(Path.Combine(candidate, "config.json"), FileMode.CreateNew);
                return candidate;
            }
            catch (IOException) when (File.Exists(Path.Combine(candidate, "config.json")))
            {
                // Taken between the look and the claim: try the next name.
            }
        }
    }

    private string At(params string[] parts) => Path.Combine([FullPath, .. parts]);
}
