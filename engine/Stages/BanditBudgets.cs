using EDA.Engine.Optimizers;

namespace EDA.Engine.Stages;

/// <summary>How much work a run on a bandit does, in steps and never in seconds, so that it can be repeated exactly.</summary>
public static class BanditBudgets
{
    /// <summary>A few seconds: shows that everything works, not how well.</summary>
    public static BanditRun Smoke { get; } = new()
    {
        Points = 20_000,
        Width = 64,
        Blocks = 2,
        Behavior = new() { Batch = 256, Steps = 300, LearningRate = 2e-3, Schedule = LearningRateSchedule.Cosine, ReportEvery = 20 },
        Alignment = new() { States = 32, Steps = 150, LearningRate = 1e-3, Schedule = LearningRateSchedule.Cosine, ReportEvery = 10 },
        Evaluation = new() { HeldOut = 2048, Samples = 2048, DistancePoints = 1000 },
    };

    /// <summary>
    /// Under three minutes on two cores. At equal work, width 64 with more steps came out better than 96 or 128 with
    /// fewer, and high rates over many small batches better than the reverse: what is learned last is f at t near
    /// 1e-3, where the time embedding turns fast and few draws fall. There seed 2 of 8gaussians had a q_slope of 0.70
    /// with 3000 alignment steps at 1e-3 and has about 0.89 with these. More steps are not better everywhere: with K = 16
    /// the value objective is consistent only as t → 0, and the samples of rings, which pass through every t, drift from
    /// 0.02 above the exact mean Q after 2000 steps to 0.06 above it after 7000.
    /// </summary>
    public static BanditRun Quick { get; } = new()
    {
        Points = 200_000,
        Width = 64,
        Behavior = new()
        {
            Batch = 384,
            Steps = 12_000,
            LearningRate = 3e-3,
            Schedule = new() { Curve = LearningRateCurve.Cosine, WarmUpSteps = 300 },
            ReportEvery = 100,
        },
        Alignment = new() { States = 64, Steps = 2500, LearningRate = 3e-3, Schedule = LearningRateSchedule.Cosine, ReportEvery = 50 },
    };

    /// <summary>The paper's steps, batch, width and learning rates.</summary>
    public static BanditRun Paper { get; } = new();

    /// <summary>The budgets by name.</summary>
    public static IReadOnlyDictionary<string, BanditRun> ByName { get; } = new Dictionary<string, BanditRun>
    {
        ["smoke"] = Smoke,
        ["quick"] = Quick,
        ["paper"] = Paper,
    };

    /// <summary>Looks a budget up.</summary>
    /// <param name="name">smoke, quick or paper.</param>
    /// <returns>The budget, for the first bandit and seed 0.</returns>
    /// <exception cref="InvalidSettingException">There is no such budget.</exception>
    public static BanditRun Get(string name) => ByName.TryGetValue(name, out var run)
        ? run
        : throw new InvalidSettingException("budget", name, "one of " + string.Join(", ", ByName.Keys));
}
