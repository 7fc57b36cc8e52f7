using System.Text.Json;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Data;

namespace EDA.Tests.Data;

/// <summary>
/// Files that are odd and legal give the numbers that numpy and h5py read from them, to the last bit; those that lack
/// something are refused for it. tests/Golden/generate_odd_files.py wrote them.
/// </summary>
public sealed class OddFileTests
{
    private static readonly Dictionary<string, Dictionary<string, float[]>> Expected =
        JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, float[]>>>(File.ReadAllBytes(At("odd.json")))!;

    public static TheoryData<string> Hdf5Files => [.. Expected.Keys.Where(name => name.EndsWith(".hdf5", StringComparison.Ordinal))];

    public static TheoryData<string> OtherFiles => [.. Expected.Keys.Where(name => name.EndsWith(".npz", StringComparison.Ordinal) || name.EndsWith(".csv", StringComparison.Ordinal))];

    [OptionalTheory(OptionalNeeds.Hdf5)]
    [MemberData(nameof(Hdf5Files))]
    public void Hdf5_files_give_h5pys_numbers(string file) => Compare(file);

    [Theory]
    [MemberData(nameof(OtherFiles))]
    public void Npz_and_csv_files_give_numpys_numbers(string file) => Compare(file);

    [Fact]
    public void Labels_give_numpys_numbers()
    {
        var labels = UserLabels.Load(At("labels.npz"));
        Assert.Equal((2, 3, 1, 2), (labels.Count, labels.CandidateCount, labels.ActionSize, labels.StateSize));
    }

    [OptionalTheory(OptionalNeeds.Hdf5)]
    [InlineData("no-source.hdf5", "observations, rows 6 to 11, are not in the file: their source gone.h5 is missing or cannot be opened")]
    [InlineData("no-dataset.hdf5", "observations, rows 6 to 11, are not in the file: their source y in part1.h5 is missing or cannot be opened")]
    [InlineData("source-short.hdf5", "observations, rows 6 to 11, are not in the file: their source x in short.h5 is smaller, 3×2")]
    [InlineData("source-unwritten.hdf5", "observations, rows 6 to 11, are not in the file: their source x in unwritten.h5 lacks rows: their chunks were never written")]
    [InlineData("virtual-gap.hdf5", "observations, rows 6 to 7, are not in the file: no source is named for them")]
    [InlineData("some-chunks.hdf5", "observations, rows 4 to 11, are not in the file: their chunks were never written")]
    [InlineData("some-chunks-latest.hdf5", "rewards, rows 4 to 11, are not in the file: their chunks were never written")]
    [InlineData("no-chunks.hdf5", "rewards, rows 0 to 11, are not in the file: their chunks were never written")]
    [InlineData("never-written.hdf5", "terminals, rows 0 to 11, are not in the file: they were never written")]
    [InlineData("external.hdf5", "observations, rows 0 to 11, are not in the file: their external file eda-golden-external.raw is missing")]
    [InlineData("no-target.hdf5", "rewards is a link to /other/rewards, which is not there or cannot be opened")]
    [InlineData("no-target-file.hdf5", "timeouts is a link to /timeouts in gone.h5, which is not there or cannot be opened")]
    [InlineData("minari-incomplete.hdf5", "total_episodes is 3 and there are 2 episodes; allowed is a file that is whole")]
    [InlineData("compound.hdf5", "rewards holds a compound type and no numbers that can be read")]
    [InlineData("texts.hdf5", "rewards holds texts and no numbers that can be read")]
    public void What_is_not_in_the_file_is_not_taken_for_zeros(string file, string reason)
    {
        Assert.StartsWith(reason, Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(At(file))).Reason, StringComparison.Ordinal);
        Assert.StartsWith(reason, DatasetInspection.Of(At(file)).Problems.Single(), StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void A_file_that_a_killed_writer_left_open_says_so() =>
        Assert.StartsWith("is open for writing, or was left so by a program that was killed", Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(At("killed.hdf5"))).Reason, StringComparison.Ordinal);

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void External_files_are_read_as_far_as_they_go()
    {
        // HDF5 looks for them in the current folder.
        string raw = Path.GetFullPath("eda-golden-external.raw"), file = At("external.hdf5"), copy = At("external-copy.hdf5");
        float[] numbers = [.. Enumerable.Range(0, 24).Select(i => i / 8f)];
        byte[] bytes = [.. new byte[8], .. numbers.SelectMany(BitConverter.GetBytes)];
        File.Copy(file, copy, overwrite: true);
        try
        {
            // Under another name, so that no other test sees the file appear.
            byte[] content = File.ReadAllBytes(copy);
            "eda-golden-EXTERNAL.raw"u8.CopyTo(content.AsSpan(content.AsSpan().IndexOf("eda-golden-external.raw"u8)));
            File.WriteAllBytes(copy, content);
            raw = Path.GetFullPath("eda-golden-EXTERNAL.raw");
            File.WriteAllBytes(raw, bytes);
            Assert.Equal(numbers, OfflineDataset.Load(copy).States.ToArray());
            File.WriteAllBytes(raw, bytes[..^12]);
            Assert.Equal(
                "observations, rows 10 to 11, are not in the file: their external file eda-golden-EXTERNAL.raw has 92 bytes and not 104",
                Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(copy)).Reason);
        }
        finally
        {
            File.Delete(raw);
            File.Delete(copy);
        }
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Links_that_lead_back_are_followed_once()
    {
        var fields = DatasetInspection.Of(At("cycle.hdf5")).Fields;
        Assert.Equal("the group infos", fields.Single(field => field.Name == "infos/inner/up").Shape);
        Assert.Equal("the group /", fields.Single(field => field.Name == "infos/inner/root").Shape);
        Assert.Equal("cannot be opened", fields.Single(field => field.Name == "infos/inner/nowhere").Shape);
        // Each of 40 groups holds the next one twice.
        Assert.True(fields.Count < 100);
    }

    /// <summary>What is expected of each file, by name of the array.</summary>
    internal static IReadOnlyDictionary<string, Dictionary<string, float[]>> Numbers => Expected;

    internal static string At(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", "data", "odd", name);

    private static void Compare(string file)
    {
        var dataset = OfflineDataset.Load(At(file));
        var expected = Expected[file];
        Assert.Equal(expected["observations"], dataset.States.ToArray());
        Assert.Equal(expected["actions"], dataset.Actions.ToArray());
        Assert.Equal(expected["rewards"], dataset.Rewards.ToArray());
        Assert.Equal(expected["terminals"], dataset.Terminals.ToArray().Select(flag => flag ? 1f : 0));
        Assert.Equal(expected["timeouts"], dataset.Timeouts.ToArray().Select(flag => flag ? 1f : 0));
    }
}
