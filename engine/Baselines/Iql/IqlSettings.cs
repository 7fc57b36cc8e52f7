using EDA.Engine.Baselines.Gaussian;

namespace EDA.Engine.Baselines.Iql;

/// <summary>
/// Implicit Q-learning's policy (method: section 9). Which rows it learns from is said by
/// <see cref="Runs.RunSettings.Labels"/>; the critic has all of them.
/// </summary>
public sealed record IqlSettings : GaussianTrainingSettings
{
    /// <summary>c, the factor on the advantage in the weights, above 0. Paper: 3, 10 on mazes, 0.5 in the kitchen.</summary>
    public double AdvantageScale { get; init => field = Setting.Positive(value); } = 3;

    /// <summary>The largest weight, above 0. Paper: 100.</summary>
    public double WeightCap { get; init => field = Setting.Positive(value); } = 100;
}
