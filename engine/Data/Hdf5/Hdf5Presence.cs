using System.Collections;
using System.Text;

namespace EDA.Engine.Data.Hdf5;

/// <summary>
/// Whether the elements of a dataset are in the file. Where they are not, HDF5 gives the fill value, as a rule zeros, and
/// no error: chunks that were never written, a virtual dataset whose source is gone, external files that are missing or
/// short. A piece or a chunk that was written in part cannot be told from one that was written whole.
/// </summary>
/// <param name="library">The library, whose lock is held.</param>
internal sealed unsafe class Hdf5Presence(Hdf5Library library)
{
    private const int LayoutCompact = 0, LayoutContiguous = 1, LayoutChunked = 2, LayoutVirtual = 3;
    private const int SelectsBlocks = 2, SelectsAll = 3;
    private const int DeepestNesting = 8;
    private const int LongestName = 4096;
    private const string Origin = "${ORIGIN}";

    // A chunk takes a microsecond to find. Of a broken file's billions, the first few are enough.
    private const int MostChunks = 1 << 20;

    /// <summary>Rows that are not there, and why.</summary>
    /// <param name="Rows">The rows, as ranges in ascending order; none where which ones is not known.</param>
    /// <param name="Reason">Why, in words that follow "are not in the file: ".</param>
    public sealed record Gap(IReadOnlyList<(long First, long Last)> Rows, string Reason)
    {
        private const int Shown = 3;

        /// <summary>The rows in words that stand between two commas; nothing where which ones is not known.</summary>
        public string Text
        {
            get
            {
                if (Rows.Count == 0)
                    return string.Empty;
                string[] ranges = [.. Rows.Take(Shown).Select(range => range.First == range.Last ? $"{range.First}" : $"{range.First} to {range.Last}"), .. Rows.Count > Shown ? ["others"] : (string[])[]];
                return ranges.Length == 1 ? $", rows {ranges[0]}," : $", rows {string.Join(", ", ranges[..^1])} and {ranges[^1]},";
            }
        }

        /// <summary>Whether any of these rows is missing.</summary>
        public bool Meets(long first, long last) => Rows.Count == 0 || Rows.Any(range => range.First <= last && range.Last >= first);
    }

    /// <summary>Looks for rows that are not there.</summary>
    /// <param name="file">The dataset's file.</param>
    /// <param name="path">The file's path.</param>
    /// <param name="id">The dataset.</param>
    /// <returns>The rows; null where all are there.</returns>
    public Gap? Find(long file, string path, long id) => Find(file, path, id, DeepestNesting);

    private Gap? Find(long file, string path, long id, int depth)
    {
        long[] shape = ShapeOf(id);
        long elements = shape.Aggregate(1L, (product, size) => product * size);
        if (elements == 0)
            return null;
        long properties = library.DatasetProperties(id);
        try
        {
            return library.Layout(properties) switch
            {
                LayoutCompact => library.StorageSize(id) < (ulong)(elements * SizeOf(id)) ? All(shape, "their piece is too short") : null,
                LayoutContiguous when library.ExternalCount(properties) > 0 => External(path, properties, shape, elements * SizeOf(id)),
                LayoutContiguous => library.StorageSize(id) < (ulong)(elements * SizeOf(id)) ? All(shape, "they were never written") : null,
                LayoutChunked => Chunks(id, properties, shape),
                LayoutVirtual => depth > 0 ? Virtual(file, path, properties, shape, depth) : All(shape, $"virtual datasets stand on each other more than {DeepestNesting} deep"),
                _ => null,
            };
        }
        finally
        {
            library.PropertiesClose(properties);
        }
    }

    private long[] ShapeOf(long id)
    {
        long space = library.DatasetSpace(id);
        try
        {
            var shape = new ulong[Math.Max(1, library.SpaceRank(space))];
            fixed (ulong* sizes = shape)
                library.SpaceShape(space, sizes, null);
            return [.. shape.Take(library.SpaceRank(space)).Select(size => (long)size)];
        }
        finally
        {
            library.SpaceClose(space);
        }
    }

    private long SizeOf(long id)
    {
        long type = library.DatasetType(id);
        long size = (long)library.TypeSize(type);
        library.TypeClose(type);
        return size;
    }

    private static Gap All(long[] shape, string reason) => new(shape.Length == 0 ? [] : [(0, shape[0] - 1)], reason);

    private Gap? Chunks(long id, long properties, long[] shape)
    {
        if (library.StorageSize(id) == 0)
            return All(shape, "their chunks were never written");
        if (library.ChunkCount == null || library.ChunkAt == null)
            return null;
        var chunk = new ulong[shape.Length];
        fixed (ulong* sizes = chunk)
            library.Chunk(properties, shape.Length, sizes);
        long[] counts = [.. shape.Select((size, i) => ((size - 1) / (long)chunk[i]) + 1)];
        ulong written;
        long space = library.DatasetSpace(id);
        int status = library.ChunkCount(id, space, &written);
        library.SpaceClose(space);
        if (status < 0 || written >= (ulong)counts.Aggregate(1L, (product, count) => product * count))
            return null;
        return new Gap(MissingBands(id, shape, chunk, counts), "their chunks were never written");
    }

    /// <summary>The rows of chunks that are missing, a band of chunks after the other.</summary>
    private List<(long First, long Last)> MissingBands(long id, long[] shape, ulong[] chunk, long[] counts)
    {
        var rows = new List<(long First, long Last)>();
        long inBand = counts.Skip(1).Aggregate(1L, (product, count) => product * count), looked = 0;
        for (long band = 0; band < counts[0] && looked < MostChunks; band++)
        {
            bool isMissing = false;
            for (long i = 0; i < inBand && !isMissing && looked < MostChunks; i++, looked++)
                isMissing = IsMissing(id, band, i, chunk, counts);
            if (isMissing)
                Add(rows, band * (long)chunk[0], Math.Min(shape[0], (band + 1) * (long)chunk[0]) - 1);
        }

        return rows;
    }

    private bool IsMissing(long id, long band, long index, ulong[] chunk, long[] counts)
    {
        ulong* offset = stackalloc ulong[chunk.Length];
        for (int i = chunk.Length - 1; i > 0; i--)
        {
            offset[i] = (ulong)(index % counts[i]) * chunk[i];
            index /= counts[i];
        }

        offset[0] = (ulong)band * chunk[0];
        uint filters;
        ulong address = ulong.MaxValue, size = 0;
        return library.ChunkAt(id, offset, &filters, &address, &size) < 0 || address == ulong.MaxValue;
    }

    private static void Add(List<(long First, long Last)> rows, long first, long last)
    {
        if (rows.Count > 0 && rows[^1].Last >= first - 1)
            rows[^1] = (rows[^1].First, last);
        else
            rows.Add((first, last));
    }

    private Gap? External(string path, long properties, long[] shape, long bytes)
    {
        long rowBytes = shape.Length == 0 ? bytes : bytes / shape[0], at = 0;
        var rows = new List<(long First, long Last)>();
        string reason = "no external file is named for them";
        byte* name = stackalloc byte[LongestName];
        for (uint i = 0; at < bytes && i < library.ExternalCount(properties); i++)
        {
            long offset;
            ulong size;
            if (library.External(properties, i, LongestName, name, &offset, &size) < 0)
                break;
            string file = InPrefix("HDF5_EXTFILE_PREFIX", path, System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)name)!);
            long wanted = (long)Math.Min(size, (ulong)(bytes - at));
            long there = File.Exists(file) ? Math.Clamp(new FileInfo(file).Length - offset, 0, wanted) : 0;
            if (there < wanted)
            {
                Add(rows, (at + there) / rowBytes, (at + wanted - 1) / rowBytes);
                reason = File.Exists(file) ? $"their external file {file} has {new FileInfo(file).Length} bytes and not {offset + wanted}" : $"their external file {file} is missing";
            }

            at += wanted;
        }

        if (at < bytes)
            Add(rows, at / rowBytes, (bytes - 1) / rowBytes);
        return rows.Count == 0 ? null : new Gap(shape.Length == 0 ? [] : rows, reason);
    }

    private Gap? Virtual(long file, string path, long properties, long[] shape, int depth)
    {
        var there = new BitArray((int)Math.Min(Array.MaxLength, shape.Aggregate(1L, (product, size) => product * size)));
        string? reason = null;
        nuint count;
        if (library.VirtualCount(properties, &count) < 0)
            count = 0;
        for (nuint i = 0; i < count; i++)
        {
            long space = library.VirtualSpace(properties, i);
            try
            {
                string? refusal = Source(file, path, properties, i, library.SelectionPoints(space), depth);
                refusal ??= Mark(there, space, shape) ? null : "a part of the virtual dataset has no end, and how far it reaches cannot be told";
                reason ??= refusal;
            }
            finally
            {
                library.SpaceClose(space);
            }
        }

        var rows = new List<(long First, long Last)>();
        int width = shape.Length == 0 ? 1 : (int)(there.Length / shape[0]);
        for (int element = 0; element < there.Length; element++)
        {
            if (!there[element])
                Add(rows, element / width, element / width);
        }

        return rows.Count == 0 ? null : new Gap(shape.Length == 0 ? [] : rows, reason ?? "no source is named for them");
    }

    /// <summary>Why a source of a virtual dataset does not have what is taken from it; null where it does.</summary>
    private string? Source(long file, string path, long properties, nuint mapping, long wanted, int depth)
    {
        string fileName = Name(library.VirtualFile, properties, mapping), dataset = Name(library.VirtualDataset, properties, mapping);
        string named = fileName == "." ? $"their source {dataset}" : $"their source {dataset} in {fileName}";
        var (source, sourcePath) = fileName == "." ? (file, path) : OpenSource(path, fileName);
        if (source < 0)
            return $"their source {fileName} is missing or cannot be opened";
        long id = -1, space = library.VirtualSourceSpace(properties, mapping);
        try
        {
            fixed (byte* text = Hdf5Library.Text(dataset))
                id = library.DatasetOpen(source, text, 0);
            if (id < 0)
                return $"{named} is missing or cannot be opened";
            long[] shape = ShapeOf(id);
            if (Bounds(space, shape, wanted) is not var (first, last))
                return $"{named} is smaller, {string.Join("×", shape)}";
            return Find(source, sourcePath, id, depth - 1) is { } gap && gap.Meets(first, last) ? $"{named} lacks rows: {gap.Reason}" : null;
        }
        finally
        {
            library.SpaceClose(space);
            if (id >= 0)
                library.ObjectClose(id);
            if (source != file)
                library.FileClose(source);
        }
    }

    /// <summary>The rows of a source that are taken; null where it does not have all that are wanted.</summary>
    private (long First, long Last)? Bounds(long space, long[] shape, long wanted)
    {
        if (library.SelectionKind(space) != SelectsBlocks)
            return shape.Aggregate(1L, (product, size) => product * size) >= wanted ? (0, long.MaxValue) : null;
        var first = new ulong[Math.Max(1, library.SpaceRank(space))];
        var last = new ulong[first.Length];
        fixed (ulong* least = first)
        fixed (ulong* most = last)
        {
            if (first.Length != shape.Length || library.SelectionBounds(space, least, most) < 0)
                return null;
        }

        return last.Zip(shape).All(pair => pair.First < (ulong)pair.Second) ? ((long)first[0], (long)last[0]) : null;
    }

    /// <summary>The file that the library would find: by the prefix that is set, beside the virtual dataset's, or here.</summary>
    private (long File, string Path) OpenSource(string path, string name)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!, last = Path.GetFileName(name);
        string[] candidates = Path.IsPathRooted(name)
            ? [name, InPrefix("HDF5_VDS_PREFIX", path, last), Path.Combine(folder, last), last]
            : [InPrefix("HDF5_VDS_PREFIX", path, name), Path.Combine(folder, name), name];
        foreach (string candidate in candidates.Where(File.Exists))
        {
            fixed (byte* text = Hdf5Library.Text(candidate))
            {
                long file = library.FileOpen(text, 0, 0);
                if (file >= 0)
                    return (file, candidate);
            }
        }

        return (-1, name);
    }

    private static string InPrefix(string variable, string path, string name)
    {
        string? prefix = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(prefix) || Path.IsPathRooted(name))
            return name;
        return Path.Combine(prefix.Replace(Origin, Path.GetDirectoryName(Path.GetFullPath(path)), StringComparison.Ordinal), name);
    }

    private static string Name(delegate* unmanaged[Cdecl]<long, nuint, byte*, nuint, nint> read, long properties, nuint mapping)
    {
        var text = new byte[LongestName];
        fixed (byte* destination = text)
        {
            nint length = read(properties, mapping, destination, LongestName);
            // A percent sign stands there twice.
            return Encoding.UTF8.GetString(text, 0, (int)Math.Clamp(length, 0, LongestName - 1)).Replace("%%", "%", StringComparison.Ordinal);
        }
    }

    /// <summary>Marks what a selection takes; false where it has no end.</summary>
    private bool Mark(BitArray there, long space, long[] shape)
    {
        int kind = library.SelectionKind(space);
        if (kind == SelectsAll)
        {
            there.SetAll(true);
            return true;
        }

        long blocks = kind == SelectsBlocks ? library.SelectionBlocks(space) : -1;
        if (blocks < 0)
            return false;
        var corners = new ulong[2 * shape.Length];
        for (long block = 0; block < blocks; block++)
        {
            fixed (ulong* list = corners)
            {
                if (library.SelectionBlockList(space, (ulong)block, 1, list) < 0)
                    return false;
            }

            MarkBlock(there, shape, corners, 0, 0);
        }

        return true;
    }

    private static void MarkBlock(BitArray there, long[] shape, ulong[] corners, int dimension, long offset)
    {
        for (ulong i = corners[dimension]; i <= corners[shape.Length + dimension] && i < (ulong)shape[dimension]; i++)
        {
            long at = (offset * shape[dimension]) + (long)i;
            if (dimension < shape.Length - 1)
                MarkBlock(there, shape, corners, dimension + 1, at);
            else
                there[(int)at] = true;
        }
    }
}
