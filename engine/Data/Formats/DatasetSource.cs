using EDA.Engine.Data.Hdf5;
using EDA.Kernels;

namespace EDA.Engine.Data.Formats;

/// <summary>A file that holds a dataset, in one of the formats that are read.</summary>
internal abstract class DatasetSource(string path, string format) : IDisposable
{
    /// <summary>The formats, for a message.</summary>
    public const string Allowed = "an HDF5 file of D4RL or Minari, an NPZ file, or a .csv file";

    private static readonly byte[] ZipSignature = [(byte)'P', (byte)'K'];

    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>The format's name.</summary>
    public string Format { get; } = format;

    /// <summary>What the file says of its environment; null where it says nothing.</summary>
    public virtual string? Note => null;

    /// <summary>What the file holds, whether it is needed or not.</summary>
    public abstract IReadOnlyList<DatasetField> Fields { get; }

    /// <summary>Reads the rows.</summary>
    /// <param name="problems">Where numbers are reported that are not allowed.</param>
    /// <returns>The rows, of equal length and at least two.</returns>
    /// <exception cref="InvalidFileException">A field is missing, misshapen or unreadable.</exception>
    public abstract TransitionArrays Read(DatasetProblems problems);

    /// <summary>What is worth knowing of the file as such; null where there is nothing.</summary>
    public virtual string? Oddity => null;

    /// <summary>
    /// Compares what the file says of next states with the rows below, which are taken for them; away from the ends of
    /// episodes, where there is another below.
    /// </summary>
    /// <param name="dataset">The rows.</param>
    /// <returns>What was found; null where the file says nothing.</returns>
    public virtual NextStates? CompareNextStates(OfflineDataset dataset) => null;

    /// <summary>Where a number stands in the file.</summary>
    public virtual string Locate(string field, int row, int column) => DatasetChecks.Place(field, row, column);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Opens a file by its contents, a CSV file by its name.</summary>
    /// <exception cref="InvalidFileException">It is none of these.</exception>
    /// <exception cref="MissingLibraryException">It is HDF5 and the library is missing.</exception>
    public static DatasetSource Open(string path)
    {
        string extension = System.IO.Path.GetExtension(path).ToLowerInvariant();
        if (new FileInfo(path).Length == 0)
            throw new InvalidFileException(path, $"the file is empty; allowed is {Allowed}");
        if (extension is ".hdf5" or ".h5" || Hdf5File.HasSignature(path))
            return OpenHdf5(path);
        if (extension is ".npz" || StartsAsZip(path))
            return new NpzSource(NpzFile.Open(path));
        if (extension is ".csv")
            return new CsvSource(path);
        throw new InvalidFileException(path, $"not a dataset; allowed is {Allowed}");
    }

    /// <summary>The array must have a row per step and one or more columns.</summary>
    protected void CheckMatrix(INumberArray array, long rows)
    {
        if (array.Shape.Count != 2 || array.Shape[1] < 1 || (rows >= 0 && array.Shape[0] != rows))
            throw Misshapen(array, rows >= 0 ? $"{rows}×columns" : "rows×columns");
        if (array.Shape[0] > Array.MaxLength / array.Shape[1])
            throw Misshapen(array, "what fits one array in memory");
        array.RequireNumbers();
    }

    /// <summary>The array must have one number per step.</summary>
    protected void CheckColumn(INumberArray array, long rows)
    {
        if (array.Shape.Count is not (1 or 2) || array.Shape[0] != rows || (array.Shape.Count == 2 && array.Shape[1] != 1))
            throw Misshapen(array, $"{rows} or {rows}×1");
        array.RequireNumbers();
    }

    /// <summary>There must be a transition.</summary>
    protected void CheckCount(long rows)
    {
        if (rows < 2)
            throw new InvalidFileException(Path, $"there {(rows == 1 ? "is one row" : "are no rows")}; allowed are two or more");
    }

    /// <summary>Reports a flag that is neither 0 nor 1.</summary>
    protected void ReportFlag(DatasetProblems problems, string field, int row, double value) =>
        problems.Report(field, $"{Locate(field, row, -1)} is {DatasetChecks.Text(value)}; allowed is 0 or 1");

    protected static string Shape(IEnumerable<long> shape) => shape.Any() ? string.Join("×", shape) : "scalar";

    private InvalidFileException Misshapen(INumberArray array, string allowed) =>
        new(Path, $"{array.Name} is {Shape(array.Shape)}; allowed is {allowed}");

    private static DatasetSource OpenHdf5(string path)
    {
        var file = Hdf5File.Open(path);
        try
        {
            return MinariSource.Recognises(file) ? new MinariSource(file) : new D4rlSource(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static bool StartsAsZip(string path)
    {
        using var stream = FileToRead.Open(path);
        Span<byte> start = stackalloc byte[ZipSignature.Length];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(ZipSignature);
    }
}
