using EDA.Engine.Data;
using EDA.Host.Libraries;

namespace EDA.Host.Experiments.Paper;

/// <summary>What is found in a file that is said to be the published one: its rows, and what its episodes score by D4RL's reference returns.</summary>
internal static class PublishedFile
{
    /// <summary>Looks into it.</summary>
    /// <param name="task">The task.</param>
    /// <param name="path">The file.</param>
    /// <returns>One line.</returns>
    /// <exception cref="InvalidFileException">It is not fit for use.</exception>
    public static string Line(D4rlTask task, string path)
    {
        Hdf5Trial.Require(path);
        var dataset = OfflineDataset.Load(path, task.Environment);
        string rows = task.Rows switch
        {
            null => FormattableString.Invariant($"{dataset.Count} rows (how many the published file has is not known here)"),
            { } known when known == dataset.Count => FormattableString.Invariant($"{dataset.Count} rows, as the published file has"),
            { } known => FormattableString.Invariant($"{dataset.Count} rows, and NOT the {known} that the published file is known to have"),
        };
        var reference = task.Environment.Reference;
        double[] scores = [.. dataset.Episodes.Select(episode => reference.Score(episode.Return))];
        return FormattableString.Invariant(
            $"{task.Name}: {rows}; {scores.Length} episodes score from {scores.Min():0.0} to {scores.Max():0.0}, {scores.Average():0.0} on average, by the reference returns {reference.Random} (0) and {reference.Expert} (100)");
    }
}
