using System.Buffers.Binary;
using EDA.Engine;
using EDA.Engine.Data;
using EDA.Engine.Data.Hdf5;
using EDA.Tests.Host;
using Fields = System.Collections.Generic.Dictionary<string, (int[] Shape, System.Array Values)>;

namespace EDA.Tests.Data;

/// <summary>Bad files are refused in one line that names the file, the field and the row.</summary>
public sealed class DatasetRefusalTests : IDisposable
{
    private const int Rows = 20;
    private readonly ScratchFolder _folder = new();

    /// <summary>What is done to good fields, and the line that must come of it, for files of arrays.</summary>
    private static readonly Dictionary<string, (Action<Fields> Change, string Named)> Cases = new()
    {
        ["no observations"] = (fields => fields.Remove("observations"), "observations is missing; there is actions, rewards, terminals, timeouts"),
        ["no actions"] = (fields => fields.Remove("actions"), "actions is missing"),
        ["no rewards"] = (fields => fields.Remove("rewards"), "rewards is missing"),
        ["no terminals"] = (fields => fields.Remove("terminals"), "terminals is missing"),
        ["no field"] = (fields => fields.Clear(), "observations is missing; there is nothing"),
        ["fewer actions"] = (fields => fields["actions"] = ([Rows - 1, 2], new float[2 * (Rows - 1)]), "actions is 19×2; allowed is 20×columns"),
        ["fewer rewards"] = (fields => fields["rewards"] = ([Rows - 1], new float[Rows - 1]), "rewards is 19; allowed is 20 or 20×1"),
        ["wide rewards"] = (fields => fields["rewards"] = ([Rows, 2], new float[2 * Rows]), "rewards is 20×2; allowed is 20 or 20×1"),
        ["more terminals"] = (fields => fields["terminals"] = ([Rows + 1], new bool[Rows + 1]), "terminals is 21; allowed is 20 or 20×1"),
        ["fewer timeouts"] = (fields => fields["timeouts"] = ([3], new bool[3]), "timeouts is 3; allowed is 20 or 20×1"),
        ["flat observations"] = (fields => fields["observations"] = ([Rows], new float[Rows]), "observations is 20; allowed is rows×columns"),
        ["images"] = (fields => fields["observations"] = ([Rows, 2, 2], new float[4 * Rows]), "observations is 20×2×2; allowed is rows×columns"),
        ["no columns"] = (fields => fields["actions"] = ([Rows, 0], Array.Empty<float>()), "actions is 20×0; allowed is 20×columns"),
        ["no rows"] = (fields => fields["observations"] = ([0, 3], Array.Empty<float>()), "there are no rows; allowed are two or more"),
        ["NaN state"] = (fields => Set(fields, "observations", 16, float.NaN), "observations, row 5, column 1 is NaN; allowed is a number that is finite"),
        ["infinite state"] = (fields => Set(fields, "observations", 0, float.PositiveInfinity), "observations, row 0, column 0 is Infinity"),
        ["NaN action"] = (fields => Set(fields, "actions", 39, float.NaN), "actions, row 19, column 1 is NaN"),
        ["action above 1"] = (fields => Set(fields, "actions", 4, 1.001f), "actions, row 2, column 0 is 1.001; allowed is a number from -1 to 1"),
        ["action below -1"] = (fields => Set(fields, "actions", 5, -3f), "actions, row 2, column 1 is -3"),
        ["infinite reward"] = (fields => Set(fields, "rewards", 7, float.NegativeInfinity), "rewards, row 7 is -Infinity"),
        ["odd terminal"] = (fields => fields["terminals"] = ([Rows], Odd(3, 2)), "terminals, row 3 is 2; allowed is 0 or 1"),
        ["NaN timeout"] = (fields => fields["timeouts"] = ([Rows], Odd(4, float.NaN)), "timeouts, row 4 is NaN; allowed is 0 or 1"),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    public void Dispose() => _folder.Dispose();

    [OptionalTheory(OptionalNeeds.Hdf5)]
    [MemberData(nameof(CaseNames))]
    public void Hdf5_with(string name)
    {
        var fields = TestFiles.Fields(new SyntheticTransitions(1, Rows));
        Cases[name].Change(fields);
        Refused(TestFiles.Hdf5(_folder.At("data.hdf5"), fields), Cases[name].Named);
    }

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void Npz_with(string name)
    {
        var fields = TestFiles.Fields(new SyntheticTransitions(1, Rows));
        Cases[name].Change(fields);
        Refused(TestFiles.Npz(_folder.At("data.npz"), fields), Cases[name].Named);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void A_double_beyond_float32()
    {
        var data = new SyntheticTransitions(1, Rows);
        var fields = TestFiles.Fields(data);
        double[] rewards = Array.ConvertAll(data.Rewards, reward => (double)reward);
        rewards[11] = 1e300;
        fields["rewards"] = ([Rows], rewards);
        Refused(TestFiles.Hdf5(_folder.At("data.hdf5"), fields), "rewards, row 11 is Infinity; allowed is a number that is finite as float32");
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Rounding_beyond_1_is_no_reason_to_refuse()
    {
        var fields = TestFiles.Fields(new SyntheticTransitions(1, Rows));
        Set(fields, "actions", 4, 1.000001f);
        string path = TestFiles.Hdf5(_folder.At("data.hdf5"), fields);
        Assert.Equal(1.000001f, OfflineDataset.Load(path).Actions[4]);
        Assert.Contains("1 actions are beyond 1 by rounding, at most 1.000001; they stay as they are", DatasetInspection.Of(path).Notes);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void A_field_that_is_a_group_or_text()
    {
        var fields = TestFiles.Fields(new SyntheticTransitions(1, Rows));
        fields["rewards"] = ([], new[] { "many" });
        Refused(TestFiles.Hdf5(_folder.At("text.hdf5"), fields), "rewards is scalar; allowed is 20 or 20×1");
        using (var file = new Hdf5Writer(_folder.At("group.hdf5")))
            file.CreateGroup("observations");
        Refused(_folder.At("group.hdf5"), "observations is a group");
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void A_file_that_is_cut_short()
    {
        byte[] whole = File.ReadAllBytes(TestFiles.Hdf5(_folder.At("data.hdf5"), TestFiles.Fields(new SyntheticTransitions(1, 2000)), new Hdf5Storage(100, 0, 4)));
        foreach (int length in (int[])[8, 100, whole.Length / 2, whole.Length - 1])
        {
            string path = _folder.At($"cut-{length}.hdf5");
            File.WriteAllBytes(path, whole[..length]);
            Refused(path, "broken or cut short");
        }
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void A_compression_that_the_library_lacks() =>
        Refused(DatasetGoldenTests.At("lzf.hdf5"), "actions is compressed with lzf, which this HDF5 library lacks; allowed are gzip, shuffle and no compression");

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void A_chunk_that_does_not_unpack()
    {
        string path = TestFiles.Hdf5(_folder.At("data.hdf5"), TestFiles.Fields(new SyntheticTransitions(1, 2000)), new Hdf5Storage(2000, 0, 4));
        byte[] bytes = File.ReadAllBytes(path);
        // The beginning of a zlib stream of level 4, of which the first is that of observations.
        int start = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x78, 0x5e]);
        Assert.True(start > 0);
        bytes.AsSpan(start + 100, 1000).Fill(0xff);
        File.WriteAllBytes(path, bytes);
        Refused(path, "observations cannot be read: ");
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void A_field_that_is_there_and_cannot_be_opened()
    {
        // The last name of the only group is timeouts; the address of its header stands in the group's table of symbols.
        string path = TestFiles.Hdf5(_folder.At("data.hdf5"), TestFiles.Fields(new SyntheticTransitions(1, Rows)));
        byte[] bytes = File.ReadAllBytes(path);
        int table = bytes.AsSpan().IndexOf("SNOD"u8), count = BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(table + 6));
        Assert.Equal(5, count);
        long header = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(table + 8 + (40 * (count - 1)) + 8));
        bytes[header] = 0xff;
        File.WriteAllBytes(path, bytes);
        Refused(path, "timeouts cannot be read: ");
        Assert.Equal("cannot be opened", DatasetInspection.Of(path).Fields.Single(field => field.Name == "timeouts").Shape);
    }

    [Fact]
    public void A_file_that_is_not_what_its_name_says()
    {
        Refused(_folder.Write("page.hdf5", "<html>not found</html>"), "not an HDF5 file");
        Refused(_folder.Write("empty.hdf5", string.Empty), "the file is empty");
        Refused(_folder.Write("empty.csv", string.Empty), "the file is empty");
        Refused(_folder.Write("page.npz", "<html>not found</html>"), "not an NPZ file");
        Refused(_folder.Write("words.txt", "hello"), "not a dataset; allowed is an HDF5 file of D4RL or Minari, an NPZ file, or a .csv file");
    }

    [Fact]
    public void An_archive_that_is_cut_short()
    {
        byte[] whole = File.ReadAllBytes(TestFiles.Npz(_folder.At("data.npz"), TestFiles.Fields(new SyntheticTransitions(1, 2000))));
        File.WriteAllBytes(_folder.At("cut.npz"), whole[..(whole.Length / 2)]);
        Refused(_folder.At("cut.npz"), "not an NPZ file, or cut short");
        // The first array's bytes, with the list of arrays left whole.
        whole.AsSpan(200, 1000).Fill(0xff);
        File.WriteAllBytes(_folder.At("broken.npz"), whole);
        Refused(_folder.At("broken.npz"), "observations");
    }

    [Theory]
    [InlineData("s0,a0,reward\n0,0,0\n0,0,0\n", "column terminal is missing")]
    [InlineData("s1,a0,reward,terminal\n0,0,0,0\n0,0,0,0\n", "column s0 is missing")]
    [InlineData("s0,s2,a0,reward,terminal\n0,0,0,0,0\n0,0,0,0,0\n", "column 's2' is not known; allowed are s0, s1 and so on without a gap")]
    [InlineData("s0,a0,reward,terminal,reward\n0,0,0,0,0\n0,0,0,0,0\n", "column reward is there twice")]
    [InlineData("s0,a0,reward,terminal\n0,0,0,0\n0,0,0\n", "row 2 has 3 fields; allowed is 4")]
    [InlineData("s0,a0,reward,terminal\n0,0,0,0\nnan,0,0,0\n", "row 2, column s0 is 'nan'; allowed is a number that is finite")]
    [InlineData("s0,a0,reward,terminal\n0,0,1e99,0\n0,0,0,0\n", "row 1, column reward is '1e99'")]
    [InlineData("s0,a0,reward,terminal\n0,x,0,0\n0,0,0,0\n", "row 1, column a0 is 'x'")]
    [InlineData("s0,a0,reward,terminal\n0,0,0,0\n0,-1.5,0,0\n", "row 2, column a0 is -1.5; allowed is a number from -1 to 1")]
    [InlineData("s0,a0,reward,terminal\n0,0,0,0\n0,0,0,3\n", "row 2, column terminal is 3; allowed is 0 or 1")]
    [InlineData("s0,a0,reward,terminal,timeout\n0,0,0,0,0.5\n0,0,0,3,0\n", "row 1, column timeout is 0.5; allowed is 0 or 1")]
    [InlineData("s0,a0,reward,terminal\n0,0,0,0\n0,0,0,maybe\n", "row 2, column terminal is 'maybe'; allowed is 0, 1, true or false")]
    [InlineData("s0,a0,reward,terminal\n0,0,0,0\n", "there is one row; allowed are two or more")]
    [InlineData("s0,a0,reward,terminal\n", "there are no rows; allowed are two or more")]
    [InlineData("s0,a0,reward,terminal\n\"0,0,0,0\n", "not CSV")]
    [InlineData("s0;a0;reward;terminal\n0;0;0;0\n0;0;0;0\n", "column s0 is missing, for columns are separated by semicolons and not by commas")]
    [InlineData("s0,a0,reward,terminal\n0,0,0,0\n\"0\n1\",0,0,0\n", "row 2, column s0 is '0 1'; allowed is a number")]
    [InlineData("s0,a0,reward,terminal\n0,0,0,0\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,0,0,0\n", "row 2, column s0 is 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx …'; allowed is a number")]
    public void Csv_with(string text, string named) => Refused(_folder.Write("data.csv", text), named);

    [Fact]
    public void A_csv_file_whose_last_line_has_no_end_is_noted()
    {
        string path = _folder.Write("data.csv", "s0,a0,reward,terminal\n0,0,0,0\n0,0,0,0");
        Assert.Equal(2, OfflineDataset.Load(path).Count);
        Assert.Contains(DatasetInspection.Of(path).Notes, note => note.StartsWith("the last line has no end", StringComparison.Ordinal));
        path = _folder.Write("whole.csv", "s0,a0,reward,terminal\n0,0,0,0\n0,0,0,0\n");
        Assert.DoesNotContain(DatasetInspection.Of(path).Notes, note => note.StartsWith("the last line has no end", StringComparison.Ordinal));
    }

    [Fact]
    public void A_csv_file_asks_for_no_more_memory_than_its_bytes_can_fill()
    {
        // A thousand columns, and a hundred thousand empty lines: one row of numbers and two.
        string header = string.Join(',', Enumerable.Range(0, 1000).Select(i => $"s{i}")) + ",a0,reward,terminal";
        string row = string.Join(',', Enumerable.Repeat("0", 1003));
        string path = _folder.Write("lines.csv", $"{header}\n{new string('\n', 100_000)}{row}\n{row}\n");
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(2, OfflineDataset.Load(path).Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Minari_episodes_are_named()
    {
        int file = 0;
        void Broken(Action<int, Fields> change, string named) =>
            Refused(TestFiles.Minari(_folder.At($"minari-{file++}.hdf5"), [4, 5, 6], change), named);

        Broken((episode, fields) => At(1, episode, () => Set(fields, "observations", 7, float.NaN)), "episode_1/observations, row 2, column 1 is NaN");
        Broken((episode, fields) => At(2, episode, () => Set(fields, "actions", 11, 2)), "episode_2/actions, row 5, column 1 is 2");
        Broken((episode, fields) => At(0, episode, () => Set(fields, "rewards", 3, float.NaN)), "episode_0/rewards, row 3 is NaN");
        Broken((episode, fields) => At(2, episode, () => fields["truncations"] = ([6], new float[] { 0, 0, 7, 0, 0, 0 })), "episode_2/truncations, row 2 is 7; allowed is 0 or 1");
        Broken((episode, fields) => At(1, episode, () => fields.Remove("terminations")), "episode_1/terminations is missing");
        Broken((episode, fields) => At(1, episode, () => fields["observations"] = ([5, 3], new float[15])), "episode_1/observations is 5×3; allowed is 6×columns");
        Broken((episode, fields) => At(1, episode, () => fields["observations"] = ([6, 2], new float[12])), "episode_1/observations has 2 columns; allowed is 3, as in episode_0");
        Broken((episode, fields) => At(1, episode, () => fields["rewards"] = ([4], new float[4])), "episode_1/rewards is 4; allowed is 5 or 5×1");

        using (var dictionary = new Hdf5Writer(_folder.At("dictionary.hdf5")))
        {
            dictionary.CreateGroup("episode_0");
            dictionary.CreateGroup("episode_0/observations");
            dictionary.Write("episode_0/observations/achieved_goal", [2, 1], new float[2]);
        }

        Refused(_folder.At("dictionary.hdf5"), "episode_0/observations is a group of achieved_goal");

        static void At(int wanted, int episode, Action change)
        {
            if (wanted == episode)
                change();
        }
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void An_environment_of_other_sizes()
    {
        string path = TestFiles.Hdf5(_folder.At("hopper.hdf5"), TestFiles.Fields(new SyntheticTransitions(1, Rows)));
        Assert.Contains("observations has 3 columns; hopper has 11", Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path, D4rlEnvironment.Of("hopper"))).Message, StringComparison.Ordinal);
        Assert.Null(OfflineDataset.Load(path).Environment);
        path = TestFiles.Hdf5(_folder.At("walker.hdf5"), TestFiles.Fields(new SyntheticTransitions(1, Rows, 17, 5)));
        Assert.Contains("actions has 5 columns; walker2d has 6", Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path, D4rlEnvironment.Of("walker2d"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_other_than_the_one_recorded()
    {
        string path = TestFiles.Npz(_folder.At("data.npz"), TestFiles.Fields(new SyntheticTransitions(1, Rows)));
        ChecksumFile.Record(path, ChecksumFile.Compute(path));
        Assert.Equal(Rows, OfflineDataset.Load(path).Count);
        File.Delete(path);
        TestFiles.Npz(path, TestFiles.Fields(new SyntheticTransitions(2, Rows)));
        Refused(path, "not the file that was downloaded");
        File.WriteAllText(ChecksumFile.PathOf(path), "hello");
        Assert.Contains("not a record of a SHA-256", Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path)).Message, StringComparison.Ordinal);
    }

    [OptionalTheory(OptionalNeeds.Linux)]
    [InlineData("data.npz")]
    [InlineData("data.csv")]
    public void A_file_that_another_program_is_writing(string name)
    {
        string path = _folder.At(name);
        DatasetFile.Write(new SyntheticTransitions(1, Rows).Dataset(), path);
        using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            Assert.Equal($"{path}: is open for writing in another program: wait until that has closed it", Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path)).Message);
        Assert.Equal(Rows, OfflineDataset.Load(path).Count);
    }

    [Fact]
    public void Arrays_are_checked_as_files_are()
    {
        var data = new SyntheticTransitions(1, Rows);
        data.Actions[3] = 1.5f;
        Assert.Contains("test: actions, row 1, column 1 is 1.5", Assert.Throws<InvalidFileException>(() => data.Dataset()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => OfflineDataset.Create(new float[5], 1, new float[4], 1, new float[4], new bool[4], null, DatasetProvenance.Generated("test")));
        Assert.Throws<ArgumentException>(() => OfflineDataset.Create(new float[4], 1, new float[4], 1, new float[4], new bool[4], new bool[3], DatasetProvenance.Generated("test")));
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void An_inspection_lists_every_problem()
    {
        var fields = TestFiles.Fields(new SyntheticTransitions(1, Rows));
        for (int i = 0; i < 10; i++)
            Set(fields, "observations", i, float.NaN);
        Set(fields, "actions", 0, 9);
        Set(fields, "rewards", 1, float.NaN);
        var inspection = DatasetInspection.Of(TestFiles.Hdf5(_folder.At("data.hdf5"), fields));
        Assert.Null(inspection.Dataset);
        Assert.Equal(
            [
                "observations, row 0, column 0 is NaN; allowed is a number that is finite as float32",
                "observations, row 0, column 1 is NaN; allowed is a number that is finite as float32",
                "observations, row 0, column 2 is NaN; allowed is a number that is finite as float32",
                "actions, row 0, column 0 is 9; allowed is a number from -1 to 1",
                "rewards, row 1 is NaN; allowed is a number that is finite as float32",
                "observations: 7 more such numbers",
            ],
            inspection.Problems);
        Assert.Equal(["actions", "observations", "rewards", "terminals", "timeouts"], inspection.Fields.Select(field => field.Name));
    }

    private static void Set(Fields fields, string name, int index, float value) => ((float[])fields[name].Values)[index] = value;

    private static float[] Odd(int row, float value)
    {
        var flags = new float[Rows];
        flags[row] = value;
        return flags;
    }

    private static void Refused(string path, string named)
    {
        var refused = Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path));
        Assert.Equal(path, refused.Path);
        Assert.StartsWith(path + ": ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }
}
