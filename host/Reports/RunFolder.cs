using EDA.Engine;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;

namespace EDA.Host.Reports;

/// <summary>The folder one run leaves behind (docs/run-folder.md). A folder that is there already is never written to.</summary>
public sealed class RunFolder
{
    /// <summary>The name of the final numbers.</summary>
    internal const string ResultName = "result.json";

    /// <summary>The name of the folder of weights.</summary>
    internal const string CheckpointsName = "checkpoints";

    /// <summary>The name of the folder of recorded episodes.</summary>
    internal const string EpisodesName = "episodes";

    private const string ConfigName = "config.json";

    private RunFolder(string path) => FullPath = path;

    /// <summary>The folder.</summary>
    public string FullPath { get; }

    /// <summary>Every setting, resolved.</summary>
    public string Config => At(ConfigName);

    /// <summary>What was measured along the way.</summary>
    public string Metrics => At("metrics.csv");

    /// <summary>The final numbers.</summary>
    public string Result => At(ResultName);

    /// <summary>The page that shows it all.</summary>
    public string Index => At("index.html");

    /// <summary>The behavior's weights.</summary>
    public string BehaviorWeights => At(CheckpointsName, "behavior.safetensors");

    /// <summary>The policy's weights.</summary>
    public string PolicyWeights => At(CheckpointsName, "policy.safetensors");

    /// <summary>Sampled actions of its policies at some states.</summary>
    public string ActionSamples => new StageFiles(Checkpoints).ActionSamples;

    /// <summary>The folder of weights and of what stages go on from.</summary>
    public string Checkpoints => At(CheckpointsName);

    /// <summary>The folder of the episodes that are kept to be looked at; not there where none are.</summary>
    public string Episodes => At(EpisodesName);

    /// <summary>The folder as a reader at the current folder would name it.</summary>
    public string ShownPath => NewFolder.Shown(FullPath);

    /// <summary>Takes the folder for this process alone, and clears away what writers that were killed have left.</summary>
    /// <returns>The lock, until it is disposed of.</returns>
    /// <exception cref="FolderInUseException">Another process works in the folder.</exception>
    public FolderLock Lock()
    {
        var held = FolderLock.Take(FullPath);
        try
        {
            MakeParts();
            foreach (string folder in ((string[])[FullPath, Checkpoints, Figures, Episodes]).Where(Directory.Exists))
                WholeFile.RemoveTemporaries(folder);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>A figure's file.</summary>
    /// <param name="name">Its name without extension.</param>
    /// <returns>The path.</returns>
    public string Figure(string name) => Path.Combine(Figures, name + ".svg");

    /// <summary>The name of a run.</summary>
    /// <param name="recipe">The recipe's name.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The name, to be numbered where it is taken.</returns>
    public static string NameOf(string recipe, ulong seed) => string.Create(CultureInfo.InvariantCulture, $"{recipe}-seed{seed}");

    /// <summary>Makes the folder.</summary>
    /// <param name="wanted">Where the user wants it; null for runs/NAME, or runs/NAME-2 and so on where that is taken.</param>
    /// <param name="name">The run's name.</param>
    /// <returns>The folder, new and empty but for its own sub-folders.</returns>
    /// <exception cref="UserError">The wanted folder is there already and is not empty, or no folder can be made there.</exception>
    public static RunFolder Create(string? wanted, string name)
    {
        var folder = new RunFolder(NewFolder.Create(wanted, name, ConfigName));
        try
        {
            folder.MakeParts();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw NewFolder.Unwritable(wanted, error);
        }

        return folder;
    }

    /// <summary>A folder that is this program's own to make, or to go on with, such as one of a sweep.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The folder, which is there.</returns>
    internal static RunFolder In(string path)
    {
        Directory.CreateDirectory(path);
        return new RunFolder(Path.GetFullPath(path));
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

    /// <summary>Whether it is said in a folder what its run is to be.</summary>
    /// <param name="path">The folder.</param>
    internal static bool IsBegun(string path) => new FileInfo(Path.Combine(path, ConfigName)) is { Exists: true, Length: > 0 };

    private string Figures => At("figures");

    private void MakeParts()
    {
        Directory.CreateDirectory(Checkpoints);
        Directory.CreateDirectory(Figures);
    }

    private string At(params string[] parts) => Path.Combine([FullPath, .. parts]);
}
