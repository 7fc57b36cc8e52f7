using EDA.Engine;
using EDA.Engine.Data;

namespace EDA.Tests.Engine;

/// <summary>Rows in memory and in a file behave alike, and a file is known again.</summary>
public sealed class RowStoreTests : IDisposable
{
    private static readonly Dictionary<string, string> _identity = new() { ["seed"] = "1", ["model"] = "abc" };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-rows-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rows_come_back_in_any_order(bool inFile)
    {
        float[] values = [.. Enumerable.Range(0, 5 * 6).Select(i => (float)i)];
        using var store = inFile ? RowStore.OpenFile(At("rows.npy"), _identity, 5, 3, 2) : RowStore.InMemory(5, 3, 2);
        Assert.Equal((5, 6, 0), (store.Count, store.RowLength, store.Completed));
        store.Append(values.AsSpan(0, 12));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Read(1, new float[12]));
        Assert.Throws<ArgumentException>(() => store.Append(new float[7]));
        Assert.Throws<ArgumentException>(() => store.Append(new float[24]));
        store.Append(values.AsSpan(12));
        Assert.True(store.IsComplete);
        float[] rows = new float[18];
        store.Gather([4, 0, 4], rows);
        Assert.Equal([.. values[24..], .. values[..6], .. values[24..]], rows);
        store.Read(1, rows);
        Assert.Equal(values[6..24], rows);
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Gather([5], new float[6]));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Gather([-1], new float[6]));

        using var same = RowStore.InMemory(5, 3, 2);
        same.Append(values);
        Assert.Equal(same.Fingerprint(), store.Fingerprint());
        using var cut = RowStore.InMemory(5, 2, 3);
        cut.Append(values);
        Assert.NotEqual(cut.Fingerprint(), store.Fingerprint());
    }

    [Fact]
    public void A_file_goes_on_where_it_stopped()
    {
        using (var store = RowStore.OpenFile(At("rows.npy"), _identity, 3, 2))
            store.Append([1, 2, 3, 4]);
        using (var store = RowStore.OpenFile(At("rows.npy"), _identity, 3, 2))
        {
            Assert.Equal(2, store.Completed);
            store.Append([5, 6]);
        }

        using var whole = RowStore.OpenFile(At("rows.npy"), _identity, 3, 2);
        Assert.True(whole.IsComplete);
        float[] rows = new float[6];
        whole.Read(0, rows);
        Assert.Equal([1, 2, 3, 4, 5, 6], rows);
    }

    [Fact]
    public void A_file_is_an_npy_file()
    {
        using (var store = RowStore.OpenFile(At("rows.npy"), _identity, 2, 2))
            store.Append([1, 2, 3, 4]);
        byte[] bytes = File.ReadAllBytes(At("rows.npy"));
        const int header = 128;
        Assert.Equal(header + 16, bytes.Length);
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0, header - 10, 0], bytes[..10]);
        string text = System.Text.Encoding.ASCII.GetString(bytes[10..header]);
        Assert.Equal("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", text.TrimEnd());
        Assert.Equal('\n', text[^1]);
        Assert.Equal(3f, BitConverter.ToSingle(bytes, header + 8));
    }

    [Fact]
    public void A_file_of_other_rows_is_refused_and_left_alone()
    {
        using (var store = RowStore.OpenFile(At("rows.npy"), _identity, 3, 2))
            store.Append([1, 2]);
        byte[] before = File.ReadAllBytes(At("rows.npy"));
        Assert.Null(RowStore.Find(At("other.npy")));
        Assert.Equal(3, RowStore.Find(At("rows.npy"))?.Count);
        Assert.Equal([2], RowStore.Find(At("rows.npy"))?.RowShape);
        Assert.Equal(_identity, RowStore.Find(At("rows.npy"))?.Identity.ToDictionary());
        Assert.Contains("its seed is 1 and not 2", Refused(new(_identity) { ["seed"] = "2" }, 3, 2), StringComparison.Ordinal);
        Assert.Contains("its model is abc and not given", Refused(new() { ["seed"] = "1" }, 3, 2), StringComparison.Ordinal);
        Assert.Contains("its solver is not given and not 15", Refused(new(_identity) { ["solver"] = "15" }, 3, 2), StringComparison.Ordinal);
        Assert.Contains("is not an .npy file of 3×4", Refused(_identity, 3, 4), StringComparison.Ordinal);
        Assert.Contains("is not an .npy file of 4×2", Refused(_identity, 4, 2), StringComparison.Ordinal);
        File.WriteAllText(At("rows.npy.json"), "{}");
        Assert.Contains("does not say how far", Refused(_identity, 3, 2), StringComparison.Ordinal);
        File.Delete(At("rows.npy.json"));
        Assert.Contains("one of the two is missing", Refused(_identity, 3, 2), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(At("rows.npy")));
    }

    private string Refused(Dictionary<string, string> identity, int count, params int[] shape) =>
        Assert.Throws<InvalidFileException>(() => RowStore.OpenFile(At("rows.npy"), identity, count, shape).Dispose()).Message;

    private string At(string name) => Path.Combine(_folder, name);

    [Fact]
    public void Many_rows_are_in_the_file_and_not_in_memory()
    {
        // 16 candidates of 6 numbers for 250,000 states: 92 MiB.
        const int Count = 250_000, Part = 10_000, RowLength = 16 * 6;
        const long Most = 48 << 20;
        float[] part = new float[Part * RowLength];
        string path = At("many.npy");
        using var store = RowStore.OpenFile(path, _identity, Count, 16, 6);
        long allocated = 0, resident = 0;
        for (int first = 0; first < Count; first += Part)
        {
            Array.Fill(part, first);
            Watch(() => store.Append(part));
        }

        Watch(() => store.Fingerprint());
        for (int first = 0; first < Count; first += Part)
        {
            Watch(() => store.Read(first, part));
            Assert.Equal(first, part[^1]);
        }

        Assert.True(new FileInfo(path).Length > 4L * Count * RowLength);
        Assert.InRange(allocated, 0, 8 << 20);
        Assert.InRange(resident, 0, Most);

        void Watch(Action work)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            resident = Math.Max(resident, Resident(path));
        }
    }

    // How much of a file this process holds through mappings, where the system tells.
    private static long Resident(string path)
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        long bytes = 0;
        bool inside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            // A mapping begins with its addresses, begin-end; what follows of it are lines of a name and a colon.
            if (line.AsSpan(0, line.IndexOf(' ')).Contains('-'))
                inside = line.EndsWith(path, StringComparison.Ordinal);
            else if (inside && line.StartsWith("Rss:", StringComparison.Ordinal))
                bytes += 1024 * long.Parse(line[4..].Replace("kB", string.Empty, StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
        }

        return bytes;
    }
}
