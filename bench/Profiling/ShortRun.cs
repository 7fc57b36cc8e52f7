using EDA.Engine.Data;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.Experiments;

namespace EDA.Bench.Profiling;

/// <summary>
/// A run cut to what tells its speed: few steps of every stage, a part of the data, episodes that end early. Networks and
/// batches are the whole run's.
/// </summary>
/// <param name="whole">The settings of the whole run.</param>
internal sealed class ShortRun(RunSettings whole)
{
    // Steps of an episode: of each policy enough to tell how long acting takes.
    private const int EpisodeSteps = 20;
    private const int MostRows = 20_000;

    private double _rows;
    private double _evaluations = 1;

    /// <summary>The settings of a short run.</summary>
    /// <param name="settings">The whole run's.</param>
    /// <param name="steps">Steps of each stage that trains.</param>
    /// <param name="states">States that are labelled.</param>
    /// <returns>The settings, with no more of anything than the whole run has.</returns>
    public static RunSettings Cut(RunSettings settings, int steps, int states = 256) => settings with
    {
        Points = Math.Min(settings.Points, 100_000),
        Rows = Math.Min(settings.Rows, MostRows),
        HeldOut = 0,
        Behavior = settings.Behavior with { Steps = Math.Min(settings.Behavior.Steps, steps) },
        Critic = settings.Critic with { Steps = Math.Min(settings.Critic.Steps, steps) },
        Weighted = settings.Weighted with { Training = settings.Weighted.Training with { Steps = Math.Min(settings.Weighted.Training.Steps, steps) } },
        Method = settings.Method.WithSteps(Math.Min(settings.Method.CountSteps(), steps)),
        Labels = settings.Labels with { MostStates = settings.Labels.MostStates == 0 ? states : Math.Min(settings.Labels.MostStates, states) },
        Alignment = settings.Alignment with { Steps = Math.Min(settings.Alignment.Steps, steps) },
        Evaluation = settings.Evaluation with
        {
            Every = 0,
            HeldOut = Math.Min(settings.Evaluation.HeldOut, 2048),
            Samples = Math.Min(settings.Evaluation.Samples, 1024),
            DistancePoints = Math.Min(settings.Evaluation.DistancePoints, 500),
        },
    };

    /// <summary>The settings that compile, load and allocate what is compiled, loaded and allocated late: the same batches, a step of each stage.</summary>
    /// <param name="settings">The short run's.</param>
    /// <returns>The settings.</returns>
    public static RunSettings WarmUp(RunSettings settings) => Cut(settings, 1, 16) with { Evaluation = settings.Evaluation with { HeldOut = 16, Samples = 16, DistancePoints = 16, Episodes = 1 } };

    /// <summary>Cuts what a run works with beside its settings.</summary>
    /// <param name="inputs">The whole run's.</param>
    /// <param name="settings">The short run's settings.</param>
    /// <returns>The short run's.</returns>
    public RunInputs Cut(RunInputs inputs, RunSettings settings)
    {
        _evaluations = (double)whole.Evaluation.Samples / settings.Evaluation.Samples;
        if (inputs.Dataset is not { } dataset || inputs.Environment is not { } environment)
            return inputs;
        var kind = new ShortEpisodes(environment, EpisodeSteps);
        _rows = dataset.Provenance.Sha256 is null ? whole.Rows : dataset.Count;
        _evaluations = whole.Evaluation.RollsOut ? (double)environment.Description.StepLimit / kind.Description.StepLimit * whole.Evaluation.Episodes / settings.Evaluation.Episodes : 1;
        return inputs with { Dataset = FirstRows(dataset, MostRows), Environment = kind };
    }

    /// <summary>What a stage would take in the whole run, in proportion to its steps; episodes that end early take less.</summary>
    /// <param name="stage">What it took in the short one.</param>
    /// <returns>Seconds.</returns>
    public double WholeSeconds(StageResult stage) => stage.Stage == Rollouts.StageName
        ? stage.Seconds * _evaluations
        : stage.Seconds / Math.Max(1, stage.Steps) * StageTimes.Steps(stage.Stage, whole, (int)_rows);

    private static OfflineDataset FirstRows(OfflineDataset whole, int rows) => whole.Count <= rows ? whole : OfflineDataset.Create(
        whole.States[..(rows * whole.StateSize)].ToArray(), whole.StateSize, whole.Actions[..(rows * whole.ActionSize)].ToArray(), whole.ActionSize,
        whole.Rewards[..rows].ToArray(), whole.Terminals[..rows].ToArray(), whole.HasTimeouts ? whole.Timeouts.Span[..rows].ToArray() : null, whole.Provenance, whole.EpisodeLimit, whole.Environment);
}
