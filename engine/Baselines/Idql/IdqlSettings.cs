namespace EDA.Engine.Baselines.Idql;

/// <summary>Implicit diffusion Q-learning (method: section 9). It trains nothing but the critic and the behavior, which are EDA's.</summary>
public sealed record IdqlSettings : MethodSettings
{
    /// <summary>N, the samples of which the policy plays the best, from 2 to 4096. Paper: 64, of 16, 64 and 256.</summary>
    public int Samples { get; init => field = Setting.Range(value, 2, 4096); } = 64;
}
