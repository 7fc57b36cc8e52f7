using EDA.Engine.Data;

namespace EDA.Host.Experiments;

/// <summary>A folder of datasets, where recipes find their files by name.</summary>
internal static class DatasetFolder
{
    /// <summary>The names that a recipe's file may have.</summary>
    public static IReadOnlyList<string> NamesOf(string recipe) =>
        [.. D4rlTask.All.Where(task => task.Name == recipe).Select(task => Path.GetFileName(task.File)), .. ((string[])[".hdf5", ".npz", ".csv"]).Select(end => recipe + end)];

    /// <summary>A recipe's file.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="recipe">The recipe.</param>
    /// <returns>The file; null where there is none.</returns>
    public static string? Find(string folder, string recipe) => NamesOf(recipe).Select(name => Path.GetFullPath(Path.Combine(folder, name))).FirstOrDefault(File.Exists);
}
