namespace EDA.Engine.Experiments.Statistics;

/// <summary>
/// The scores x_{m,n} of one algorithm: of each task m those of its runs n, which differ in their seed alone (Agarwal,
/// Schwarzer, Castro, Courville, Bellemare: "Deep reinforcement learning at the edge of the statistical precipice",
/// NeurIPS 2021, section 2). Tasks may have different numbers of runs.
/// </summary>
public sealed class RunScores
{
    /// <summary>Takes scores.</summary>
    /// <param name="tasks">Of each task the scores of its runs [M tasks, each of N_m runs].</param>
    /// <exception cref="ArgumentException">There is no task, one has no run, or a score is no finite number.</exception>
    public RunScores(IReadOnlyList<double[]> tasks)
    {
        if (tasks.Count == 0)
            throw new ArgumentException("no task", nameof(tasks));
        for (int m = 0; m < tasks.Count; m++)
        {
            if (tasks[m].Length == 0)
                throw new ArgumentException($"task {m} has no run", nameof(tasks));
            if (Array.FindIndex(tasks[m], score => !double.IsFinite(score)) is >= 0 and var n)
                throw new ArgumentException($"the score of run {n} of task {m} is {tasks[m][n]}", nameof(tasks));
        }

        Tasks = tasks;
    }

    /// <summary>Of each task the scores of its runs.</summary>
    public IReadOnlyList<double[]> Tasks { get; }

    /// <summary>The runs of all tasks together.</summary>
    public int Count => Tasks.Sum(runs => runs.Length);

    /// <summary>Whether every task has several runs: of a single one there is no spread to be known.</summary>
    public bool HasSpread => Tasks.All(runs => runs.Length > 1);

    /// <summary>The scores of one task.</summary>
    /// <param name="scores">The scores of its runs.</param>
    /// <returns>The scores.</returns>
    public static RunScores OfOneTask(params double[] scores) => new([scores]);
}
