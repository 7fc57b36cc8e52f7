using EDA.Engine;
using EDA.Engine.Files;
using EDA.Host.CommandLine;

namespace EDA.Host.Reports;

/// <summary>The folder that a run of several seeds leaves behind: a run folder for each, and what they came to together.</summary>
public sealed class SeedsFolder
{
    private const string SummaryName = "seeds.json";

    private readonly string _recipe;

    private SeedsFolder(string path, string recipe) => (FullPath, _recipe) = (path, recipe);

    /// <summary>The folder.</summary>
    public string FullPath { get; }

    /// <summary>The folder as a reader at the current folder would name it.</summary>
    public string ShownPath => NewFolder.Shown(FullPath);

    /// <summary>What the seeds came to together.</summary>
    public string Summary => Path.Combine(FullPath, SummaryName);

    /// <summary>Makes the folder.</summary>
    /// <param name="wanted">Where the user wants it; null for runs/RECIPE-seedsFIRST-LAST, numbered where that is taken.</param>
    /// <param name="recipe">The recipe's name.</param>
    /// <param name="seeds">The seeds.</param>
    /// <returns>The folder, new and empty.</returns>
    /// <exception cref="UserError">The wanted folder is there already and is not empty, or no folder can be made there.</exception>
    public static SeedsFolder Create(string? wanted, string recipe, SeedRange seeds) =>
        new(NewFolder.Create(wanted, string.Create(CultureInfo.InvariantCulture, $"{recipe}-seeds{seeds.First}-{seeds.Last}"), SummaryName), recipe);

    /// <summary>Whether a folder is one of several seeds.</summary>
    /// <param name="path">The folder.</param>
    public static bool IsOne(string path) => File.Exists(Path.Combine(path, SummaryName));

    /// <summary>Opens the folder of an earlier run of several seeds, to go on with it.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The folder and the seeds.</returns>
    /// <exception cref="InvalidFileException">Its seeds.json is broken.</exception>
    public static (SeedsFolder Folder, SeedRange Seeds) Open(string path)
    {
        string full = Path.GetFullPath(path);
        var (recipe, seeds) = SeedsDocument.Read(Path.Combine(full, SummaryName));
        return (new SeedsFolder(full, recipe), seeds);
    }

    /// <summary>The run folder of a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <returns>The folder; null where its run was not begun.</returns>
    public RunFolder? FindRun(ulong seed)
    {
        string path = Path.Combine(FullPath, RunFolder.NameOf(_recipe, seed));
        return RunFolder.IsBegun(path) ? RunFolder.Open(path) : null;
    }

    /// <summary>Takes the folder for this process alone.</summary>
    /// <returns>The lock, until it is disposed of.</returns>
    /// <exception cref="FolderInUseException">Another process works in the folder.</exception>
    public FolderLock Lock()
    {
        var held = FolderLock.Take(FullPath);
        WholeFile.RemoveTemporaries(FullPath);
        return held;
    }

    /// <summary>Makes the run folder of a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <returns>The folder, new and empty but for its own sub-folders.</returns>
    /// <exception cref="UserError">It cannot be made.</exception>
    public RunFolder CreateRun(ulong seed)
    {
        string name = RunFolder.NameOf(_recipe, seed), path = Path.Combine(FullPath, name);
        if (Directory.Exists(path) && !RunFolder.IsBegun(path))
            Directory.Delete(path, recursive: true); // made, and killed before it was said what for
        return RunFolder.Create(path, name);
    }
}
