using EDA.Engine.Alignment;
using EDA.Engine.Baselines;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;

namespace EDA.Engine.Runs;

/// <summary>
/// How much work a run does, in steps and never in seconds, so that it can be repeated exactly. What the budgets are
/// meant to take is for two cores of 100 GFLOP/s each.
/// </summary>
/// <remarks>
/// A short critic cannot be followed far: the published β and q are for one of 1,500,000 steps in the code, of 1,000,000 in
/// the paper. So quick, hour and day stand on the data first. They learn the rows that the critic likes, each by its
/// weight, which asks it about no action that is not in the data; then they align from that model with a gentle tilt.
/// Networks are narrow, because what is short is steps. docs/notes/budgets.md has what was tried.
/// </remarks>
public static class RunBudgets
{
    /// <summary>The budget that is taken where none is named.</summary>
    public const string Default = "quick";

    /// <summary>What a reader of such a budget's numbers must know.</summary>
    public const string TrialNote = "the smoke budget shows that every part runs; it trains for so few steps that its numbers say nothing of a method";

    private const string Smokes = "smoke";

    private static readonly (string Name, RunKind Kind, Func<RunTask, RunSettings> Settings)[] _all =
    [
        (Smokes, RunKind.Bandit, task => SmokeBandit(task.Paper())),
        ("quick", RunKind.Bandit, task => QuickBandit(task.Paper())),
        ("paper", RunKind.Bandit, task => task.Paper()),
        (Smokes, RunKind.Dataset, task => Smoke(task.Paper())),
        ("quick", RunKind.Dataset, task => task is DatasetTask { MakesItsData: true } ? QuickMaze(task.Paper()) : Short(task.Paper(), Sizes.Quick)),
        ("hour", RunKind.Dataset, task => Short(task.Paper(), Sizes.Hour)),
        ("day", RunKind.Dataset, task => Short(task.Paper(), Sizes.Day)),
        ("paper", RunKind.Dataset, task => task.Paper()),
    ];

    /// <summary>Whether a budget is too small for its numbers to mean anything.</summary>
    /// <param name="budget">Its name.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsTrial(string budget) => budget == Smokes;

    /// <summary>The budgets of a kind of run, the smallest first.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>Their names.</returns>
    public static IReadOnlyList<string> NamesOf(RunKind kind) => [.. _all.Where(budget => budget.Kind == kind).Select(budget => budget.Name)];

    /// <summary>The settings of a task with a budget.</summary>
    /// <param name="name">One of <see cref="NamesOf"/>.</param>
    /// <param name="task">The task.</param>
    /// <param name="critic">The kind of critic; null for the method's, or the task's own, and for bandits, which have none.</param>
    /// <param name="method">The method; null for EDA.</param>
    /// <returns>The settings, for seed 0.</returns>
    /// <exception cref="InvalidSettingException">There is no such budget, or the critic is none that the method takes.</exception>
    public static RunSettings Get(string name, RunTask task, CriticMethod? critic = null, Method? method = null)
    {
        if (method is null)
            return Get(name, task, critic);
        if (!method.Kinds.Contains(task.Kind))
            throw new InvalidSettingException("method", method.Name, "one of " + string.Join(", ", Method.Table.All.Where(other => other.Kinds.Contains(task.Kind)).Select(other => other.Name)));
        if (critic is not null && !method.Sections.Contains("critic"))
            throw new InvalidSettingException("critic", critic.Name, $"nothing with the method {method}, which has one of its own");
        if (critic is not null && !method.Critics.Contains(critic))
            throw new InvalidSettingException("critic", critic.Name, $"{string.Join(", ", method.Critics)} with the method {method}");
        return method.Budget(name, Get(name, task, critic ?? method.CriticOf(name, task)), task);
    }

    private static RunSettings Get(string name, RunTask task, CriticMethod? critic)
    {
        var settings = Array.Find(_all, budget => budget.Name == name && budget.Kind == task.Kind).Settings is { } found
            ? found(task)
            : throw new InvalidSettingException("budget", name, "one of " + string.Join(", ", NamesOf(task.Kind)));
        if (critic is null)
            return settings;
        bool weighs = settings.Weighted.IsThere;
        settings = settings.With(critic);

        // Where no row can be weighed, all of the tilt is the alignment's.
        return weighs && !settings.Weighted.IsThere ? settings with { Alignment = settings.Alignment with { Temperature = 1 } } : settings;
    }

    /// <summary>A few seconds: shows that everything works, not how well.</summary>
    private static RunSettings SmokeBandit(RunSettings paper) => paper with
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
    private static RunSettings QuickBandit(RunSettings paper) => paper with
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

    /// <summary>Under a minute: shows that everything works, not how well. Small networks, few states, two episodes.</summary>
    private static RunSettings Smoke(RunSettings paper) => paper with
    {
        Width = 64,
        Blocks = 2,
        CriticWidth = 64,
        Rows = 10_000,
        HeldOut = 1024,
        Behavior = paper.Behavior with { Batch = 128, Steps = 400, LearningRate = 1e-3, ReportEvery = 20 },
        Critic = paper.Critic with { ClipsActions = true, Steps = 1500, ReportEvery = 50, Softmax = paper.Critic.Softmax with { Candidates = 2 } },
        Weighted = new() { Training = new() { Batch = 128, Steps = 200, LearningRate = 1e-3, ReportEvery = 20 } },
        Labels = new() { MostStates = 512 },
        Alignment = paper.Alignment with { Temperature = 1, LearningRate = 3e-4, States = 32, Steps = 100, ReportEvery = 5 },
        Evaluation = new() { Episodes = 2, Acting = new() { Samples = 4 } },
    };

    /// <summary>
    /// A few minutes: in a plane, with four numbers of state, smaller networks do. pointmaze-umaze with seeds 0
    /// and 1 reached the goal in 100 of 100 episodes so, from behavior models that do in 31 and 20.
    /// </summary>
    private static RunSettings QuickMaze(RunSettings paper) => paper with
    {
        Width = 96,
        Behavior = paper.Behavior with { Batch = 256, Steps = 5_000, Schedule = LearningRateSchedule.Cosine, LearningRate = 6e-4, ReportEvery = 50 },
        Critic = Critic(paper, 20_000, 4, 500),
        Labels = new() { MostStates = 8_000 },
        Alignment = paper.Alignment with { Temperature = 1, LearningRate = 1e-4, States = 64, Steps = 1_500, ReportEvery = 25 },
        Evaluation = new() { Episodes = 100 },
        HeldOut = 2048,
    };

    // What the budgets between smoke and paper share. Weights are a third as sharp as those of implicit Q-learning's own policy,
    // with which thousands of rows stand at the cap, all alike; the tilt is one that a short critic can be followed in; and
    // a policy that has learned from noisy actions is not to repeat the noise. The same for all files.
    private static RunSettings Short(RunSettings paper, Sizes sizes) => paper with
    {
        Width = sizes.Width,
        Blocks = sizes.Blocks,
        Behavior = Denoising(paper, sizes.Behavior, sizes.Rate),
        Critic = Critic(paper, sizes.Critic, sizes.NextActions, (int)sizes.Critic / 100),
        Weighted = new() { AdvantageScale = paper.Critic.Implicit.AdvantageScale / 3, Training = Denoising(paper, sizes.Weighted, sizes.Rate) },
        Labels = new() { MostStates = sizes.States },
        Alignment = paper.Alignment with
        {
            Temperature = 4,
            LabelScale = 1,
            LearningRate = 2e-4,
            Schedule = new() { Curve = LearningRateCurve.Cosine, WarmUpSteps = sizes.AlignmentWarmUp },
            States = 64,
            Steps = sizes.Alignment,
            ReportEvery = (int)sizes.Alignment / 50,
        },
        Evaluation = new() { Acting = new() { Samples = 8, Noise = 0.5 } },
        HeldOut = 2048,
    };

    // High rates and no dropout: a short training is short of steps, and far from learning its data by heart.
    private static PretrainingSettings Denoising(RunSettings paper, long steps, double rate) => paper.Behavior with
    {
        Batch = 256,
        Steps = steps,
        LearningRate = rate,
        Schedule = new() { Curve = LearningRateCurve.Cosine, WarmUpSteps = 200 },
        Dropout = 0,
        ReportEvery = (int)steps / 100,
    };

    private static CriticSettings Critic(RunSettings paper, long steps, int nextActions, int reportEvery) =>
        paper.Critic with { ClipsActions = true, Steps = steps, ReportEvery = reportEvery, Softmax = paper.Critic.Softmax with { Candidates = nextActions } };

    /// <summary>What short budgets differ in.</summary>
    /// <param name="Width">Of the network.</param>
    /// <param name="Blocks">Of the network.</param>
    /// <param name="Behavior">Steps of pretraining.</param>
    /// <param name="Rate">Its greatest rate, and that on weighted rows.</param>
    /// <param name="Critic">Steps of the critic.</param>
    /// <param name="NextActions">Actions that a softmax critic backs up from.</param>
    /// <param name="Weighted">Steps on weighted rows.</param>
    /// <param name="States">Labelled states.</param>
    /// <param name="Alignment">Steps of alignment.</param>
    /// <param name="AlignmentWarmUp">Those of them in which its rate rises.</param>
    private sealed record Sizes(int Width, int Blocks, long Behavior, double Rate, long Critic, int NextActions, long Weighted, int States, long Alignment, long AlignmentWarmUp)
    {
        /// <summary>About 12 minutes: 2 of pretraining, 7 of the critic, 1 on weighted rows, 1 of candidates and alignment, 1 of rollouts.</summary>
        public static readonly Sizes Quick = new(128, 2, 20_000, 1.2e-3, 100_000, 4, 10_000, 16_000, 2_000, 200);

        /// <summary>Three quarters of an hour: 10 minutes of pretraining, 20 of the critic, 4 on weighted rows, 5 of candidates and alignment, 3 of rollouts.</summary>
        public static readonly Sizes Hour = new(192, 2, 50_000, 1e-3, 300_000, 8, 20_000, 64_000, 6_000, 300);

        /// <summary>A night on two cores, with the paper's network.</summary>
        public static readonly Sizes Day = new(256, 3, 250_000, 6e-4, 1_000_000, 16, 60_000, 250_000, 30_000, 500);
    }
}
