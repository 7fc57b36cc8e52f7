using EDA.Engine;
using EDA.Engine.Data;

namespace EDA.Tests.Data;

/// <summary>What is done to rewards, and the range of returns that locomotion's are divided by.</summary>
public class RewardTreatmentTests
{
    [Fact]
    public void The_range_is_over_whole_pieces_of_the_view()
    {
        // Timeout rows are not in the view, so the episodes around one run on into each other.
        float[] rewards = [1, 2, 4, 8, 16, 32, 64, 128];
        bool[] terminals = [false, true, false, false, false, true, false, false];
        bool[] timeouts = [false, false, false, true, false, false, false, false];
        var view = View(rewards, terminals, timeouts);
        Assert.Equal(new ReturnRange(3, 4 + 16 + 32), RewardTreatments.Range(view));
        float width = 52 - 3;
        Assert.Equal(view.Rewards().Select(reward => reward / width * 1000f), RewardTreatments.Apply(view, RewardTreatment.ReturnRange));
    }

    [Fact]
    public void A_piece_ends_after_a_thousand_rows()
    {
        var rewards = new float[2501];
        Array.Fill(rewards, 1f, 0, 1000);
        Array.Fill(rewards, 2f, 1000, 1501);
        Assert.Equal(new ReturnRange(1000, 2000), RewardTreatments.Range(View(rewards, new bool[2501], new bool[2501])));
    }

    [Fact]
    public void The_other_treatments()
    {
        var view = View([1, 0.5f, 3], [true, false, false], [false, false, false]);
        Assert.Equal([0f, -0.5f], RewardTreatments.Apply(view, RewardTreatment.MinusOne));
        Assert.Equal([1f, 0.5f], RewardTreatments.Apply(view, RewardTreatment.AsIs));
        Assert.Equal([2f, 0f], RewardTreatments.Apply(view, RewardTreatment.CentredTimesFour));
        Assert.Throws<InvalidSettingException>(() => RewardTreatments.Apply(view, (RewardTreatment)7));
    }

    [Fact]
    public void Without_a_range_the_file_is_refused()
    {
        var unfinished = View(new float[5], new bool[5], new bool[5]);
        Assert.Contains("no episode is finished", Assert.Throws<InvalidFileException>(() => RewardTreatments.Range(unfinished)).Message, StringComparison.Ordinal);
        var equal = View([1, 1, 1], [true, true, true], new bool[3]);
        Assert.Contains("return 1,", Assert.Throws<InvalidFileException>(() => RewardTreatments.Range(equal)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hopper", RewardTreatment.ReturnRange)]
    [InlineData("antmaze-umaze", RewardTreatment.MinusOne)]
    [InlineData("kitchen", RewardTreatment.AsIs)]
    public void The_domain_decides(string environment, RewardTreatment treatment) =>
        Assert.Equal(treatment, D4rlEnvironment.Of(environment).RewardTreatment);

    private static QLearningView View(float[] rewards, bool[] terminals, bool[] timeouts) => new(OfflineDataset.Create(
        new float[rewards.Length], 1, new float[rewards.Length], 1, rewards, terminals, timeouts, DatasetProvenance.Generated("test")));
}
