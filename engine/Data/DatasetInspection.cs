using System.Globalization;
using EDA.Engine.Data.Formats;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>What a file holds and what is wrong with it, as far as it can be read.</summary>
public sealed class DatasetInspection
{
    private DatasetInspection(DatasetProvenance provenance, IReadOnlyList<DatasetField> fields, IReadOnlyList<string> problems) =>
        (Provenance, Fields, Problems, Notes) = (provenance, fields, problems, []);

    private DatasetInspection(DatasetProvenance provenance, IReadOnlyList<DatasetField> fields, OfflineDataset dataset, NextStates? next, string? oddity)
        : this(provenance, fields, [])
    {
        (Dataset, Disorder) = (dataset, next?.Refusal);
        Notes = [.. NotesOn(dataset), .. ((string?[])[next?.Note, oddity]).OfType<string>()];
    }

    /// <summary>Where the data came from.</summary>
    public DatasetProvenance Provenance { get; }

    /// <summary>Everything in the file; of Minari's, its first episode.</summary>
    public IReadOnlyList<DatasetField> Fields { get; }

    /// <summary>The dataset; null where there are problems.</summary>
    public OfflineDataset? Dataset { get; }

    /// <summary>For what the file would be refused, a line each without its name; none where it is fit for use.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>What is worth knowing and no reason to refuse the file, a line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Why the rows are refused for training unless their order is trusted; null where they follow each other. It is among the notes, too.</summary>
    public string? Disorder { get; }

    /// <summary>Looks into a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="environment">The environment it is from; null lets the file or its name say.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="InvalidFileException">It is not a file of a known format.</exception>
    /// <exception cref="MissingLibraryException">The file is HDF5 and the HDF5 library is missing.</exception>
    public static DatasetInspection Of(string path, D4rlEnvironment? environment = null)
    {
        using var source = DatasetSource.Open(path);
        var provenance = DatasetReading.Provenance(source);
        var fields = source.Fields;
        var problems = new DatasetProblems(path, collects: true);
        try
        {
            var dataset = DatasetReading.Read(source, provenance, environment, problems);
            return problems.Any
                ? new DatasetInspection(provenance, fields, problems.Lines())
                : new DatasetInspection(provenance, fields, dataset, source.CompareNextStates(dataset), source.Oddity);
        }
        catch (InvalidFileException refused)
        {
            return new DatasetInspection(provenance, fields, [.. problems.Lines(), refused.Reason]);
        }
    }

    private static IEnumerable<string> NotesOn(OfflineDataset dataset)
    {
        if (dataset.Environment is null)
            yield return $"the environment is unknown, so there are no normalised scores; --env names it ({string.Join(", ", D4rlEnvironment.Names)}), of your own as gym:ID or python:module:Class; --no-rollouts does without";
        else if (dataset.Provenance.Contradiction(dataset.Environment.Name) is { } contradiction)
            yield return contradiction;
        if (!dataset.HasTimeouts)
            yield return Text($"there are no timeouts: episodes are cut every {dataset.EpisodeLimit} rows");
        if (dataset.Episodes[^1] is { End: EpisodeEnd.Unfinished } last)
            yield return Text($"the last episode has no end: the file ends after {last.Count} of its rows");
        int longest = dataset.Episodes.Max(episode => episode.Count);
        if (longest > dataset.EpisodeLimit)
            yield return Text($"the longest episode has {longest} rows, more than the limit of {dataset.EpisodeLimit}: timeouts may be missing");
        var (beyond, most) = BeyondOne(dataset.Actions);
        if (beyond > 0)
            yield return Text($"{beyond} actions are beyond 1 by rounding, at most {most}; they stay as they are");
        if (dataset.Environment?.RewardTreatment == RewardTreatment.ReturnRange)
            yield return Treatment(dataset);
        int zeros = ZerosAtEnd(dataset);
        if (zeros > 1)
            yield return Text($"the last {zeros} rows are zeros alone, states, actions and rewards: they may never have been written");
        if (dataset.Rewards.IndexOfAnyExcept(dataset.Rewards[0]) < 0)
            yield return Text($"every reward is {dataset.Rewards[0]}");
    }

    private static string Treatment(OfflineDataset dataset)
    {
        try
        {
            var range = RewardTreatments.Range(new QLearningView(dataset));
            return Text($"a critic's rewards are divided by {range.Width / 1000:0.######}, a thousandth of the range of returns from {range.Least:0.######} to {range.Greatest:0.######}");
        }
        catch (InvalidFileException none)
        {
            return none.Reason;
        }
    }

    // HDF5 gives zeros for what was not written, and cannot always tell.
    private static int ZerosAtEnd(OfflineDataset dataset) => dataset.Count - 1 - Math.Max(
        dataset.Rewards.LastIndexOfAnyExcept(0),
        Math.Max(dataset.States.LastIndexOfAnyExcept(0) / dataset.StateSize, dataset.Actions.LastIndexOfAnyExcept(0) / dataset.ActionSize));

    private static (int Count, float Most) BeyondOne(ReadOnlySpan<float> actions)
    {
        int count = 0;
        float most = 0;
        foreach (float action in actions)
        {
            if (Math.Abs(action) > 1)
                (count, most) = (count + 1, Math.Max(most, Math.Abs(action)));
        }

        return (count, most);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
