using System.Globalization;
using CsvHelper;
using EDA.Engine.Data.Formats;
using EDA.Engine.Data.Hdf5;
using EDA.Engine.Files;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>Writes a dataset as a file that can be read again, number for number (docs/data.md).</summary>
public static class DatasetFile
{
    // Rows of a chunk: 300 KB of a 17-variable state, small enough to unpack in a cache.
    private const int ChunkRows = 4096;
    private const int Gzip = 4;

    private static readonly Dictionary<string, Action<OfflineDataset, string>> Writers = new()
    {
        [".hdf5"] = WriteHdf5,
        [".h5"] = WriteHdf5,
        [".npz"] = WriteNpz,
        [".csv"] = WriteCsv,
    };

    /// <summary>The endings that name a format.</summary>
    public static IReadOnlyCollection<string> Extensions => Writers.Keys;

    /// <summary>Whether a file's name says in which format to write it.</summary>
    /// <param name="path">The file.</param>
    /// <returns>True if it does.</returns>
    public static bool HasFormat(string path) => Writers.ContainsKey(Extension(path));

    /// <summary>Writes a dataset: to a temporary file beside it first, so that no broken file is ever seen.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="path">A file that does not exist yet; its ending is one of <see cref="Extensions"/>.</param>
    /// <exception cref="ArgumentException">The ending is another one.</exception>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    /// <exception cref="MissingLibraryException">It is HDF5 and the HDF5 library is missing.</exception>
    public static void Write(OfflineDataset dataset, string path)
    {
        if (!Writers.TryGetValue(Extension(path), out var write))
            throw new ArgumentException($"{path} ends in none of {string.Join(", ", Extensions)}", nameof(path));
        if (File.Exists(path))
            throw new IOException($"{path} exists already and is not replaced");
        WholeFile.Write(path, overwrite: false, file => write(dataset, file));
    }

    private static string Extension(string path) => Path.GetExtension(path).ToLowerInvariant();

    private static void WriteHdf5(OfflineDataset dataset, string path)
    {
        using var file = new Hdf5Writer(path);
        int rows = dataset.Count;
        var storage = new Hdf5Storage(ChunkRows, Gzip: Gzip);
        file.Write(FieldNames.Observations, [rows, dataset.StateSize], dataset.States, storage);
        file.Write(FieldNames.Actions, [rows, dataset.ActionSize], dataset.Actions, storage);
        file.Write(FieldNames.Rewards, [rows], dataset.Rewards, storage);
        file.Write(FieldNames.Terminals, [rows], dataset.Terminals, storage);
        if (dataset.HasTimeouts)
            file.Write(FieldNames.Timeouts, [rows], dataset.Timeouts.Span, storage);
        file.CreateGroup("metadata");
        var provenance = dataset.Provenance;
        file.Write("metadata/source", provenance.Sha256 is null ? provenance.Path : $"{Path.GetFileName(provenance.Path)}, SHA-256 {provenance.Sha256}");
        if (dataset.Environment is not null)
            file.Write("metadata/env", dataset.Environment.Name);
        file.Finish();
    }

    private static void WriteNpz(OfflineDataset dataset, string path)
    {
        using var file = new NpzWriter(path);
        int rows = dataset.Count;
        file.Write(FieldNames.Observations, [rows, dataset.StateSize], dataset.States);
        file.Write(FieldNames.Actions, [rows, dataset.ActionSize], dataset.Actions);
        file.Write(FieldNames.Rewards, [rows], dataset.Rewards);
        file.Write(FieldNames.Terminals, [rows], dataset.Terminals);
        if (dataset.HasTimeouts)
            file.Write(FieldNames.Timeouts, [rows], dataset.Timeouts.Span);
    }

    private static void WriteCsv(OfflineDataset dataset, string path)
    {
        // Fields are numbers: a leading minus is no attack on a spreadsheet.
        var options = new CsvWriterOptions { NewLine = "\n", Injection = CsvInjection.None, FormatProvider = CultureInfo.InvariantCulture };
        using var csv = CsvWriter.Create(new FileStream(path, FileMode.CreateNew, FileAccess.Write), options, false);
        foreach (string name in CsvColumns.Names(dataset.StateSize, dataset.ActionSize, dataset.HasTimeouts))
            csv.WriteField(name);
        csv.EndRecord();
        for (int row = 0; row < dataset.Count; row++)
        {
            foreach (float value in dataset.States.Slice(row * dataset.StateSize, dataset.StateSize))
                csv.WriteField(Text(value));
            foreach (float value in dataset.Actions.Slice(row * dataset.ActionSize, dataset.ActionSize))
                csv.WriteField(Text(value));
            csv.WriteField(Text(dataset.Rewards[row]));
            csv.WriteField(dataset.Terminals[row] ? "1" : "0");
            if (dataset.HasTimeouts)
                csv.WriteField(dataset.Timeouts.Span[row] ? "1" : "0");
            csv.EndRecord();
        }
    }

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}
