using EDA.Engine.Data;
using EDA.Kernels;
using EDA.Kernels.Cpu;

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
