using EDA.Engine.Baselines;
using EDA.Engine.Checkpoints;
using EDA.Engine.Evaluation;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>What the training of a method beside EDA is, as the stage that runs it needs to know.</summary>
internal sealed record PolicyTraining
{
    /// <summary>The stages that must be done before it.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>The steps that it has by the settings.</summary>
    public Func<RunSettings, long> Steps { get; init; } = settings => settings.Method.CountSteps();

    /// <summary>All settings that the weights of a given step depend on, beside data and seed; without the steps where no rate depends on them.</summary>
    public required Func<RunSettings, object> Numerical { get; init; }

    /// <summary>Prepares it from what the seed's folder holds; what is opened for it is given to the second argument.</summary>
    public required Func<StageWork, OpenedBatches, MethodLearning> Learn { get; init; }

    /// <summary>Where along it the policy is rolled out; null for nowhere.</summary>
    public LearningCurvePlan? Curve { get; init; }

    /// <summary>Whose weights are rolled out along it: the policy of a file of weights. Null where there is no curve.</summary>
    public Func<StageWork, string, Contenders>? Contend { get; init; }

    /// <summary>The file of its weights.</summary>
    public Func<StageFiles, string> Weights { get; init; } = files => files.PolicyWeights;

    /// <summary>The file of its state.</summary>
    public Func<StageFiles, string> State { get; init; } = files => files.MethodState;
}

/// <summary>The training of a method beside EDA.</summary>
/// <param name="training">What it is.</param>
/// <param name="name">The name of the stage, in commands and in reports.</param>
internal sealed class PolicyStage(PolicyTraining training, string name = RunStages.Policy) : RunStage
{
    public override string Name => name;

    public override string Section => "method";

    public override IReadOnlyList<string> Needs => training.Needs;

    public override IReadOnlyList<string> Reports => [name];

    public override object DependsOn(RunSettings settings) => new
    {
        Method = settings.Method.Row.Name,
        settings.Optimizer,
        Numerical = TrainingState.Describe(training.Numerical(settings)),
        Steps = training.Steps(settings),
        Rollouts = training.Curve is null ? null : LearningCurvePlan.DependsOn(settings),
    };

    public override IReadOnlyList<string> Leaves(StageFiles files) =>
        [.. training.Curve is { } curve ? (string[])[.. curve.Kept(files), files.LearningCurveState] : [], training.Weights(files), training.State(files)];

    public override StageProgress Progress(SeedRun seed)
    {
        long steps = training.Steps(seed.Settings);
        var progress = StageProgress.OfTraining(training.State(seed.Files), training.Weights(seed.Files), steps);
        return progress.IsDone && training.Curve is not null && !RolloutLog.IsCompleteAt(seed.Files.LearningCurveState, steps) ? new(Math.Max(0, steps - 1), steps) : progress;
    }

    public override void RequireSettings(SeedRun seed)
    {
        if (StateFile.Exists(training.State(seed.Files)))
            TrainingState.RequireSettings(training.State(seed.Files), training.Numerical(seed.Settings), seed.Settings.Seed);
    }

    public override void Run(StageWork work)
    {
        var (seed, state) = (work.Seeds[0], training.State(work.Seeds[0].Files));
        using var opened = new OpenedBatches();
        using var learning = training.Learn(work, opened);
        using var stage = new MethodTraining(name, learning, seed.Settings.Seed);
        if (StateFile.Exists(state))
            stage.LoadState(state, work.Notice);
        var curve = training.Curve is null ? null : new LearningCurve(training.Curve, work, new Learned(work, learning, training.Contend!), stage);
        StateSaving.Run(stage, work.Saving, Save, () => stage.Run(work.Trainings, cancellation: work.Cancellation), curve);

        bool Save()
        {
            if (seed.Training.Divergence is not null)
                return false;
            if (!learning.IsFinite)
                throw new TrainingDivergedException(name, stage.Step, "a weight is not a number");
            learning.SaveWeights(training.Weights(seed.Files));
            stage.SaveState(state);
            return true;
        }
    }

    // What is rolled out reads a file of weights, as it will when training is done.
    private sealed class Learned(StageWork work, MethodLearning learning, Func<StageWork, string, Contenders> contend) : IPolicyInTraining
    {
        public bool IsFinite => learning.IsFinite;

        public void Save(string path) => learning.SaveWeights(path);

        public Contenders Contend(long step)
        {
            string path = work.Seeds[0].Files.PolicyWeights;
            learning.SaveWeights(path);
            return contend(work, path);
        }
    }
}
