using System.Globalization;

namespace EDA.Engine.Data.Formats;

/// <summary>From a file to a dataset: opens, reads, checks.</summary>
internal static class DatasetReading
{
    public static OfflineDataset Load(string path, D4rlEnvironment? environment, int? episodeLimit, bool trustsOrder)
    {
        using var source = DatasetSource.Open(path);
        var provenance = Provenance(source);
        var dataset = Read(source, provenance, environment, new DatasetProblems(path), () => Again(provenance), episodeLimit);
        return !trustsOrder && source.CompareNextStates(dataset)?.Refusal is { } refusal
            ? throw new InvalidFileException(path, $"{refusal}; --trust-order takes them as they stand")
            : dataset;
    }

    public static DatasetProvenance Provenance(DatasetSource source)
    {
        string digits = ChecksumFile.Compute(source.Path);
        ChecksumFile.Check(source.Path, digits);
        return new DatasetProvenance(source.Path, source.Format, new FileInfo(source.Path).Length, digits, source.Note);
    }

    public static OfflineDataset Read(DatasetSource source, DatasetProvenance provenance, D4rlEnvironment? environment, DatasetProblems problems, Func<TransitionArrays>? again = null, int? episodeLimit = null)
    {
        var rows = source.Read(problems);
        if (environment is not null)
            CheckSizes(source.Path, rows, environment);
        DatasetChecks.Check(rows, source.Locate, problems);
        environment ??= Fitting(rows, provenance.Note) ?? Fitting(rows, System.IO.Path.GetFileName(source.Path));
        return new OfflineDataset(rows, provenance, environment, environment?.EpisodeLimit ?? episodeLimit ?? D4rlEnvironment.UsualEpisodeLimit, again);
    }

    /// <summary>The rows of a file that was read before, checked and all: it must be the same file.</summary>
    private static TransitionArrays Again(DatasetProvenance before)
    {
        using var source = DatasetSource.Open(before.Path);
        return Provenance(source).Sha256 == before.Sha256
            ? source.Read(new DatasetProblems(before.Path))
            : throw new InvalidFileException(before.Path, "has changed since this run began to read it");
    }

    /// <summary>A guess counts only where the sizes agree with it.</summary>
    private static D4rlEnvironment? Fitting(TransitionArrays rows, string? text) =>
        D4rlEnvironment.Guess(text) is { } guess && guess.StateSize == rows.StateSize && guess.ActionSize == rows.ActionSize ? guess : null;

    private static void CheckSizes(string path, TransitionArrays rows, D4rlEnvironment environment)
    {
        Check(FieldNames.Observations, rows.StateSize, environment.StateSize);
        Check(FieldNames.Actions, rows.ActionSize, environment.ActionSize);

        void Check(string field, int found, int needed)
        {
            if (found != needed)
                throw new InvalidFileException(path, string.Create(CultureInfo.InvariantCulture, $"{field} has {found} columns; {environment.Name} has {needed}"));
        }
    }
}
