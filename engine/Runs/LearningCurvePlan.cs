using EDA.Engine.Environments;

namespace EDA.Engine.Runs;

/// <summary>At which steps of alignment, or of a method's training, the policy is rolled out by itself: 0, every so many, and the last.</summary>
/// <param name="Environment">Where.</param>
/// <param name="Settings">The run's settings.</param>
internal sealed record LearningCurvePlan(EnvironmentKind Environment, RunSettings Settings)
{
    // Those of the training that the method says.
    private long Steps => Settings.Method.Row.CurveSteps(Settings);

    /// <summary>The plan of a run.</summary>
    /// <param name="environment">Where its policies are rolled out.</param>
    /// <param name="settings">Its settings.</param>
    /// <returns>The plan; null where none is asked for.</returns>
    public static LearningCurvePlan? Of(EnvironmentKind environment, RunSettings settings) =>
        settings.Evaluation.Every == 0 ? null : new(environment, settings);

    /// <summary>What is told of a rollout depends on, beside the policy.</summary>
    /// <param name="settings">The run's settings.</param>
    /// <returns>Some of them; null where there are no rollouts, so that nothing depends on what they would be.</returns>
    public static object? DependsOn(RunSettings settings) => settings.Evaluation is { Every: > 0 } evaluation
        ? new { evaluation.Every, evaluation.Episodes, evaluation.Seed, evaluation.SolverEvaluations }
        : null;

    /// <summary>Whether the policy is rolled out at a step.</summary>
    public bool IsDue(long step) => step % Settings.Evaluation.Every == 0 || step == Steps;

    /// <summary>The weights that are kept.</summary>
    /// <param name="files">The run's files.</param>
    /// <returns>Their files, by step.</returns>
    public IEnumerable<string> Kept(StageFiles files)
    {
        for (long step = 0; Settings.Checkpoints.Keep && step < Steps; step += Settings.Evaluation.Every)
            yield return files.PolicyWeightsAt(step);
        if (Settings.Checkpoints.Keep)
            yield return files.PolicyWeightsAt(Steps);
    }
}
