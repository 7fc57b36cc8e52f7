namespace EDA.Engine.Baselines.Gaussian;

/// <summary>Behavior cloning with a Gaussian, and the best of its samples by the critic (method: section 9).</summary>
public sealed record GaussianSettings : GaussianTrainingSettings
{
    /// <summary>The samples of which the policy plays the best, from 2 to 4096. Ours: 16, as many as the critic backs up from.</summary>
    public int Samples { get; init => field = Setting.Range(value, 2, 4096); } = 16;
}
