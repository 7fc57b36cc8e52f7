using EDA.Engine.Data;
using EDA.Engine.Environments;

namespace EDA.Engine.Runs;

/// <summary>The datasets that tasks make themselves: a waypoint controller's errands in a point maze.</summary>
public static class GeneratedDataset
{
    private static readonly PointMazeTask[] _mazes = [PointMazeTask.UMaze, PointMazeTask.Medium];

    /// <summary>Makes the dataset of a run.</summary>
    /// <param name="run">The settings: environment, rows and seed.</param>
    /// <returns>The dataset, the same for the same settings.</returns>
    /// <exception cref="InvalidSettingException">The environment is no point maze.</exception>
    public static OfflineDataset Create(RunSettings run)
    {
        var maze = _mazes.FirstOrDefault(task => task.Description.Name == run.Environment)
            ?? throw new InvalidSettingException("environment", run.Environment, "one of " + string.Join(", ", _mazes.Select(task => task.Description.Name)));
        return PointMazeCollector.Collect(maze, new PointMazeCollection { Rows = run.Rows, Seed = run.Seed });
    }
}
