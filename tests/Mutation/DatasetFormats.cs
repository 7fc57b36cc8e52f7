using System.IO.Compression;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Data.Formats;
using EDA.Engine.Data.Hdf5;
using EDA.Engine.Evaluation;
using EDA.Host.Figures;
using EDA.Kernels;
using EDA.Tests.Data;

namespace EDA.Tests.Mutation;

/// <summary>
/// A dataset: inspected as by the command, then loaded. Inspection looks at more of a file than training needs, so it may
/// refuse what loads; what it finds without a problem loads.
/// </summary>
internal abstract class DatasetFormat : MutatedFormat
{
    public override void Read(string path)
    {
        InvalidFileException? refusal = null;
        try
        {
            Inspect(path);
        }
        catch (InvalidFileException refused)
        {
            refusal = refused;
        }

        try
        {
            _ = new QLearningView(OfflineDataset.Load(path)).Actions();
        }
        catch (InvalidFileException refused) when (refusal is null)
        {
            // Inspection has no task: what only a view refuses is no problem to it.
            if (!refused.Reason.Contains("transition", StringComparison.Ordinal))
                throw new InvalidOperationException($"inspection finds no problem, and it is refused: {refused.Message}", refused);
            throw;
        }
    }

    /// <summary>Inspects a file, and refuses one with problems.</summary>
    protected virtual void Inspect(string path) => InProcess.Eda("data", "inspect", path);
}

/// <summary>HDF5, without the process of its own in which the commands try it first: what the library dies of is to be seen.</summary>
internal abstract class AnyHdf5Format : DatasetFormat
{
    public override string FileName => "case.hdf5";

    // The library has caches of its own.
    public override long Allowance => 64 << 20;

    protected override void Inspect(string path)
    {
        if (DatasetInspection.Of(path).Problems is [var problem, ..])
            throw new InvalidFileException(path, problem);
    }
}

/// <summary>D4RL's HDF5, contiguous, chunked and compressed, and what h5py made of it.</summary>
internal sealed class Hdf5Format : AnyHdf5Format
{
    /// <summary>Where HDF5's own structures begin, found by their signatures, and what follows each.</summary>
    public static IReadOnlyList<(int First, int Count)> Signatures(byte[] bytes)
    {
        var found = new List<(int, int)> { (0, Math.Min(bytes.Length, 96)), (Math.Min(96, bytes.Length), Math.Min(700, Math.Max(bytes.Length - 96, 0))) };
        foreach (string signature in (string[])["OHDR", "TREE", "SNOD", "HEAP", "FRHP", "FHDB", "BTHD", "BTLF", "FADB", "EAHD", "FAHD", "GCOL", "OCHK"])
        {
            var at = new Span<byte>(bytes);
            for (int first = 0; at.IndexOf(System.Text.Encoding.ASCII.GetBytes(signature)) is var next and >= 0; at = at[(next + 4)..])
            {
                found.Add((first + next, 160));
                first += next + 4;
            }
        }

        return found;
    }

    /// <summary>An HDF5 file without the times at which its objects were made.</summary>
    public static byte[] Timeless(byte[] bytes)
    {
        ReadOnlySpan<byte> type = [0x12, 0, 8, 0], version = [1, 0, 0, 0];
        for (int at = 0; at + 16 <= bytes.Length; at++)
        {
            if (bytes.AsSpan(at, 4).SequenceEqual(type) && bytes.AsSpan(at + 8, 4).SequenceEqual(version))
                bytes.AsSpan(at + 12, 4).Clear();
        }

        return bytes;
    }

    protected override IReadOnlyList<(int First, int Count)> Structure(byte[] bytes) => Signatures(bytes);

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        var fields = TestFiles.Fields(new SyntheticTransitions(1, 40));
        return
        [
            .. new[] { default, new Hdf5Storage(16), new Hdf5Storage(16, Gzip: 4) }
                .Select(storage => Timeless(Written(FileName, path => TestFiles.Hdf5(path, fields, storage)))),
            System.IO.File.ReadAllBytes(DatasetGoldenTests.At("d4rl-float64.hdf5")),
        ];
    }
}

/// <summary>Minari's HDF5.</summary>
internal sealed class MinariFormat : AnyHdf5Format
{
    protected override IReadOnlyList<(int First, int Count)> Structure(byte[] bytes) => Hdf5Format.Signatures(bytes);

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder) =>
        [Hdf5Format.Timeless(Written(FileName, path => TestFiles.Minari(path, [3, 5]))), Hdf5Format.Timeless(Written(FileName, path => TestFiles.Minari(path, [2])))];
}

/// <summary>NPZ: changed as bytes of the archive, or within an array of an archive that is whole again.</summary>
internal sealed class NpzFormat : DatasetFormat
{
    public override string FileName => "case.npz";

    /// <summary>One change, half of the time to an array within the archive.</summary>
    public static byte[] ChangeArchive(Random random, byte[] bytes, Func<Random, byte[], byte[]> change)
    {
        if (random.Next(2) == 0 || Open(bytes) is not { Count: > 0 } entries)
            return change(random, bytes);
        int which = random.Next(entries.Count);
        if (random.Next(8) == 0)
            entries.Insert(random.Next(entries.Count + 1), entries[which]);
        else if (random.Next(8) == 0)
            entries.RemoveAt(which);
        else if (random.Next(3) == 0)
            entries[which] = (entries[which].Name, Header(random, entries[which].Bytes));
        else
            entries[which] = (entries[which].Name, change(random, entries[which].Bytes));
        return Archive(entries, (CompressionLevel)random.Next(3));
    }

    /// <summary>An archive without the time at which it was made.</summary>
    public static byte[] Timeless(byte[] bytes) => Archive(Open(bytes)!, CompressionLevel.Fastest);

    /// <summary>The local headers at the beginning and the directory at the end.</summary>
    public static IReadOnlyList<(int First, int Count)> Ends(byte[] bytes) => [(0, Math.Min(bytes.Length, 160)), (Math.Max(bytes.Length - 400, 0), 400)];

    protected override byte[] Change(Random random, byte[] bytes) => ChangeArchive(random, bytes, base.Change);

    protected override IReadOnlyList<(int First, int Count)> Structure(byte[] bytes) => Ends(bytes);

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        byte[] plain = Written(FileName, path => TestFiles.Npz(path, TestFiles.Fields(new SyntheticTransitions(1, 40))));
        return
        [
            Timeless(plain),
            Archive(Open(plain)!, CompressionLevel.NoCompression),
            .. new[] { "plain.npz", "compressed.npz" }.Select(name => System.IO.File.ReadAllBytes(DatasetGoldenTests.At(name))),
        ];
    }

    // The words of numpy's header, with its length as it must be.
    private static byte[] Header(Random random, byte[] array)
    {
        if (array.Length < 10)
            return array;
        int length = Math.Min(array[8] + (256 * array[9]), array.Length - 10);
        byte[] header = TextMutation.Apply(random, array[10..(10 + length)]);
        return [.. array[..8], (byte)header.Length, (byte)(header.Length >> 8), .. header, .. array[(10 + length)..]];
    }

    private static List<(string Name, byte[] Bytes)>? Open(byte[] bytes)
    {
        try
        {
            using var archive = new ZipArchive(new MemoryStream(bytes));
            var entries = new List<(string, byte[])>();
            foreach (var entry in archive.Entries)
            {
                using var stream = entry.Open();
                using var memory = new MemoryStream();
                stream.CopyTo(memory);
                entries.Add((entry.FullName, memory.ToArray()));
            }

            return entries;
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static byte[] Archive(List<(string Name, byte[] Bytes)> entries, CompressionLevel level)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in entries)
            {
                var entry = archive.CreateEntry(name.Length > 0 ? name : "nameless", level);
                entry.LastWriteTime = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var stream = entry.Open();
                stream.Write(bytes);
            }
        }

        return memory.ToArray();
    }
}

/// <summary>CSV of a dataset.</summary>
internal sealed class CsvFormat : DatasetFormat
{
    public override string FileName => "case.csv";

    protected override bool IsText => true;

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder) =>
        [.. new[] { true, false }.Select(timeouts => Written(FileName, path => DatasetFile.Write(new SyntheticTransitions(1, 12).Dataset(timeouts), path)))];
}

/// <summary>A user's own labels.</summary>
internal sealed class LabelsFormat : MutatedFormat
{
    public override string FileName => "case.npz";

    public override void Read(string path)
    {
        var labels = UserLabels.Load(path);
        labels.Check(new BdmShape(labels.StateSize, labels.ActionSize, 32, 1), new PreferenceObjective(1));
        using var device = new EDA.Kernels.Cpu.CpuDevice(new(EDA.Kernels.Cpu.SimdLevel.Portable, 1));
        labels.ToBatches(device).Dispose();
    }

    protected override byte[] Change(Random random, byte[] bytes) => NpzFormat.ChangeArchive(random, bytes, base.Change);

    protected override IReadOnlyList<(int First, int Count)> Structure(byte[] bytes) => NpzFormat.Ends(bytes);

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder) => [Labels("q", [2, 3], [1, 2, 3, 30, 20, 10]), Labels("winner", [2], [2, 0])];

    private byte[] Labels(string kind, int[] shape, float[] values) => NpzFormat.Timeless(Written(FileName, path =>
    {
        using var file = new NpzWriter(path);
        file.Write("states", [2, 1], (ReadOnlySpan<float>)[5, -6]);
        file.Write("candidates", [2, 3, 1], (ReadOnlySpan<float>)[0, 0.5f, 1, -1, -0.5f, 1]);
        file.Write(kind, shape, values);
    }));
}

/// <summary>Sampled actions, and their figure.</summary>
internal sealed class ActionSamplesFormat : MutatedFormat
{
    public override string FileName => "case.npz";

    public override void Read(string path)
    {
        var samples = ActionSamples.Load(path);
        if (samples.ActionSize > 1)
            ActionFigure.Draw(samples);
    }

    protected override byte[] Change(Random random, byte[] bytes) => NpzFormat.ChangeArchive(random, bytes, base.Change);

    protected override IReadOnlyList<(int First, int Count)> Structure(byte[] bytes) => NpzFormat.Ends(bytes);

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder) => [Samples(hasQ: true), Samples(hasQ: false)];

    private byte[] Samples(bool hasQ) => Written(FileName, new ActionSamples
    {
        Rows = [7],
        StateSize = 2,
        ActionSize = 3,
        Candidates = 2,
        States = [5, -6],
        DataActions = [0, 0.5f, 1],
        DataQ = hasQ ? [3] : null,
        Policies = [.. new[] { "behavior", "policy" }.Select(name => new SampledActions(name, [0, 0.5f, 1, -1, -0.5f, 2], hasQ ? [1, 2] : null, [3, 4]))],
    }.Save);
}
