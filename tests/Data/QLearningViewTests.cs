using EDA.Engine;
using EDA.Engine.Data;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Data;

/// <summary>The Q-learning view against a plain loop written from the method's description.</summary>
public class QLearningViewTests
{
    [Theory]
    [InlineData(1, 200, 0.1, 0.1)]
    [InlineData(2, 2, 0, 0)]
    [InlineData(3, 500, 0.5, 0.5)]
    [InlineData(4, 300, 0, 0.02)]
    public void A_file_with_timeouts_skips_them(int seed, int rows, double terminals, double timeouts)
    {
        var data = new SyntheticTransitions(seed, rows, terminals: terminals, timeouts: timeouts);
        var expected = new List<int>();
        for (int row = 0; row < rows - 1; row++)
        {
            if (!data.Timeouts[row])
                expected.Add(row);
        }

        Compare(data, expected, new QLearningView(data.Dataset()));
    }

    [Theory]
    [InlineData(5, 3000, 0, 1000)]
    [InlineData(6, 5000, 0.0005, 1000)]
    [InlineData(7, 5000, 0.002, 700)]
    [InlineData(8, 3000, 0.01, 280)]
    [InlineData(9, 50, 0.3, 3)]
    [InlineData(10, 50, 0.9, 2)]
    public void A_file_without_timeouts_is_cut_by_the_published_counter(int seed, int rows, double terminals, int limit)
    {
        var data = new SyntheticTransitions(seed, rows, terminals: terminals);
        var expected = new List<int>();
        int step = 0;
        for (int row = 0; row < rows - 1; row++)
        {
            if (step == limit - 1)
            {
                step = 0;
                continue;
            }

            if (data.Terminals[row])
                step = 0;
            expected.Add(row);
            step++;
        }

        Assert.NotEqual(rows - 1, expected.Count);
        Compare(data, expected, new QLearningView(data.Dataset(withTimeouts: false, episodeLimit: limit)));
    }

    [Fact]
    public void After_a_terminal_row_the_counter_starts_at_one()
    {
        // Limit 4: rows 0 to 3 are an episode whose last row is cut; row 4 is terminal; then row 7 is cut, a row early.
        bool[] terminals = [false, false, false, false, true, false, false, false, false, false];
        var dataset = OfflineDataset.Create(new float[10], 1, new float[10], 1, new float[10], terminals, null, DatasetProvenance.Generated("test"), episodeLimit: 4);
        Assert.Equal([0, 1, 2, 4, 5, 6, 8], new QLearningView(dataset).Rows.ToArray());
        Assert.Equal(
            [(0, 4, EpisodeEnd.Timeout), (4, 1, EpisodeEnd.Terminal), (5, 3, EpisodeEnd.Timeout), (8, 2, EpisodeEnd.Unfinished)],
            dataset.Episodes.Select(episode => (episode.FirstRow, episode.Count, episode.End)));
    }

    [Fact]
    public void Uploads_are_the_copies()
    {
        var view = new QLearningView(new SyntheticTransitions(11, 300).Dataset());
        using var device = new CpuDevice();
        using var states = view.UploadStates(device);
        using var next = view.UploadNextStates(device);
        using var actions = view.UploadActions(device);
        Assert.Equal(view.States(), states.ToArray());
        Assert.Equal(view.NextStates(), next.ToArray());
        Assert.Equal(view.Actions(), actions.ToArray());
    }

    [Fact]
    public void Nothing_but_timeouts_is_refused()
    {
        bool[] timeouts = [true, true, false];
        var dataset = OfflineDataset.Create(new float[3], 1, new float[3], 1, new float[3], new bool[3], timeouts, DatasetProvenance.Generated("test"));
        Assert.Contains("no transition", Assert.Throws<InvalidFileException>(() => new QLearningView(dataset)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Episodes_sum_their_rewards()
    {
        var data = new SyntheticTransitions(12, 400);
        var dataset = data.Dataset();
        Assert.Equal(400, dataset.Episodes.Sum(episode => episode.Count));
        foreach (var episode in dataset.Episodes)
        {
            double sum = 0;
            for (int row = episode.FirstRow; row < episode.FirstRow + episode.Count; row++)
            {
                sum += data.Rewards[row];
                bool last = row == episode.FirstRow + episode.Count - 1;
                Assert.Equal(last && episode.End != EpisodeEnd.Unfinished, data.Terminals[row] || data.Timeouts[row]);
            }

            Assert.Equal(sum, episode.Return);
        }
    }

    private static void Compare(SyntheticTransitions data, List<int> rows, QLearningView view)
    {
        Assert.Equal(rows, view.Rows.ToArray());
        float[] Take(float[] source, int width, int below) => [.. rows.SelectMany(row => source.AsSpan((row + below) * width, width).ToArray())];
        Assert.Equal(Take(data.States, data.StateSize, 0), view.States());
        Assert.Equal(Take(data.States, data.StateSize, 1), view.NextStates());
        Assert.Equal(Take(data.Actions, data.ActionSize, 0), view.Actions());
        Assert.Equal(Take(data.Rewards, 1, 0), view.Rewards());
        Assert.Equal(rows.Select(row => data.Terminals[row] ? 1f : 0f), view.Terminals());
        int middle = rows.Count / 2;
        Assert.Equal(view.States().AsSpan(middle * data.StateSize, data.StateSize).ToArray(), view.State(middle).ToArray());
        Assert.Equal(view.NextStates().AsSpan(middle * data.StateSize, data.StateSize).ToArray(), view.NextState(middle).ToArray());
        Assert.Equal(view.Actions().AsSpan(middle * data.ActionSize, data.ActionSize).ToArray(), view.Action(middle).ToArray());
        Assert.Equal((view.Rewards()[middle], view.Terminals()[middle] > 0), (view.Reward(middle), view.IsTerminal(middle)));
    }
}
