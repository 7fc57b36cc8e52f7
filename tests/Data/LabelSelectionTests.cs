using EDA.Engine;
using EDA.Engine.Data;

namespace EDA.Tests.Data;

/// <summary>Which states are labelled.</summary>
public class LabelSelectionTests
{
    [Theory]
    [InlineData(100_000, 0.01, 1000)]
    [InlineData(99_965, 0.1, 9996)]
    [InlineData(100, 0.29, 29)]
    [InlineData(10, 0.01, 1)]
    [InlineData(7, 1, 7)]
    public void A_share_is_so_many_different_states(int count, double fraction, int expected)
    {
        int[] chosen = LabelSelection.Choose(count, fraction, 3);
        Assert.Equal(expected, chosen.Length);
        Assert.Equal(chosen.Distinct().Order(), chosen);
        Assert.InRange(chosen[0], 0, count - 1);
        Assert.InRange(chosen[^1], 0, count - 1);
    }

    [Fact]
    public void The_seed_decides()
    {
        Assert.Equal(LabelSelection.Choose(1000, 0.1, 5), LabelSelection.Choose(1000, 0.1, 5));
        Assert.NotEqual(LabelSelection.Choose(1000, 0.1, 5), LabelSelection.Choose(1000, 0.1, 6));
    }

    [Fact]
    public void A_smaller_share_is_part_of_a_larger_one()
    {
        int[] previous = [];
        foreach (double fraction in (double[])[0.01, 0.02, 0.05, 0.1, 0.5, 1])
        {
            int[] chosen = LabelSelection.Choose(5000, fraction, 1);
            Assert.Empty(previous.Except(chosen));
            previous = chosen;
        }
    }

    [Fact]
    public void Every_state_is_as_likely()
    {
        // 400 seeds of 50 out of 200: each state 100 times, with a deviation of about 9.
        var counts = new int[200];
        for (ulong seed = 0; seed < 400; seed++)
        {
            foreach (int index in LabelSelection.Choose(200, 0.25, seed))
                counts[index]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 55, 145));
        Assert.InRange(counts.Sum(count => (count - 100.0) * (count - 100.0)) / 75, 140, 270);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.009)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void Other_shares_are_refused(double fraction)
    {
        var refused = Assert.Throws<InvalidSettingException>(() => LabelSelection.Choose(100, fraction, 0));
        Assert.Contains("from 0.01 to 1", refused.Message, StringComparison.Ordinal);
    }
}
