namespace EDA.Engine.Training;

/// <summary>A named number.</summary>
/// <param name="Name">The name, in snake_case.</param>
/// <param name="Value">The number.</param>
public readonly record struct Metric(string Name, double Value);

/// <summary>Where a stage stands.</summary>
/// <param name="Stage">The stage's name, for instance <c>behavior</c>.</param>
/// <param name="Step">The steps done.</param>
/// <param name="Total">The steps of the whole stage.</param>
/// <param name="Seconds">The seconds this run of the stage has taken so far.</param>
/// <param name="Metrics">What was measured since the last report; <c>loss</c> is the mean over the steps since then.</param>
public readonly record struct TrainingProgress(string Stage, long Step, long Total, double Seconds, IReadOnlyList<Metric> Metrics);

/// <summary>Is told how training goes; called on the training thread, so it should be quick.</summary>
public interface ITrainingObserver
{
    /// <summary>A stage begins, or goes on after a resume.</summary>
    /// <param name="stage">The stage's name.</param>
    /// <param name="step">The steps already done.</param>
    /// <param name="total">The steps of the whole stage.</param>
    void StageStarted(string stage, long step, long total);

    /// <summary>Every so many steps, and after the last.</summary>
    /// <param name="progress">Where the stage stands.</param>
    void Progress(in TrainingProgress progress);

    /// <summary>A stage ended, finished or cancelled.</summary>
    /// <param name="result">What came out.</param>
    void StageFinished(StageResult result);

    /// <summary>Something came up that a user should know of, though it stops nothing.</summary>
    /// <param name="what">One line.</param>
    void Noticed(string what)
    {
    }

    /// <summary>The state of a stage is about to be saved: what has been told is to be on disk before it.</summary>
    void Saving()
    {
    }

    /// <summary>What was measured at the step that a stage goes on from, and may have been told already, is about to be told again.</summary>
    /// <param name="stage">The stage's name.</param>
    /// <param name="step">The step.</param>
    /// <param name="names">The names of what was measured.</param>
    void MeasuredAgain(string stage, long step, IReadOnlyList<string> names)
    {
    }

    /// <summary>The training of one of several seeds ended in numbers that are none; that of the others goes on.</summary>
    /// <param name="divergence">What was found.</param>
    void Diverged(TrainingDivergedException divergence)
    {
    }
}

/// <summary>What a run of a stage came to.</summary>
/// <param name="Stage">The stage's name.</param>
/// <param name="Steps">The steps done, those before a resume included.</param>
/// <param name="Total">The steps of the whole stage.</param>
/// <param name="Seconds">The seconds this run of the stage took.</param>
/// <param name="LastLoss">The last loss reported; null where none was.</param>
public sealed record StageResult(string Stage, long Steps, long Total, double Seconds, double? LastLoss)
{
    /// <summary>Whether every step was done.</summary>
    public bool Completed => Steps >= Total;
}
