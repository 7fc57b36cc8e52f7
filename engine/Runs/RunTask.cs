namespace EDA.Engine.Runs;

/// <summary>A score of the paper's Table 1: mean and standard deviation over five seeds.</summary>
/// <param name="Mean">The mean of the normalised scores.</param>
/// <param name="Deviation">Their standard deviation.</param>
public readonly record struct PublishedScore(double Mean, double Deviation);

/// <summary>
/// What a run can be asked for by name: data, environment, and what the paper has to say of it. A row of a table; a task
/// of another kind of data is another kind of row.
/// </summary>
/// <param name="Name">The name, as typed.</param>
/// <param name="Summary">What it is, in one line.</param>
public abstract record RunTask(string Name, string Summary) : INamed
{
    /// <summary>Every task, in the order they are listed. One of one's own is added here.</summary>
    public static NamedTable<RunTask> Table { get; } = new("recipe", [.. BanditTask.Each, .. DatasetTask.Generated, .. DatasetTask.PaperTasks, DatasetTask.AnyFile]);

    /// <summary>What its runs are on.</summary>
    public abstract RunKind Kind { get; }

    /// <summary>The settings of the budget <c>paper</c>: the paper's numbers, the published code's where the paper gives none or the two differ; a bandit's steps, which neither gives, are those of datasets.</summary>
    /// <returns>The settings, for seed 0.</returns>
    public abstract RunSettings Paper();

    /// <summary>Whether several seeds are trained side by side, as one batch, rather than one after the other.</summary>
    public virtual bool TrainsSeedsSideBySide => false;

    /// <summary>Refuses what does not go together, before anything is made or written.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="inputs">What the run needs beside them.</param>
    /// <exception cref="InvalidSettingException">The settings do not fit each other.</exception>
    /// <exception cref="InvalidFileException">An input does not fit the run.</exception>
    public abstract void Check(RunSettings settings, RunInputs inputs);

    /// <summary>The stages of a run, in order. The data is looked at when they run, and not before.</summary>
    /// <param name="seeds">The settings of each seed.</param>
    /// <param name="inputs">What the run needs beside them.</param>
    /// <returns>The stages.</returns>
    public abstract IReadOnlyList<RunStage> Stages(IReadOnlyList<RunSettings> seeds, RunInputs inputs);
}
