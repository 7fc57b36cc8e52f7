using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data.Formats;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Engine;

/// <summary>A user's own annotations: what is taken, and what is refused in one line before any training.</summary>
public class UserLabelsTests
{
    private static readonly NamedTensor _states = new("states", [2, 1], [5, -6]);
    private static readonly NamedTensor _candidates = new("candidates", [2, 3, 1], [0, 0.5f, 1, -1, -0.5f, 1.000005f]);
    private static readonly NamedTensor _q = new("q", [2, 3], [1, 2, 3, 30, 20, 10]);
    private static readonly NamedTensor _winner = new("winner", [2], [2, 0]);

    [Fact]
    public void Values_become_a_dataset()
    {
        var labels = new UserLabels("own.npz", _states, _candidates, _q, null);
        Assert.Equal((2, 1, 1, 3, true), (labels.Count, labels.StateSize, labels.ActionSize, labels.CandidateCount, labels.HasValues));
        labels.Check(new BdmShape(1, 1, 32, 1), new ValueObjective(1, 3));
        AssertBatch(labels, _q.Values);
    }

    [Fact]
    public void Winners_become_labels()
    {
        var labels = new UserLabels("own.npz", _states, _candidates, null, _winner);
        Assert.False(labels.HasValues);
        labels.Check(new BdmShape(1, 1, 32, 1), new PreferenceObjective(1));
        AssertBatch(labels, [0, 0, 1, 1, 0, 0]);
        var column = new UserLabels("own.npz", _states, _candidates, null, _winner with { Shape = [2, 1] });
        AssertBatch(column, [0, 0, 1, 1, 0, 0]);
    }

    [Fact]
    public void A_file_of_arrays_is_read()
    {
        string folder = Directory.CreateTempSubdirectory("eda-user-labels-").FullName;
        try
        {
            string path = Path.Combine(folder, "own.npz");
            using (var file = new NpzWriter(path))
            {
                foreach (var field in new[] { _states, _candidates, _winner, new NamedTensor("notes", [1], [7]) })
                    file.Write(field.Name, [.. field.Shape], field.Values);
            }

            AssertBatch(UserLabels.Load(path), [0, 0, 1, 1, 0, 0]);
            File.WriteAllText(path, "no archive");
            Assert.Contains("not an NPZ file", Assert.Throws<InvalidFileException>(() => UserLabels.Load(path)).Message, StringComparison.Ordinal);
            Assert.Throws<FileNotFoundException>(() => UserLabels.Load(path + "2"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Without_a_state_actions_may_be_of_any_size()
    {
        var labels = new UserLabels("own.npz", null, _candidates with { Values = [4, 0, 1, 2, 3, -4] }, _q, null);
        Assert.Equal(0, labels.StateSize);
        labels.Check(new BdmShape(0, 1, 32, 1), new ValueObjective(1, 3));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Refused("there is no field candidates", _states, null, _q, null);
        Refused("neither a field q nor a field winner", _states, _candidates, null, null);
        Refused("both q and winner", _states, _candidates, _q, _winner);
        Refused("candidates is [2×3]", _states, _candidates with { Shape = [2, 3], Values = new float[6] }, _q, null);
        Refused("candidates is [6×1×1]; allowed is [N×K×A] with K at least 2", _states, _candidates with { Shape = [6, 1, 1] }, _q, null);
        Refused("candidates is [0×3×1]", _states, _candidates with { Shape = [0, 3, 1], Values = [] }, _q, null);
        Refused("states is [2]; allowed is [2×S]", _states with { Shape = [2] }, _candidates, _q, null);
        Refused("states is [3×1]; allowed is [2×S]", _states with { Shape = [3, 1], Values = [1, 2, 3] }, _candidates, _q, null);
        Refused("q is [3×2]; allowed is [2×3]", _states, _candidates, _q with { Shape = [3, 2] }, null);
        Refused("winner is [3]; allowed is [2]", _states, _candidates, null, _winner with { Shape = [3], Values = [0, 0, 0] });
        Refused("states, row 1, is NaN; allowed is a finite number", _states with { Values = [1, float.NaN] }, _candidates, _q, null);
        Refused("candidates, row 1, is 1.1; allowed is a number from -1 to 1", _states, _candidates with { Values = [0, 0, 0, 0, 0, 1.1f] }, _q, null);
        Refused("candidates, row 0, is NaN", _states, _candidates with { Values = [0, float.NaN, 0, 0, 0, 0] }, _q, null);
        Refused("q, row 0, is Infinity", _states, _candidates, _q with { Values = [1, float.PositiveInfinity, 0, 0, 0, 0] }, null);
        foreach (float number in new[] { -1, 3, 0.5f, float.NaN })
            Refused("winner, row 1, is", _states, _candidates, null, _winner with { Values = [0, number] });
    }

    [Fact]
    public void Models_and_objectives_that_do_not_go_with_it_are_refused()
    {
        var winners = new UserLabels("own.npz", _states, _candidates, null, _winner);
        Assert.Equal(
            "own.npz: has 1 state and 1 action variables where the model has 2 and 1",
            Assert.Throws<InvalidFileException>(() => winners.Check(new BdmShape(2, 1, 32, 1), new PreferenceObjective(1))).Message);
        Assert.Contains("no q", Assert.Throws<InvalidFileException>(() => winners.Check(new BdmShape(1, 1, 32, 1), new ValueObjective(1, 3))).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidSettingException>(() => new AlignmentSettings { Objective = ObjectiveKind.Dpo, Candidates = winners.CandidateCount }.CreateObjective());
    }

    private static void Refused(string reason, NamedTensor? states, NamedTensor? candidates, NamedTensor? q, NamedTensor? winner)
    {
        string message = Assert.Throws<InvalidFileException>(() => new UserLabels("own.npz", states, candidates, q, winner)).Message;
        Assert.StartsWith("own.npz: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    private static void AssertBatch(UserLabels labels, float[] expected)
    {
        using var device = new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 1));
        using var dataset = labels.ToBatches(device);
        const int count = 6;
        var draw = new RandomDraw(1, RandomStage.Alignment, 0);
        var batch = dataset.Next(count, draw);
        float[] found = batch.Labels.ToArray(), states = batch.States!.ToArray();
        for (int i = 0; i < count; i++)
        {
            int row = Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, (ulong)i), 2);
            Assert.Equal(expected[(row * 3)..((row * 3) + 3)], found[(i * 3)..((i * 3) + 3)]);
            Assert.Equal(row == 0 ? 5 : -6, states[i]);
        }
    }
}
