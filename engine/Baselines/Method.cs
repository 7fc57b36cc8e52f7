using EDA.Engine.Baselines.DiffusionQl;
using EDA.Engine.Baselines.Gaussian;
using EDA.Engine.Baselines.Generators;
using EDA.Engine.Baselines.Idql;
using EDA.Engine.Baselines.Iql;
using EDA.Engine.Baselines.Qgpo;
using EDA.Engine.Baselines.Td3Bc;
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

    /// <summary>Implicit Q-learning with its Gaussian policy.</summary>
    public static Method Iql { get; } = new IqlMethod();

    /// <summary>A Gaussian behavior, and the best of its samples by a softmax critic.</summary>
    public static Method Gaussian { get; } = new GaussianMethod();

    /// <summary>Implicit diffusion Q-learning: the best of a diffusion behavior's samples.</summary>
    public static Method Idql { get; } = new IdqlMethod();

    /// <summary>Contrastive energy prediction.</summary>
    public static Method Qgpo { get; } = new QgpoMethod();

    /// <summary>Diffusion Q-learning.</summary>
    public static Method DiffusionQl { get; } = new DiffusionQlMethod();

    /// <summary>TD3+BC.</summary>
    public static Method Td3Bc { get; } = new Td3BcMethod();

    /// <summary>Generative models of a plane beside the diffusion model.</summary>
    public static Method Generators { get; } = new GeneratorsMethod();

    /// <inheritdoc/>
    public static NamedTable<Method> Table { get; } = new("method", Eda, Iql, Gaussian, Idql, Qgpo, DiffusionQl, Td3Bc, Generators);

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

    /// <summary>The critic that it has unless another is asked for; null for the task's, or where it has one of its own.</summary>
    public virtual CriticMethod? Critic => null;

    /// <summary>The critic that a budget gives it on a task, unless another is asked for.</summary>
    /// <param name="budget">The budget's name.</param>
    /// <param name="task">The task.</param>
    /// <returns><see cref="Critic"/>, but where that would come to nothing.</returns>
    public virtual CriticMethod? CriticOf(string budget, RunTask task) => Critic;

    /// <summary>The critics that it can have; none where it has one of its own.</summary>
    public virtual IReadOnlyList<CriticMethod> Critics => Critic is null ? CriticMethod.Table.All : [Critic];

    /// <summary>The scores that its runs may have, in the order in which they are reported.</summary>
    public abstract IReadOnlyList<MethodScore> Scores { get; }

    /// <summary>The training whose learning curve is the policy's, as metrics.csv names it.</summary>
    public virtual string CurveName => RunStages.Policy;

    /// <summary>The steps of that training.</summary>
    /// <param name="settings">The run's settings.</param>
    /// <returns>The steps; 0 where there is none.</returns>
    public virtual long CurveSteps(RunSettings settings) => settings.Method.CountSteps();

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

    /// <summary>What a budget gives to every run, the settings that a method may look at beside it as they are by default.</summary>
    private protected static RunSettings Common(RunSettings eda, MethodSettings method) => new()
    {
        Method = method,
        Environment = eda.Environment,
        Seed = eda.Seed,
        Rows = eda.Rows,
        Rewards = eda.Rewards,
        Optimizer = eda.Optimizer,
        Evaluation = eda.Evaluation with { Acting = new() },
        Checkpoints = eda.Checkpoints,
        Memory = eda.Memory,
    };

    /// <summary>Refuses rollouts along a training whose policy is not the one that is measured.</summary>
    private protected void RequireNoCurve(RunSettings settings)
    {
        if (settings.Evaluation.Every != 0)
            throw new InvalidSettingException("evaluation.every", settings.Evaluation.Every, $"0 with the method {this}, whose policy is not trained but chosen by the critic");
    }
}
