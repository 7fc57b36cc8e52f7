using EDA.Engine.Data;
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
        Assert.Equal((20_000, 4, 2, 150), (rows.Count, rows.StateSize, rows.ActionSize, rows.EpisodeLimit));
        var timeouts = rows.Timeouts.Span;
        using var environment = new PointMazeEnvironment(PointMazeTask.UMaze);
        var observation = new double[4];
        for (int row = 0; row < rows.Count; row++)
        {
            var state = rows.States.Slice(4 * row, 4);
            environment.Restore(default, [state[0], state[1]], [state[2], state[3]], observation);
            var outcome = environment.Step([rows.Actions[2 * row], rows.Actions[(2 * row) + 1]], observation);
            Assert.InRange(rows.Actions[2 * row], -1, 1);
            Assert.Equal(rows.Terminals[row] ? 1f : 0f, rows.Rewards[row]);
            if (rows.Terminals[row] || timeouts[row])
                continue;
            Assert.False(outcome.Terminated);
            for (int i = 0; i < 4; i++)
                Assert.Equal(observation[i], rows.States[(4 * (row + 1)) + i], 1e-6);
        }

        Assert.True(timeouts[^1] || rows.Terminals[^1]);
        for (int row = 0; row < rows.Count; row++)
            Assert.False(rows.Terminals[row] && timeouts[row]);
    }

    [Fact]
    public void Episodes_start_all_over_the_maze_and_are_no_longer_than_allowed()
    {
        var task = PointMazeTask.UMaze;
        var rows = PointMazeCollector.Collect(task, Collection);
        var starts = new List<(int X, int Y)>();
        foreach (var episode in rows.Episodes)
        {
            var state = rows.States[(4 * episode.FirstRow)..];
            starts.Add(((int)Math.Round(state[0]), (int)Math.Round(state[1])));
            Assert.True(episode.End == EpisodeEnd.Terminal || episode.Count == task.StepLimit || episode.FirstRow + episode.Count == rows.Count);
            Assert.InRange(episode.Count, 1, task.StepLimit);
            Assert.Equal(episode.End == EpisodeEnd.Terminal ? 1 : 0, episode.Return);
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
            Assert.InRange(rows.Episodes.Average(episode => episode.Return), least, most);
        }
    }

    [Fact]
    public void The_seed_decides_everything()
    {
        var first = PointMazeCollector.Collect(PointMazeTask.Medium, Collection with { Rows = 1000 });
        var again = PointMazeCollector.Collect(PointMazeTask.Medium, Collection with { Rows = 1000 });
        var longer = PointMazeCollector.Collect(PointMazeTask.Medium, Collection with { Rows = 2000 });
        var other = PointMazeCollector.Collect(PointMazeTask.Medium, Collection with { Rows = 1000, Seed = 7 });
        Assert.Equal(first.States, again.States);
        Assert.Equal(first.Actions, again.Actions);
        Assert.Equal(first.Actions, longer.Actions[..2000]);
        Assert.False(first.Actions.SequenceEqual(other.Actions));
    }
}
