using EDA.Engine;
using EDA.Engine.Data.Hdf5;
using EDA.Tests.Host;

namespace EDA.Tests.Data;

/// <summary>HDF5 as such: what is written reads back, and what h5py wrote reads as h5py has it.</summary>
public sealed class Hdf5FileTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [OptionalTheory(OptionalNeeds.Hdf5)]
    [InlineData(0, 0, 0)]
    [InlineData(7, 0, 0)]
    [InlineData(7, 2, 6)]
    [InlineData(1000, 1, 1)]
    public void Arrays_read_back_however_they_are_kept(int chunkRows, int chunkColumns, int gzip)
    {
        const int Rows = 100, Columns = 5;
        double[] numbers = [.. Enumerable.Range(0, Rows * Columns).Select(i => i / 3.0)];
        bool[] flags = [.. Enumerable.Range(0, Rows).Select(i => i % 3 == 0)];
        var storage = new Hdf5Storage(chunkRows, chunkColumns, gzip);
        using (var file = new Hdf5Writer(_folder.At("a.hdf5")))
        {
            file.CreateGroup("inner");
            file.Write("inner/double", [Rows, Columns], numbers, storage);
            file.Write("float", [Rows, Columns], Array.ConvertAll(numbers, number => (float)number), storage);
            file.Write("flags", [Rows], flags, storage);
            file.Write("words", "größer als 1");
        }

        using var read = Hdf5File.Open(_folder.At("a.hdf5"));
        Assert.Equal(["flags", "float", "inner", "words"], read.Names());
        Assert.Equal(["double"], read.Names("inner"));
        Assert.Equal("größer als 1", read.Text("words"));
        foreach (string name in (string[])["inner/double", "float"])
        {
            using var dataset = read.Dataset(name);
            Assert.Equal([Rows, Columns], dataset.Shape);
            var found = new float[Rows * Columns];
            dataset.Read(found);
            Assert.Equal(numbers.Select(number => (float)number), found);
        }

        using var truths = read.Dataset("flags");
        var foundFlags = new bool[Rows];
        truths.Read(foundFlags, (row, value) => Assert.Fail($"row {row} is {value}"));
        Assert.Equal(flags, foundFlags);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Blocks_meet_without_a_gap()
    {
        // More than one block of the buffer, with chunks that do not divide it.
        const int Rows = 300_001, Columns = 3;
        double[] numbers = [.. Enumerable.Range(0, Rows * Columns).Select(i => i * 0.5)];
        using (var file = new Hdf5Writer(_folder.At("a.hdf5")))
            file.Write("x", [Rows, Columns], numbers, new Hdf5Storage(70_000, 2, 1));
        using var read = Hdf5File.Open(_folder.At("a.hdf5"));
        using var dataset = read.Dataset("x");
        var found = new float[numbers.Length];
        dataset.Read(found);
        Assert.Equal(numbers.Select(number => (float)number), found);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Types_and_storage_of_h5py_files_are_named()
    {
        using var file = Hdf5File.Open(DatasetGoldenTests.At("d4rl-without-timeouts.hdf5"));
        using var observations = file.Dataset("observations");
        Assert.Equal("float64", observations.TypeName);
        Assert.EndsWith("shuffle, gzip, checksum", observations.Storage, StringComparison.Ordinal);
        using var flags = file.Dataset("terminals");
        Assert.Equal("bool", flags.TypeName);
        using var older = Hdf5File.Open(DatasetGoldenTests.At("d4rl-float64.hdf5"));
        using var bytes = older.Dataset("terminals");
        Assert.Equal("uint8", bytes.TypeName);
        Assert.Equal("one piece", bytes.Storage);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Texts_of_h5py_files_are_read_however_long()
    {
        using var file = Hdf5File.Open(DatasetGoldenTests.At("d4rl-float32.hdf5"));
        Assert.Equal("SAC", file.Text("metadata/algorithm"));
        Assert.Equal("hopper", file.Text("metadata/env"));
        Assert.Null(file.Text("observations"));
        Assert.Null(file.Text("metadata/none"));
        using var minari = Hdf5File.Open(DatasetGoldenTests.At("minari.hdf5"));
        Assert.Equal("mujoco/hopper/medium-v0", minari.TextAttribute("/", "dataset_id"));
        Assert.Null(minari.TextAttribute("/", "total_episodes"));
        Assert.Null(minari.TextAttribute("/", "none"));
        Assert.Null(minari.TextAttribute("episode_99", "id"));
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Nothing_is_written_over()
    {
        string path = _folder.Write("there.hdf5", "precious");
        Assert.Throws<IOException>(() => new Hdf5Writer(path));
        Assert.Equal("precious", File.ReadAllText(path));
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void What_is_not_there_is_named()
    {
        using (var file = new Hdf5Writer(_folder.At("a.hdf5")))
            file.CreateGroup("inner");
        using var read = Hdf5File.Open(_folder.At("a.hdf5"));
        Assert.Equal((false, true, true), (read.Exists("x"), read.Exists("inner"), read.IsGroup("/inner/")));
        Assert.False(read.Exists("inner/x/y"));
        Assert.Contains("x is missing", Assert.Throws<InvalidFileException>(() => read.Dataset("x")).Message, StringComparison.Ordinal);
        Assert.Contains("inner is a group", Assert.Throws<InvalidFileException>(() => read.Dataset("inner")).Message, StringComparison.Ordinal);
    }
}
