using System.Runtime.InteropServices;
using System.Text;
using EDA.Engine;
using EDA.Engine.Data;
using EDA.Tests.Host;

namespace EDA.Tests.Data;

/// <summary>What a file says itself of its order and its environment is compared with what it is taken for.</summary>
public sealed class NextStatesTests : IDisposable
{
    private const int Rows = 40;
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rows_that_follow_each_other_are_taken(bool hasTimeouts)
    {
        string path = Write((data, next) =>
        {
            // At the end of an episode there is no row below to compare with.
            for (int row = 0; row < Rows; row++)
            {
                if (data.Terminals[row] || (hasTimeouts && data.Timeouts[row]) || row == Rows - 1)
                    next[row * data.StateSize] = 1e6f;
            }
        }, hasTimeouts);
        Assert.Equal(Rows, OfflineDataset.Load(path).Count);
        Assert.DoesNotContain(DatasetInspection.Of(path).Notes, note => note.Contains("next_observations", StringComparison.Ordinal));
    }

    [Fact]
    public void Rows_that_do_not_follow_each_other_are_refused_unless_they_are_trusted()
    {
        string path = Write((data, next) => next[(3 * data.StateSize) + 1] += 0.5f);
        string refusal = Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path)).Reason;
        Assert.Matches(@"^the rows do not follow each other: in 1 of \d+ rows away from the ends of episodes, next_observations is not the row below \(first in row 3, column 1: \S+ and not \S+\); --trust-order takes them as they stand$", refusal);
        Assert.Equal(Rows, OfflineDataset.Load(path, trustsOrder: true).Count);
        var inspection = DatasetInspection.Of(path);
        Assert.Empty(inspection.Problems);
        Assert.StartsWith(inspection.Disorder, refusal, StringComparison.Ordinal);
        Assert.Contains(inspection.Disorder, inspection.Notes);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void So_are_rows_of_hdf5_files()
    {
        var data = new SyntheticTransitions(1, Rows, terminals: 0, timeouts: 0);
        var fields = TestFiles.Fields(data);
        fields["next_observations"] = ([Rows, data.StateSize], data.States);
        string path = TestFiles.Hdf5(_folder.At("data.hdf5"), fields);
        Assert.Contains($"in {Rows - 1} of {Rows - 1} rows", Assert.Throws<InvalidFileException>(() => OfflineDataset.Load(path)).Reason, StringComparison.Ordinal);
        Assert.Equal(Rows, OfflineDataset.Load(path, trustsOrder: true).Count);
    }

    [Fact]
    public void Next_states_of_another_kind_are_noted_and_not_compared()
    {
        string path = NpzBytes.Write(_folder.At("short.npz"), [.. NpzBytes.Dataset(4), ("next_observations.npy", NpzBytes.Npy("<f4", "(3, 2)", new byte[24]))]);
        Assert.Equal(4, OfflineDataset.Load(path).Count);
        Assert.Contains("next_observations is not compared with the rows: it is 3×2 and not 4×2", DatasetInspection.Of(path).Notes);
        path = NpzBytes.Write(_folder.At("odd.npz"), [.. NpzBytes.Dataset(4), ("next_observations.npy", NpzBytes.Npy("|O", "(4, 2)", new byte[24]))]);
        Assert.Equal(4, OfflineDataset.Load(path).Count);
        Assert.Contains(DatasetInspection.Of(path).Notes, note => note.StartsWith("next_observations is not compared with the rows: next_observations holds Python objects", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(">f8", 1)]
    [InlineData("<f2", 1)]
    [InlineData("<f8", 2)]
    public void Next_states_of_other_types_and_orders_are_compared_as_float32(string type, int first)
    {
        // 0, 1/3, 2/3 … in float32, and the next ones as they came: doubles, halves, column by column.
        float[] states = [.. Enumerable.Range(0, 8).Select(i => i / 3f)];
        double[] next = [.. Enumerable.Range(2, 8).Select(i => (double)(i / 3f))];
        bool columnMajor = first == 2;
        if (columnMajor)
            next = [next[0], next[2], next[4], next[6], next[1], next[3], next[5], next[7]];
        byte[] bytes = [.. next.SelectMany(value => type == "<f2" ? BitConverter.GetBytes((Half)value) : type == "<f8" ? BitConverter.GetBytes(value) : [.. BitConverter.GetBytes(value).Reverse()])];
        string path = NpzBytes.Write(
            _folder.At("data.npz"),
            [.. NpzBytes.Dataset(4, ("observations.npy", NpzBytes.Npy("<f4", "(4, 2)", MemoryMarshal.AsBytes<float>(states)))), ("next_observations.npy", NpzBytes.Npy(type, "(4, 2)", bytes, columnMajor))]);
        Assert.Equal(states, OfflineDataset.Load(path).States.ToArray());
    }

    [Theory]
    [InlineData("walker2d", "halfcheetah-medium-v2", "data.npz", "the file itself says that it is from halfcheetah, and it is taken for one from walker2d")]
    [InlineData("walker2d", null, "halfcheetah.npz", "the file's name says that it is from halfcheetah, and it is taken for one from walker2d")]
    [InlineData("walker2d", "walker2d-medium-v2", "halfcheetah.npz", null)]
    [InlineData("walker2d", null, "data.npz", null)]
    [InlineData("walker2d", "pen-human-v1", "data.npz", null)]
    public void An_environment_that_the_file_contradicts_is_noted(string environment, string? note, string name, string? expected)
    {
        var data = new SyntheticTransitions(1, Rows, 17, 6);
        var fields = TestFiles.Fields(data);
        var members = new List<(string, byte[])>();
        foreach (var (field, (shape, values)) in fields)
        {
            members.Add(values is float[] numbers
                ? ($"{field}.npy", NpzBytes.Npy("<f4", Tuple(shape), MemoryMarshal.AsBytes<float>(numbers)))
                : ($"{field}.npy", NpzBytes.Npy("|b1", Tuple(shape), MemoryMarshal.AsBytes<bool>((bool[])values))));
        }

        if (note is not null)
            members.Add(("metadata/env.npy", NpzBytes.Npy($"<U{note.Length}", "()", Encoding.UTF32.GetBytes(note))));
        string path = NpzBytes.Write(_folder.At(name), members);
        Assert.Equal(expected, OfflineDataset.Load(path).Provenance.Contradiction(environment));
        var notes = DatasetInspection.Of(path, D4rlEnvironment.Of(environment)).Notes;
        if (expected is null)
            Assert.DoesNotContain(notes, line => line.Contains("taken for one", StringComparison.Ordinal));
        else
            Assert.Contains(expected, notes);

        static string Tuple(int[] shape) => $"({string.Join(", ", shape)},)";
    }

    private string Write(Action<SyntheticTransitions, float[]> change, bool hasTimeouts = true)
    {
        var data = new SyntheticTransitions(3, Rows);
        float[] next = [.. data.States[data.StateSize..], .. new float[data.StateSize]];
        change(data, next);
        var fields = TestFiles.Fields(data);
        if (!hasTimeouts)
            fields.Remove("timeouts");
        fields["next_observations"] = ([Rows, data.StateSize], next);
        return TestFiles.Npz(_folder.At("data.npz"), fields);
    }
}
