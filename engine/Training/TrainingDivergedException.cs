namespace EDA.Engine.Training;

/// <summary>A loss is no longer a finite number; going on would be of no use.</summary>
public sealed class TrainingDivergedException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="step">The steps done when it was noticed.</param>
    /// <param name="loss">The loss.</param>
    public TrainingDivergedException(string stage, long step, double loss)
        : base($"{stage} diverged: the loss is {loss} after {step} steps; {Remedy(stage)}")
    {
        Stage = stage;
        Step = step;
    }

    /// <summary>Makes the exception for a divergence that the loss did not show.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="step">The steps done.</param>
    /// <param name="found">What was found, in words.</param>
    public TrainingDivergedException(string stage, long step, string found)
        : base($"{stage} diverged: {found} after {step} steps; {Remedy(stage)}")
    {
        Stage = stage;
        Step = step;
    }

    /// <summary>The stage.</summary>
    public string Stage { get; }

    /// <summary>The steps done when it was noticed.</summary>
    public long Step { get; }

    // The stages that train are named as their settings are.
    private static string Remedy(string stage) => stage is "behavior" or "critic" or "alignment"
        ? $"a smaller {stage}.learningRate may help, in a run of its own; what was saved before stays"
        : "a smaller learning rate in the training before it may help";
}
