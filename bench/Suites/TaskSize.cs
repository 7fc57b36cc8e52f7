using EDA.Engine.Environments;
using EDA.Engine.Runs;

namespace EDA.Bench.Suites;

/// <summary>State and action sizes of tasks of the paper.</summary>
/// <param name="States">S.</param>
/// <param name="Actions">A.</param>
public sealed record TaskSize(int States, int Actions)
{
    /// <summary>The sizes of the sixteen tasks, each once.</summary>
    public static IReadOnlyList<TaskSize> All { get; } =
    [
        .. DatasetTask.PaperTasks.Select(task => EnvironmentCatalogue.Find(task.Environment).Description).Select(space => new TaskSize(space.ObservationSize, space.ActionSize)).Distinct(),
    ];

    /// <inheritdoc/>
    public override string ToString() => $"S{States}A{Actions}";
}
