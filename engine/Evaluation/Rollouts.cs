using System.Diagnostics;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>What is rolled out; each is left out where the run has none of it.</summary>
/// <param name="Behavior">f_φ.</param>
/// <param name="Policy">f_θ.</param>
/// <param name="Critic">What candidates are rated by in rejection sampling.</param>
/// <param name="ImplicitPolicy">The critic's own policy.</param>
/// <param name="Weighted">The model trained on rows that the critic has weighed, from which the policy was aligned.</param>
public sealed record RolloutModels(
    BottleneckDiffusionModel? Behavior, BottleneckDiffusionModel? Policy, Critic? Critic, DeterministicPolicy? ImplicitPolicy, BottleneckDiffusionModel? Weighted = null);

/// <summary>Rolls the policies of a run out in its environment, one after the other, all from the same first states.</summary>
public static class Rollouts
{
    /// <summary>The stage's name in reports; its steps are those of the environment.</summary>
    public const string StageName = "evaluation";

    /// <summary>The behavior model, one sample for each state.</summary>
    public const string Behavior = "behavior";

    /// <summary>The aligned policy, one sample for each state.</summary>
    public const string Policy = "policy";

    /// <summary>The aligned policy, acting as <see cref="EvaluationSettings.Acting"/> says; left out where that is one sample.</summary>
    public const string PolicyBest = "policy_best";

    /// <summary>The model trained on weighted rows, one sample for each state.</summary>
    public const string Weighted = "weighted";

    /// <summary>The model trained on weighted rows, acting as <see cref="EvaluationSettings.Acting"/> says.</summary>
    public const string WeightedBest = "weighted_best";

    /// <summary>The aligned policy with rejection sampling.</summary>
    public const string PolicyRejecting = "policy_rejection";

    /// <summary>The behavior model with rejection sampling.</summary>
    public const string BehaviorRejecting = "behavior_rejection";

    /// <summary>The deterministic policy of implicit Q-learning.</summary>
    public const string Implicit = "iql";

    /// <summary>The mean of the policy's normalised scores along its alignment, as that stage reports it.</summary>
    public const string Score = "score";

    /// <summary>Their standard deviation over episodes.</summary>
    public const string ScoreDeviation = "score_std";

    /// <summary>The mean return along alignment.</summary>
    public const string Return = "return";

    // Environment steps from one report to the next.
    private const int ReportEvery = 10;

    /// <summary>The names of all scores, in the order they are reported.</summary>
    public static IReadOnlyList<string> Names { get; } = [Behavior, Policy, PolicyBest, Weighted, WeightedBest, PolicyRejecting, BehaviorRejecting, Implicit];

    /// <summary>The names that scores had up to version 0.1, which said 4 candidates whatever their number; written beside the new ones for one version.</summary>
    public static IReadOnlyDictionary<string, string> EarlierNames { get; } = new Dictionary<string, string> { [PolicyRejecting] = "policy_rs4", [BehaviorRejecting] = "behavior_rs4" };

    /// <summary>Rolls out everything there is.</summary>
    /// <param name="kind">The environment.</param>
    /// <param name="run">The settings.</param>
    /// <param name="models">What is rolled out.</param>
    /// <param name="observer">Follows the progress; null for none.</param>
    /// <param name="cancellation">Ends the rollouts; what was finished is returned.</param>
    /// <returns>The stage's result, and the scores by name.</returns>
    /// <exception cref="MissingLibraryException">The environment needs a library that is not there.</exception>
    /// <exception cref="TrainingDivergedException">A model's actions are no numbers.</exception>
    public static (StageResult Stage, IReadOnlyDictionary<string, PolicyScore> Scores) Run(
        EnvironmentKind kind,
        RunSettings run,
        RolloutModels models,
        ITrainingObserver? observer = null,
        CancellationToken cancellation = default) => Run(kind, run, Of(run, models), new RolloutLog(), () => { }, observer, cancellation);

    /// <summary>The same, going on from what an interrupted evaluation has written down; the log may be saved wherever <c>timed</c> is called.</summary>
    internal static (StageResult Stage, IReadOnlyDictionary<string, PolicyScore> Scores) Run(
        EnvironmentKind kind, RunSettings run, Contenders contenders, RolloutLog log, Action timed, ITrainingObserver? observer, CancellationToken cancellation)
    {
        var actors = contenders.All;
        var scores = new Dictionary<string, PolicyScore>();
        bool anew = false;
        var watch = Stopwatch.StartNew();
        long limit = kind.Description.StepLimit, total = limit * actors.Count;
        var settings = Settings(run);
        observer?.StageStarted(StageName, limit * log.Complete, total);
        try
        {
            foreach (var (name, create) in actors)
            {
                long before = limit * scores.Count;
                var taken = log.Of(name);
                bool isReported = taken.IsComplete && !anew;
                var score = Play(kind, create, settings, taken, Progress, BeginAnew, cancellation);
                scores[name] = score;
                if (isReported)
                    continue;
                string[] names = EarlierNames.TryGetValue(name, out string? earlier) ? [name, earlier] : [name];
                Report(limit * scores.Count, [.. names.SelectMany(each => (Metric[])[new(each + "_normalized_mean", score.NormalizedMean), new(each + "_return_mean", score.ReturnMean)])]);
                timed();

                // What was said of it before, and of those after it, is said again.
                void BeginAnew()
                {
                    (isReported, anew) = (false, true);
                    observer?.StageStarted(StageName, before, total);
                }

                void Progress(PolicyEvaluationProgress progress)
                {
                    timed();
                    if (progress.Step % ReportEvery == 0 && progress.Running > 0)
                        Report(before + progress.Step, []);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What was finished counts.
        }

        var result = new StageResult(StageName, limit * scores.Count, total, watch.Elapsed.TotalSeconds, null);
        if (result.Completed && contenders.Conclude is not null)
        {
            foreach (var (name, score) in contenders.Conclude(scores))
                scores[name] = score;
        }

        observer?.StageFinished(result);
        return (result, scores);

        void Report(long step, IReadOnlyList<Metric> metrics) =>
            observer?.Progress(new TrainingProgress(StageName, step, total, watch.Elapsed.TotalSeconds, metrics));
    }

    /// <summary>Rolls out a policy as it stands within its training, as a finished one is.</summary>
    /// <param name="kind">The environment.</param>
    /// <param name="run">The settings.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="log">What an interrupted rollout has written down.</param>
    /// <param name="timed">Called wherever the log may be saved.</param>
    /// <param name="cancellation">Ends the rollout.</param>
    /// <returns>The score.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal static PolicyScore RunPolicy(EnvironmentKind kind, RunSettings run, Contender policy, RolloutLog log, Action timed, CancellationToken cancellation) =>
        Play(kind, policy.Create, Settings(run), log.Of(Policy), _ => timed(), () => { }, cancellation);

    /// <summary>The policy of a run by itself as it stands within its alignment.</summary>
    /// <param name="run">The settings.</param>
    /// <param name="policy">f_θ.</param>
    /// <param name="step">The steps of alignment that it has had.</param>
    /// <returns>The policy alone.</returns>
    internal static Contenders OfPolicy(RunSettings run, BottleneckDiffusionModel policy, long step) => new(
        [new(Policy, () => new Trained(policy, PolicyAlignment.StageName, step).Name(DiffusionActor.Sampling(policy, run.Evaluation.Seed, Solver(run, policy))))],
        Identity(new RolloutModels(null, policy, null, null)));

    /// <summary>The policies that there are of some models.</summary>
    /// <param name="run">The settings.</param>
    /// <param name="models">The models.</param>
    /// <param name="owned">Disposed of with what is returned.</param>
    /// <returns>Those who are rolled out.</returns>
    internal static Contenders Of(RunSettings run, RolloutModels models, params IDisposable?[] owned) =>
        new([.. Actors(run, models)], Identity(models), owned) { Rating = Contenders.RatingBy(models.Critic), Shown = models.Behavior is null ? null : [Behavior, Weighted, Policy] };

    private static Dictionary<string, string> Identity(RolloutModels models)
    {
        return new()
        {
            ["behavior"] = Name(models.Behavior?.CloneParameters()),
            ["policy"] = Name(models.Policy?.CloneParameters()),
            ["critic"] = Name(models.Critic?.Target.ToArray()) + (models.Critic is { ClipsActions: true } ? " clipped" : string.Empty),
            ["weighted"] = Name(models.Weighted?.CloneParameters()),
            ["iql"] = Name(models.ImplicitPolicy?.ToWeights().Parameters),
        };

        static string Name(float[]? parameters) => parameters is null ? "none" : Fingerprint.Of(parameters);
    }

    private static PolicyScore Play(
        EnvironmentKind kind, Func<IActor> create, PolicyEvaluationSettings settings, ActionLog taken, Action<PolicyEvaluationProgress> progress, Action beginAnew, CancellationToken cancellation)
    {
        var actor = create();
        using var owned = actor as IDisposable;
        try
        {
            return PolicyEvaluation.Run(kind, actor, settings, taken, progress, cancellation);
        }
        catch (ReplayException)
        {
            // Written down where numbers come out differently: this one begins anew.
            taken.Clear();
            beginAnew();
            return PolicyEvaluation.Run(kind, actor, settings, taken, progress, cancellation);
        }
    }

    private static IEnumerable<Contender> Actors(RunSettings run, RolloutModels models)
    {
        var (behavior, policy, critic, implicitPolicy, weighted) = models;
        Trained? pretrained = behavior is null ? null : new(behavior, BehaviorPretraining.StageName, run.Behavior.Steps);
        Trained? aligned = policy is null ? null : new(policy, PolicyAlignment.StageName, run.Alignment.Steps);
        Trained? onData = weighted is null ? null : new(weighted, BehaviorPretraining.WeightedName, run.Weighted.Training.Steps);
        if (pretrained is not null)
            yield return new(Behavior, () => Sampling(pretrained)) { Model = pretrained.Model };
        if (aligned is not null)
            yield return new(Policy, () => Sampling(aligned)) { Model = aligned.Model };
        if (aligned is not null && ActsBest(aligned, weighted ?? behavior, out var best))
            yield return new(PolicyBest, best);
        if (onData is not null)
            yield return new(Weighted, () => Sampling(onData)) { Model = onData.Model };
        if (onData is not null && ActsBest(onData, behavior, out var weightedBest))
            yield return new(WeightedBest, weightedBest);
        if (aligned is not null && critic is not null)
            yield return new(PolicyRejecting, () => Rejecting(aligned, critic));
        if (pretrained is not null && critic is not null)
            yield return new(BehaviorRejecting, () => Rejecting(pretrained, critic));
        if (implicitPolicy is not null)
            yield return new(Implicit, () => new DeterministicActor(implicitPolicy.Device, implicitPolicy.Shape.StateSize, implicitPolicy.Shape.ActionSize, implicitPolicy.Act) { Stage = CriticTraining.StageName, TrainedSteps = run.Critic.Steps });

        DiffusionActor Sampling(Trained trained) => trained.Name(DiffusionActor.Sampling(trained.Model, run.Evaluation.Seed, Solver(run, trained.Model)));

        DiffusionActor Rejecting(Trained trained, Critic rating) =>
            trained.Name(DiffusionActor.Rejecting(trained.Model, run.Evaluation.Seed, run.Evaluation.Candidates, CandidateRatings.ByQ(rating), Solver(run, trained.Model)));

        // As the settings say, where that is not one sample and there is what one of several samples would be chosen by.
        bool ActsBest(Trained trained, BottleneckDiffusionModel? origin, out Func<IActor> create)
        {
            var acting = run.Evaluation.Acting;
            CandidateRating? rating = acting.NeedsNoRating ? null : acting.Choice switch
            {
                ActingChoice.Q => critic is null ? null : CandidateRatings.ByQ(critic),
                ActingChoice.Density => CandidateRatings.ByDensity(trained.Model),
                _ => origin is null ? null : CandidateRatings.ByGap(trained.Model, origin),
            };
            create = () => trained.Name(DiffusionActor.Acting(trained.Model, run.Evaluation.Seed, acting, rating, Solver(run, trained.Model)));
            return !acting.IsOneSample && (rating is not null || acting.NeedsNoRating);
        }
    }

    private static PolicyEvaluationSettings Settings(RunSettings run) => new() { Episodes = run.Evaluation.Episodes, Seed = run.Evaluation.Seed };

    /// <summary>The solver that a run samples with where it is measured.</summary>
    internal static SolverTable Solver(RunSettings run, BottleneckDiffusionModel model) => DpmSolver.Singlestep(model.Schedule, run.Evaluation.SolverEvaluations, 2);

    /// <summary>A model and what trained it, which its actor names where its actions are no numbers.</summary>
    private sealed record Trained(BottleneckDiffusionModel Model, string Stage, long Steps)
    {
        public DiffusionActor Name(DiffusionActor actor)
        {
            (actor.Stage, actor.TrainedSteps) = (Stage, Steps);
            return actor;
        }
    }
}
