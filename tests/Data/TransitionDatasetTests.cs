using EDA.Engine;
using EDA.Engine.Data;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Host;

namespace EDA.Tests.Data;

/// <summary>A Q-learning view on a device, as critics read it.</summary>
public class TransitionDatasetTests
{
    [Fact]
    public void The_view_goes_to_the_device_with_treated_rewards()
    {
        using var device = new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 1));
        var view = new QLearningView(new SyntheticTransitions(3, 200).Dataset());
        using var data = TransitionDataset.Upload(device, view, RewardTreatment.MinusOne);
        Assert.Equal((view.Count, view.StateSize, view.ActionSize), (data.Count, data.StateSize, data.ActionSize));
        Assert.Equal(view.States(), data.Transitions.States.ToArray());
        Assert.Equal(view.Actions(), data.Transitions.Actions.ToArray());
        Assert.Equal(view.NextStates(), data.Transitions.NextStates.ToArray());
        Assert.Equal(view.Terminals(), data.Transitions.Terminals.ToArray());
        Assert.Equal(view.Rewards().Select(r => r - 1), data.Transitions.Rewards.ToArray());
        using var other = TransitionDataset.Upload(device, view, RewardTreatment.AsIs);
        Assert.NotEqual(data.Fingerprint, other.Fingerprint);
    }

    [Fact]
    public void A_file_gives_back_its_rows_while_they_are_on_a_device_and_reads_them_again()
    {
        using var device = new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 1));
        using var folder = new ScratchFolder();
        string path = folder.At("data.npz");
        var made = new SyntheticTransitions(3, 200).Dataset();
        DatasetFile.Write(made, path);
        var dataset = OfflineDataset.Load(path);
        var view = new QLearningView(dataset);
        using var data = TransitionDataset.Upload(device, view, RewardTreatment.AsIs);
        Assert.False(dataset.IsHeld);
        Assert.Equal((made.Count, made.StateSize, made.ActionSize, made.Fingerprint), (dataset.Count, dataset.StateSize, dataset.ActionSize, dataset.Fingerprint));
        Assert.False(dataset.IsHeld);
        Assert.Equal(view.NextStates(), data.Transitions.NextStates.ToArray());
        Assert.True(dataset.IsHeld);
        Assert.Equal(made.States, dataset.States);
        Assert.Equal(made.Rewards, dataset.Rewards);

        dataset.Release();
        File.Delete(path);
        DatasetFile.Write(new SyntheticTransitions(4, 200).Dataset(), path);
        var refused = Assert.Throws<InvalidFileException>(() => view.State(0).Length);
        Assert.Contains("has changed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_without_a_file_stay()
    {
        var dataset = new SyntheticTransitions(3, 200).Dataset();
        dataset.Release();
        Assert.True(dataset.IsHeld);
    }

    [Fact]
    public void Arrays_of_other_lengths_are_refused()
    {
        using var device = new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 1));
        float[] two = [1, 2], four = [1, 2, 3, 4];
        Assert.Throws<ArgumentException>(() => TransitionDataset.Upload(device, four, two, two, two, two, 2, 1));
        Assert.Throws<ArgumentException>(() => TransitionDataset.Upload(device, four, two, two, [1], four, 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TransitionDataset.Upload(device, [], [], [], [], [], 2, 1));
        using var data = TransitionDataset.Upload(device, four, two, two, two, four, 2, 1);
        Assert.Equal(2, data.Count);
    }
}
