namespace EDA.Engine.Optimizers;

/// <summary>How the learning rate goes after the warm-up.</summary>
public enum LearningRateCurve
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>It falls along half a cosine, from the full rate to none at the last step's end.</summary>
    Cosine,
}

/// <summary>The course of the learning rate over a stage, as a factor on its full value.</summary>
public sealed record LearningRateSchedule
{
    /// <summary>The full rate at every step: the paper's.</summary>
    public static LearningRateSchedule Constant { get; } = new();

    /// <summary>Half a cosine, without warm-up.</summary>
    public static LearningRateSchedule Cosine { get; } = new() { Curve = LearningRateCurve.Cosine };

    /// <summary>The course after the warm-up.</summary>
    public LearningRateCurve Curve { get; init => field = Setting.Known(value); }

    /// <summary>The number of steps over which the rate rises linearly to its full value; 0 for none.</summary>
    public long WarmUpSteps { get; init => field = Setting.Range(value, 0, long.MaxValue); }

    /// <summary>
    /// The factor of one step. In a warm-up of w steps, step n has (n + 1) / w; after it, the cosine has
    /// (1 + cos π(n − w)/(total − w)) / 2.
    /// </summary>
    /// <param name="step">n, 0 for the first step.</param>
    /// <param name="total">The number of steps of the stage.</param>
    /// <returns>The factor, in [0, 1].</returns>
    public double Factor(long step, long total)
    {
        if (step < WarmUpSteps)
            return (step + 1.0) / WarmUpSteps;
        if (Curve == LearningRateCurve.Constant || total <= WarmUpSteps)
            return 1;
        double share = Math.Min(1, (step - WarmUpSteps) / (double)(total - WarmUpSteps));
        return 0.5 * (1 + Math.Cos(Math.PI * share));
    }
}
