using EDA.Engine.Data;
using EDA.Engine.Optimizers;

namespace EDA.Engine.Stages;

/// <summary>
/// How much work a run on a dataset does, in steps and never in seconds, so that it can be repeated exactly. What the
/// budgets are meant to take is for two cores of 100 GFLOP/s each.
/// </summary>
/// <remarks>
/// The paper's β and q are for a critic of 1,500,000 steps. After a tenth of them and less its values are too coarse for
/// so sharp a tilt: on a walker2d replay file the best of 16 behavior samples by such a critic scores less than the best
/// of 4, and policies aligned with β below 1 or q above 1 do worse. So quick and hour tilt gently, β = 1 and q = 1, at a
/// rate that falls to nothing, and spend most of their time on critic and behavior. docs/budgets.md has the sweeps.
/// </remarks>
public static class OfflineBudgets
{
    /// <summary>The names of the budgets, the smallest first.</summary>
    public static IReadOnlyList<string> Names { get; } = ["smoke", "quick", "hour", "paper"];

    /// <summary>The settings of a task with a budget.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="task">The task.</param>
    /// <returns>The settings, for seed 0.</returns>
    /// <exception cref="InvalidSettingException">There is no such budget.</exception>
    public static OfflineRun Get(string name, OfflineTask task)
    {
        var paper = task.PaperRun();
        return name switch
        {
            "smoke" => Smoke(paper),
            "quick" => task.MakesItsData ? QuickMaze(paper) : Quick(paper),
            "hour" => Hour(paper),
            "paper" => paper,
            _ => throw new InvalidSettingException("budget", name, "one of " + string.Join(", ", Names)),
        };
    }

    /// <summary>Under a minute: shows that everything works, not how well. Small networks, few states, two episodes.</summary>
    private static OfflineRun Smoke(OfflineRun paper) => paper with
    {
        Width = 64,
        Blocks = 2,
        CriticWidth = 64,
        Rows = 10_000,
        HeldOut = 1024,
        Behavior = paper.Behavior with { Batch = 128, Steps = 400, LearningRate = 1e-3, ReportEvery = 20 },
        Critic = paper.Critic with { ClipsActions = true, Steps = 1500, ReportEvery = 50, Softmax = paper.Critic.Softmax with { Candidates = 2 } },
        Labels = new() { MostStates = 512 },
        Alignment = paper.Alignment with { Temperature = 1, LearningRate = 3e-4, States = 32, Steps = 100, ReportEvery = 5 },
        Evaluation = new() { Episodes = 2 },
    };

    /// <summary>About 15 minutes: 3 of pretraining, 4 of the critic, 2 of labelling, 2 of alignment, 3 of rollouts.</summary>
    private static OfflineRun Quick(OfflineRun paper) => paper with
    {
        Behavior = paper.Behavior with { Batch = 256, Steps = 5_000, Schedule = LearningRateSchedule.Cosine, LearningRate = 6e-4, ReportEvery = 50 },
        Critic = paper.Critic with { ClipsActions = true, Steps = 60_000, ReportEvery = 500, Softmax = paper.Critic.Softmax with { Candidates = 4 } },
        Labels = new() { MostStates = 16_000 },
        Alignment = Gentle(paper.Alignment, 1_500, 200, 25),
        HeldOut = 2048,
    };

    /// <summary>
    /// A few minutes: in a plane, with four numbers of state, smaller networks do. pointmaze-umaze with seeds 0
    /// and 1 reached the goal in 100 of 100 episodes so, from behavior models that do in 31 and 20.
    /// </summary>
    private static OfflineRun QuickMaze(OfflineRun paper)
    {
        var quick = Quick(paper);
        return quick with
        {
            Width = 96,
            Critic = quick.Critic with { Steps = 20_000 },
            Labels = new() { MostStates = 8_000 },
            Alignment = paper.Alignment with { Temperature = 1, LearningRate = 1e-4, States = 64, Steps = 1_500, ReportEvery = 25 },
            Evaluation = new() { Episodes = 100 },
        };
    }

    /// <summary>About an hour: 13 minutes of pretraining, 20 of the critic, 8 of labelling, 10 of alignment, 4 of rollouts.</summary>
    private static OfflineRun Hour(OfflineRun paper) => paper with
    {
        Behavior = paper.Behavior with { Batch = 256, Steps = 25_000, Schedule = LearningRateSchedule.Cosine, LearningRate = 6e-4, ReportEvery = 100 },
        Critic = paper.Critic with { ClipsActions = true, Steps = 300_000, ReportEvery = 1_000, Softmax = paper.Critic.Softmax with { Candidates = 8 } },
        Labels = new() { MostStates = 64_000 },
        Alignment = Gentle(paper.Alignment, 8_000, 300, 100),
        HeldOut = 2048,
    };

    /// <summary>The tilt that a short critic can be followed in.</summary>
    private static AlignmentSettings Gentle(AlignmentSettings paper, long steps, long warmUpSteps, int reportEvery) => paper with
    {
        Temperature = 1,
        LabelScale = 1,
        LearningRate = 2e-4,
        Schedule = new() { Curve = LearningRateCurve.Cosine, WarmUpSteps = warmUpSteps },
        States = 64,
        Steps = steps,
        ReportEvery = reportEvery,
    };
}
