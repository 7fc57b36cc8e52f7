using EDA.Engine;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Tests.Engine;
using EDA.Tests.Host;

namespace EDA.Tests.Files;

/// <summary>A damaged state is not gone on from: the one before it is, and a line says so.</summary>
public sealed class SavedStateTests : IDisposable
{
    private static readonly PretrainingSettings _settings = new() { Batch = 8, Steps = 20, LearningRate = 0.01, ReportEvery = 4 };

    private readonly ScratchFolder _folder = new();
    private readonly PlainDevice _device = new();
    private readonly BehaviorDataset _data;
    private readonly List<string> _notices = [];

    public SavedStateTests() => _data = new BehaviorDataset(_device, BanditDataset.Create("moons", 64, 0).Points, 2);

    private string Newest => _folder.At("x.state.safetensors");

    private string Before => _folder.At("x.state.previous.safetensors");

    public void Dispose()
    {
        _data.Dispose();
        _device.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_one_before_is_kept_and_the_newest_is_read()
    {
        Save([5], Newest);
        Assert.False(File.Exists(Before));
        Save([5, 10, 15], Newest);
        Assert.Equal(15, Load(Newest));
        Assert.Equal(10, Load(Before));
        Assert.Empty(_notices);
    }

    [Fact]
    public void Whichever_bit_flips_the_one_before_is_gone_on_from()
    {
        Save([5, 10], Newest);
        byte[] whole = File.ReadAllBytes(Newest);
        var random = new Random(1);
        for (int flip = 0; flip < 60; flip++)
        {
            // The first half of them in the header, where most of the meaning is.
            int bit = random.Next(8 * (flip < 30 ? 1000 : whole.Length));
            byte[] bytes = [.. whole];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(Newest, bytes);
            _notices.Clear();
            Assert.Equal(5, Load(Newest));
            Assert.Contains("5 steps old", Assert.Single(_notices), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.01)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public void One_that_is_cut_short_is_not_gone_on_from(double share)
    {
        Save([5, 10], Newest);
        byte[] whole = File.ReadAllBytes(Newest);
        File.WriteAllBytes(Newest, whole[..(int)(share * whole.Length)]);
        Assert.Equal(5, Load(Newest));
        Assert.Single(_notices);
    }

    [Fact]
    public void Between_two_names_the_one_before_stands_alone()
    {
        Save([5], Newest);
        File.Move(Newest, Before);
        Assert.Equal(5, Load(Newest));
        Assert.Empty(_notices);
    }

    [Fact]
    public void Where_none_is_whole_that_is_said()
    {
        Save([5, 10], Newest);
        File.WriteAllText(Newest, "no state");
        File.WriteAllText(Before, "nor this");
        Assert.Contains(Newest, Assert.Throws<InvalidFileException>(() => Load(Newest)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_a_number_is_not_saved()
    {
        Save([5], Newest);
        byte[] good = File.ReadAllBytes(Newest);
        Train((stage, model) =>
        {
            stage.Run(until: 6);
            model.Parameters.CopyFrom([float.NaN]);
            var found = Assert.Throws<TrainingDivergedException>(() => stage.SaveState(Newest));
            Assert.Contains("weights[0] is NaN after 6 steps", found.Message, StringComparison.Ordinal);
        });
        Assert.Equal(good, File.ReadAllBytes(Newest));
        Assert.Single(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void A_report_spans_the_break()
    {
        // Saved at step 6, between the reports of 4 and 8: the one of 8 is the mean over 5 to 8 all the same.
        Recorder whole = new(), pieces = new();
        Train((stage, _) => stage.Run(whole));
        Train((stage, _) =>
        {
            stage.Run(pieces, until: 6);
            stage.SaveState(Newest);
        });
        Train((stage, _) =>
        {
            stage.LoadState(Newest);
            stage.Run(pieces);
        });
        Assert.Equal(whole.Losses, pieces.Losses);
    }

    private void Save(long[] steps, string path) => Train((stage, _) =>
    {
        foreach (long step in steps)
        {
            stage.Run(until: step);
            stage.SaveState(path);
        }
    });

    private long Load(string path)
    {
        long step = -1;
        Train((stage, _) =>
        {
            stage.LoadState(path, _notices.Add);
            step = stage.Step;
        });
        return step;
    }

    private void Train(Action<BehaviorPretraining, BottleneckDiffusionModel> use)
    {
        using var model = BottleneckDiffusionModel.Create(_device, new BdmShape(0, 2, 32, 1), 3);
        using var stage = new BehaviorPretraining(_settings, model, _data, 3);
        use(stage, model);
    }
}
