using EDA.Engine.Baselines.Generators;
using EDA.Engine.Evaluation;
using EDA.Engine.Files;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>One seed of a run: its settings, its folder, and what has become of it.</summary>
/// <param name="settings">The settings, with this seed.</param>
/// <param name="files">Where the stages leave what they make.</param>
/// <param name="held">The lock of the folder, which is asked before each saving; null if no other process can work in it.</param>
public sealed class SeedRun(RunSettings settings, StageFiles files, FolderLock? held = null)
{
    /// <summary>The settings, with this seed.</summary>
    public RunSettings Settings => settings;

    /// <summary>Where the stages leave what they make.</summary>
    public StageFiles Files => files;

    /// <summary>The lock of the folder; null if no other process can work in it.</summary>
    public FolderLock? Lock => held;

    /// <summary>How its training goes.</summary>
    public SeedTraining Training { get; internal set; } = new();

    /// <summary>The scores by name, where policies were rolled out.</summary>
    public IReadOnlyDictionary<string, PolicyScore> Scores { get; set; } = new Dictionary<string, PolicyScore>();

    /// <summary>What policies do in states of the dataset, where they were not rolled out.</summary>
    public DatasetRatings? Ratings { get; set; }

    /// <summary>The comparison with the exact answer, where there is one.</summary>
    public BanditEvaluation? Exact { get; set; }

    /// <summary>The comparison of generative models, where there is one.</summary>
    public GeneratorComparison? Generators { get; set; }
}

/// <summary>What a run, or some stages of it, came to for one seed.</summary>
/// <param name="Stages">The stages run, in order, by the names of reports; the last may be cut short.</param>
/// <param name="Scores">The scores by name; empty where no policies were rolled out.</param>
/// <param name="Exact">The comparison with the exact answer; null where there is none, or it was not reached.</param>
/// <param name="Completed">Whether all that was asked for was finished.</param>
/// <param name="Divergence">Why it went no further, where it was one of several seeds and diverged.</param>
public sealed record RunResult(
    IReadOnlyList<StageResult> Stages, IReadOnlyDictionary<string, PolicyScore> Scores, BanditEvaluation? Exact, bool Completed, TrainingDivergedException? Divergence = null)
{
    /// <summary>The comparison of generative models; null where there is none, or it was not reached.</summary>
    public GeneratorComparison? Generators { get; init; }

    /// <summary>What policies do in states of the dataset; null where they were rolled out, or it was not reached.</summary>
    public DatasetRatings? Ratings { get; init; }
}
