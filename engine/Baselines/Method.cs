using EDA.Engine.Baselines.Generators;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;

namespace EDA.Engine.Baselines;

/// <summary>A score as a method reports it.</summary>
/// <param name="Name">Its name in result.json.</param>
/// <param name="Describe">What it is of, in a few words.</param>
public sealed record MethodScore(string Name, Func<RunSettings, string> Describe);

/// <summary>
/// A way from data to a policy: EDA, or one that it is compared with. A row of a table that says everything about it; a new
/// one is a folder beside this file, and a line of <see cref="Table"/>.
/// </summary>
public abstract class Method : INamed<Method>
{
    // What every run has.
    private static readonly string[] _common = ["method", "environment", "seed", "rows", "rewards", "optimizer", "evaluation", "checkpoints", "memory"];

    private protected Method(string name, string summary)
    {
        Name = name;
        Summary = summary;
    }

    /// <summary>EDA itself.</summary>
    public static Method Eda { get; } = new EdaMethod();

    /// <summary>Generative models of a plane beside the diffusion model.</summary>
    public static Method Generators { get; } = new GeneratorsMethod();

    /// <inheritdoc/>
    public static NamedTable<Method> Table { get; } = new(
        "method",
        Eda,
        Generators);

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>What it is, in one line.</summary>
    public string Summary { get; }

    /// <summary>The record of the settings that only it looks at.</summary>
    public abstract Type SettingsType { get; }

    /// <summary>What its runs are on.</summary>
    public virtual IReadOnlyList<RunKind> Kinds => [RunKind.Dataset];

    /// <summary>
    /// The settings of <see cref="RunSettings"/> that it looks at beside those of every run, by the names that config.json
    /// gives them; others are neither taken nor written down.
    /// </summary>
    public abstract IReadOnlyList<string> Sections { get; }

    /// <summary>Whether it looks at a setting of <see cref="RunSettings"/>.</summary>
    /// <param name="section">The name that config.json gives it.</param>
    /// <returns>Whether it does.</returns>
    public bool LooksAt(string section) => _common.Contains(section) || Sections.Contains(section);

    /// <summary>The critic that it needs; null where it takes any, or has one of its own.</summary>
    public virtual CriticMethod? Critic => null;

    /// <summary>The scores that its runs may have, in the order in which they are reported.</summary>
    public abstract IReadOnlyList<MethodScore> Scores { get; }

    /// <summary>Whether a task's seeds may be trained side by side.</summary>
    public virtual bool TrainsSeedsSideBySide => false;

    /// <summary>Its settings with a budget: with "paper" those of its own paper.</summary>
    /// <param name="budget">The budget's name.</param>
    /// <param name="eda">What the budget gives EDA, with the critic that this needs: what both have is the same for both.</param>
    /// <param name="task">The task.</param>
    /// <returns>The settings.</returns>
    public abstract RunSettings Budget(string budget, RunSettings eda, RunTask task);

    /// <summary>Checks what no single setting can: that the settings fit each other.</summary>
    /// <param name="settings">The settings.</param>
    /// <exception cref="InvalidSettingException">They do not.</exception>
    public virtual void Check(RunSettings settings)
    {
    }

    /// <summary>The stages of its runs on a dataset, in order.</summary>
    internal virtual IReadOnlyList<RunStage> Stages(RunSettings settings, DatasetWork data, EnvironmentKind environment) => throw new NotSupportedException($"{Name} is no method for datasets");

    /// <summary>The stages of its runs on bandits, in order.</summary>
    internal virtual IReadOnlyList<RunStage> Stages(IReadOnlyList<RunSettings> seeds, Lazy<IReadOnlyList<BanditDataset>> datasets) => throw new NotSupportedException($"{Name} is no method for bandits");

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>A score with a description that does not depend on settings.</summary>
    private protected static MethodScore Score(string name, string what) => new(name, _ => what);
}
