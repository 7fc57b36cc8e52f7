using EDA.Engine.Environments;

namespace EDA.Tests.Environments;

/// <summary>The point mazes' datasets are what the environment would have done, and worth learning from.</summary>
public class PointMazeCollectorTests
{
    private static readonly PointMazeCollection Collection = new() { Rows = 20_000, Seed = 6 };

    [Fact]
    public void Every_row_is_a_step_of_the_environment()
    {
        var rows = PointMazeCollector.Collect(PointMazeTask.UMaze, Collection);
        Assert.Equal((20_000, 4, 2), (rows.Count, rows.ObservationSize, rows.ActionSize));
        Assert.Equal((80_000, 40_000), (rows.Observations.Length, rows.Actions.Length));
        using var environment = new PointMazeEnvironment(PointMazeTask.UMaze);
        var observation = new double[4];
        for (int row = 0; row < rows.Count; row++)
        {
            var state = rows.Observations.AsSpan(4 * row, 4);
            environment.Restore(default, [state[0], state[1]], [state[2], state[3]], observation);
            var outcome = environment.Step([rows.Actions[2 * row], rows.Actions[(2 * row) + 1]], observation);
            Assert.InRange(rows.Actions[2 * row], -1, 1);
            Assert.Equal(rows.Terminals[row] ? 1f : 0f, rows.Rewards[row]);
            if (rows.Terminals[row] || rows.Timeouts[row])
                continue;
            Assert.False(outcome.Terminated);
            for (int i = 0; i < 4; i++)
                Assert.Equal(observation[i], rows.Observations[(4 * (row + 1)) + i], 1e-6);
        }

        Assert.True(rows.Timeouts[^1] || rows.Terminals[^1]);
        Assert.DoesNotContain(true, rows.Terminals.Zip(rows.Timeouts, (terminal, timeout) => terminal && timeout));
    }

    [Fact]
    public void Episodes_start_all_over_the_maze_and_are_no_longer_than_allowed()
    {
        var task = PointMazeTask.UMaze;
        var rows = PointMazeCollector.Collect(task, Collection);
        var starts = new List<(int X, int Y)>();
        for (int row = 0, first = 0; row < rows.Count; row++)
        {
            if (row == first)
                starts.Add(((int)Math.Round(rows.Observations[4 * row]), (int)Math.Round(rows.Observations[(4 * row) + 1])));
            if (!rows.Terminals[row] && !rows.Timeouts[row])
                continue;
            int length = row + 1 - first;
            Assert.True(rows.Terminals[row] || length == task.StepLimit || row + 1 == rows.Count);
            first = row + 1;
        }

        Assert.Equal(6, starts.Distinct().Count());
        Assert.DoesNotContain((1, 3), starts);
    }

    [Fact]
    public void Errands_reach_the_goal_sometimes_and_not_mostly()
    {
        foreach (var (task, least, most) in new[] { (PointMazeTask.UMaze, 0.3, 0.6), (PointMazeTask.Medium, 0.08, 0.35) })
        {
            var rows = PointMazeCollector.Collect(task, new PointMazeCollection { Rows = 50_000, Seed = 2 });
            double episodes = rows.Terminals.Count(x => x) + rows.Timeouts.Count(x => x);
            Assert.InRange(rows.Terminals.Count(x => x) / episodes, least, most);
        }
    }

    [Fact]
    public void The_seed_decides_everything()
    {
        var first = PointMazeCollector.Collect(PointMazeTask.Medium, Collection with { Rows = 1000 });
        var again = PointMazeCollector.Collect(PointMazeTask.Medium, Collection with { Rows = 1000 });
        var longer = PointMazeCollector.Collect(PointMazeTask.Medium, Collection with { Rows = 2000 });
        var other = PointMazeCollector.Collect(PointMazeTask.Medium, Collection with { Rows = 1000, Seed = 7 });
        Assert.Equal(first.Observations, again.Observations);
        Assert.Equal(first.Actions, again.Actions);
        Assert.Equal(first.Actions, longer.Actions[..2000]);
        Assert.NotEqual(first.Actions, other.Actions);
    }
}
