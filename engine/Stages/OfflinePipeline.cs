using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Data.Formats;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>The stages of a run on a dataset, in order.</summary>
public enum OfflineStage
{
    /// <summary>Stage 1: behavior pretraining.</summary>
    Behavior,

    /// <summary>The critic; an online critic has no stage of its own.</summary>
    Critic,

    /// <summary>Candidates of the behavior model and their labels.</summary>
    Label,

    /// <summary>Stage 2: policy alignment, with an online critic alternating with its training.</summary>
    Align,

    /// <summary>Rollouts.</summary>
    Evaluate,
}

/// <summary>What one stage, or several, came to.</summary>
/// <param name="Stages">The results by the names of reports; the last may be cut short.</param>
/// <param name="Scores">The scores by name, of a run of <see cref="OfflineStage.Evaluate"/>; empty elsewhere.</param>
public sealed record OfflineResult(IReadOnlyList<StageResult> Stages, IReadOnlyDictionary<string, PolicyScore> Scores)
{
    /// <summary>Whether every stage was finished.</summary>
    public bool Completed => Stages.All(stage => stage.Completed);
}

/// <summary>
/// A run on a dataset, stage by stage (method: sections 3 to 6). A stage reads what those before it left in the folder
/// of checkpoints and leaves its own there, so that each can be run by itself, at another time, and goes on where it was
/// interrupted, exactly as if there had been no break. Weights are written before the state that vouches for them.
/// </summary>
public sealed class OfflinePipeline
{
    /// <summary>The name of the sampling of a softmax critic's next actions in reports.</summary>
    public const string NextActionsStageName = "next_actions";

    private const string NewSuffix = ".new";

    private static readonly IReadOnlyDictionary<string, PolicyScore> _noScores = new Dictionary<string, PolicyScore>();

    private readonly IDevice _device;
    private readonly OfflineRun _run;
    private readonly EnvironmentKind _kind;
    private readonly StageFiles _files;
    private readonly UserLabels? _userLabels;
    private readonly QLearningView _view;
    private readonly int[] _heldOut;

    /// <summary>Prepares a run.</summary>
    /// <param name="device">The device, which outlives the pipeline.</param>
    /// <param name="run">The settings.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="kind">The environment, with its model file where it needs one.</param>
    /// <param name="files">Where the stages leave what they make.</param>
    /// <param name="userLabels">A user's annotations to align on, rather than the critic's labels; null for the latter.</param>
    /// <exception cref="InvalidSettingException">The settings do not fit each other.</exception>
    /// <exception cref="InvalidFileException">The dataset is not of the environment's sizes, or the annotations do not fit the run.</exception>
    public OfflinePipeline(IDevice device, OfflineRun run, OfflineDataset dataset, EnvironmentKind kind, StageFiles files, UserLabels? userLabels = null)
    {
        Check(run, dataset, kind, userLabels);
        (_device, _run, _kind, _files, _userLabels) = (device, run, kind, files, userLabels);
        _view = new QLearningView(dataset);
        _heldOut = HeldOutRows.Choose(_view.Count, run.HeldOut, run.Seed);
    }

    private BdmShape Shape => ShapeOf(_run, _kind);

    private bool IsOnline => _run.Critic.Method == CriticMethod.Online;

    private AlignmentSettings AlignmentSettings => AlignmentOf(_run, _userLabels);

    private CandidateSettings CandidateSettings => new() { Candidates = _run.Alignment.Candidates, Evaluations = _run.Labels.Evaluations };

    private CandidateSettings NextActionSettings => new() { Candidates = _run.Critic.Softmax.Candidates, Evaluations = _run.Labels.Evaluations };

    /// <summary>The stages that this run has: without a critic's stage where it is online, and with a user's labels neither critic nor labelling.</summary>
    public IReadOnlyList<OfflineStage> Stages => _userLabels is not null
        ? [OfflineStage.Behavior, OfflineStage.Align, OfflineStage.Evaluate]
        : [.. Enum.GetValues<OfflineStage>().Where(stage => !(IsOnline && stage == OfflineStage.Critic))];

    /// <summary>Refuses what does not go together, before anything is made or written.</summary>
    /// <param name="run">The settings.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="kind">The environment.</param>
    /// <param name="userLabels">A user's annotations; null for none.</param>
    /// <exception cref="InvalidSettingException">The settings do not fit each other.</exception>
    /// <exception cref="InvalidFileException">The dataset is not of the environment's sizes, its rewards cannot be treated, or the annotations do not fit the run.</exception>
    public static void Check(OfflineRun run, OfflineDataset dataset, EnvironmentKind kind, UserLabels? userLabels)
    {
        run.Check();
        RequireSize(FieldNames.Observations, dataset.StateSize, kind.Description.ObservationSize);
        RequireSize(FieldNames.Actions, dataset.ActionSize, kind.Description.ActionSize);
        userLabels?.Check(ShapeOf(run, kind), AlignmentOf(run, userLabels).CreateObjective());
        if (userLabels is null && run.Rewards == RewardTreatment.ReturnRange)
            RewardTreatments.Range(new QLearningView(dataset));

        void RequireSize(string field, int found, int needed)
        {
            if (found != needed)
                throw new InvalidFileException(dataset.Provenance.Path, $"{field} has {found} columns; {kind.Description.Name} has {needed}");
        }
    }

    /// <summary>Runs what is left of all stages.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="cancellation">Ends the run after the step under way, with its state saved.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">A loss or an action is no longer a number.</exception>
    public OfflineResult RunAll(ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        var results = new List<StageResult>();
        foreach (var stage in Stages)
        {
            var result = Run(stage, observer, cancellation);
            results.AddRange(result.Stages);
            if (!result.Completed || cancellation.IsCancellationRequested || stage == Stages[^1])
                return new OfflineResult(results, result.Scores);
        }

        return new OfflineResult(results, _noScores);
    }

    /// <summary>Runs what is left of one stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="cancellation">Ends the run after the step under way, with its state saved.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="UnfinishedStageException">A stage before it is not finished.</exception>
    /// <exception cref="InvalidSettingException">The run has no such stage.</exception>
    /// <exception cref="InvalidFileException">What is in the folder belongs to another run.</exception>
    /// <exception cref="TrainingDivergedException">A loss or an action is no longer a number.</exception>
    public OfflineResult Run(OfflineStage stage, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        if (!Stages.Contains(stage))
            throw new InvalidSettingException("stage", stage.ToString().ToLowerInvariant(), "one of " + string.Join(", ", Stages.Select(each => each.ToString().ToLowerInvariant())) + " for this run");
        RequireSettings();
        return stage switch
        {
            OfflineStage.Behavior => new([Pretrain(observer, cancellation)], _noScores),
            OfflineStage.Critic => new(TrainCritic(observer, cancellation), _noScores),
            OfflineStage.Label => new(Label(observer, cancellation), _noScores),
            OfflineStage.Align => new(Align(observer, cancellation), _noScores),
            _ => Evaluate(observer, cancellation),
        };
    }

    /// <summary>Refuses a folder in which a stage, whichever, was begun with other settings than the run has now.</summary>
    private void RequireSettings()
    {
        foreach (var (path, settings) in (ReadOnlySpan<(string, object)>)[(_files.BehaviorState, _run.Behavior.Numerical), (_files.CriticState, _run.Critic.Numerical), (_files.AlignmentState, AlignmentSettings.Numerical)])
        {
            if (File.Exists(path))
                TrainingState.RequireSettings(path, settings, _run.Seed);
        }

        if (_userLabels is not null)
            return;
        int labelled = LabelSelection.Count(_view.Count, _run.Labels.Fraction, _run.Labels.MostStates);
        foreach (var (path, settings, count) in (ReadOnlySpan<(string, CandidateSettings, int)>)[(_files.NextActions, NextActionSettings, _view.Count), (_files.Candidates, CandidateSettings, labelled)])
        {
            if (RowStore.Find(path) is not { } found)
                continue;
            TrainingState.RequireSettings(path, found.Identity, settings, _run.Seed);
            if (found.Count != count)
                throw new InvalidFileException(path, $"belongs to another run: it is of {found.Count} states and not {count}");
        }
    }

    private StageResult Pretrain(ITrainingObserver? observer, CancellationToken cancellation)
    {
        using var model = BottleneckDiffusionModel.Create(_device, Shape, _run.Seed);
        using var data = HeldOutRows.Remaining(_device, _view, _heldOut);
        using var training = new BehaviorPretraining(_run.Behavior, model, data, _run.Seed);
        if (File.Exists(_files.BehaviorState))
            training.LoadState(_files.BehaviorState);
        long before = training.Step;
        var result = StateSaving.Run(observer, Save, saving => training.Run(saving, cancellation: cancellation));
        if (result.Completed && result.Steps > before && HeldOutLoss.Measure(model, _view, _heldOut, _run.Seed) is { } loss)
            observer?.Progress(new TrainingProgress(result.Stage, result.Steps, result.Total, result.Seconds, [new Metric("held_out_loss", loss)]));
        return result;

        bool Save()
        {
            model.ToWeights().Save(_files.BehaviorWeights, overwrite: true);
            training.SaveState(_files.BehaviorState);
            return true;
        }
    }

    private List<StageResult> TrainCritic(ITrainingObserver? observer, CancellationToken cancellation)
    {
        var results = new List<StageResult>();
        RowStore? nextActions = null;
        try
        {
            if (_run.Critic.Method == CriticMethod.Softmax)
            {
                results.Add(SampleNextActions(out nextActions, observer, cancellation));
                if (!nextActions.IsComplete)
                    return results;
                HostMemory.GiveBack(); // the next states' copy
            }

            using var trained = new CriticInTraining(_device, _run, _view, nextActions, null);
            if (File.Exists(_files.CriticState))
                trained.Training.LoadState(_files.CriticState);
            results.Add(StateSaving.Run(observer, Save, saving => trained.Training.Run(saving, cancellation: cancellation)));
            return results;

            bool Save()
            {
                trained.SaveWeights(_files);
                trained.Training.SaveState(_files.CriticState);
                return true;
            }
        }
        finally
        {
            nextActions?.Dispose();
        }
    }

    private StageResult SampleNextActions(out RowStore nextActions, ITrainingObserver? observer, CancellationToken cancellation)
    {
        using var behavior = FinishedBehavior();
        var sampling = new CandidateSampling(NextActionSettings, behavior, _view.NextStates(), _run.Seed, RandomStage.Critic);
        nextActions = sampling.OpenFile(_files.NextActions);
        var sampled = sampling.Run(nextActions, observer is null ? null : new RenamedStage(observer, NextActionsStageName), cancellation);
        return sampled with { Stage = NextActionsStageName };
    }

    private List<StageResult> Label(ITrainingObserver? observer, CancellationToken cancellation)
    {
        using var behavior = FinishedBehavior();
        using var critic = IsOnline ? null : FinishedCritic();
        float[] states = LabelledStates();
        var sampling = Sampling(behavior, states);
        using var candidates = sampling.OpenFile(_files.Candidates);
        var results = new List<StageResult> { sampling.Run(candidates, observer, cancellation) };
        if (critic is null || !candidates.IsComplete)
            return results;
        var labelling = new CandidateLabelling(critic, states, candidates);
        using var labels = labelling.OpenFile(_files.Labels);
        results.Add(labelling.Run(labels, observer, cancellation));
        return results;
    }

    private List<StageResult> Align(ITrainingObserver? observer, CancellationToken cancellation)
    {
        using var behavior = FinishedBehavior();
        using var policy = behavior.Copy();
        if (_userLabels is not null)
        {
            using var annotated = _userLabels.ToDataset(_device);
            return [Align(policy, behavior, annotated, observer, cancellation)];
        }

        float[] states = LabelledStates();
        using var candidates = Sampling(behavior, states).OpenFile(_files.Candidates);
        Require(candidates);
        if (IsOnline)
            return Alternate(policy, behavior, states, candidates, observer, cancellation);
        using var critic = FinishedCritic();
        using var labels = new CandidateLabelling(critic, states, candidates).OpenFile(_files.Labels);
        Require(labels);
        using var batches = new CandidateBatches(_device, states, _view.StateSize, candidates, labels);
        return [Align(policy, behavior, batches, observer, cancellation)];
    }

    private StageResult Align(BottleneckDiffusionModel policy, BottleneckDiffusionModel behavior, IAlignmentBatches batches, ITrainingObserver? observer, CancellationToken cancellation)
    {
        using var alignment = new PolicyAlignment(AlignmentSettings, policy, behavior, batches, _run.Seed);
        if (File.Exists(_files.AlignmentState))
            alignment.LoadState(_files.AlignmentState);
        return StateSaving.Run(observer, Save, saving => alignment.Run(saving, cancellation: cancellation));

        bool Save()
        {
            policy.ToWeights().Save(_files.PolicyWeights, overwrite: true);
            alignment.SaveState(_files.AlignmentState);
            return true;
        }
    }

    /// <summary>An online critic and the policy it samples from, step by step.</summary>
    private List<StageResult> Alternate(
        BottleneckDiffusionModel policy,
        BottleneckDiffusionModel behavior,
        float[] states,
        RowStore candidates,
        ITrainingObserver? observer,
        CancellationToken cancellation)
    {
        using var trained = new CriticInTraining(_device, _run, _view, null, policy);
        using var batches = new CandidateBatches(states, candidates, trained.Critic);
        using var alignment = new PolicyAlignment(AlignmentSettings, policy, behavior, batches, _run.Seed);
        if (File.Exists(_files.CriticState) && File.Exists(_files.AlignmentState))
        {
            trained.Training.LoadState(_files.CriticState);
            alignment.LoadState(_files.AlignmentState);
            if (trained.Training.Step != alignment.Step)
                throw new InvalidFileException(_files.CriticState, $"is {trained.Training.Step} steps old where the alignment's is {alignment.Step}; the two go together");
        }

        var online = new OnlineTraining(trained.Training, alignment);
        var (critic, aligned) = StateSaving.Run(observer, Save, saving => online.Run(saving, cancellation: cancellation));
        return [critic, aligned];

        bool Save()
        {
            // Within a report the critic may be a step ahead: such a pair is not to be gone on from.
            if (trained.Training.Step != alignment.Step)
                return false;
            trained.SaveWeights(_files);
            policy.ToWeights().Save(_files.PolicyWeights, overwrite: true);

            // Neither state takes its place before both are on disk.
            string critic = _files.CriticState + NewSuffix, aligned = _files.AlignmentState + NewSuffix;
            try
            {
                trained.Training.SaveState(critic);
                alignment.SaveState(aligned);
                File.Move(critic, _files.CriticState, overwrite: true);
                File.Move(aligned, _files.AlignmentState, overwrite: true);
            }
            finally
            {
                File.Delete(critic);
                File.Delete(aligned);
            }

            return true;
        }
    }

    private OfflineResult Evaluate(ITrainingObserver? observer, CancellationToken cancellation)
    {
        using var behavior = Model(_files.BehaviorWeights);
        using var policy = Model(_files.PolicyWeights);
        using var critic = SavedCritic();
        using var implicitPolicy = File.Exists(_files.ImplicitPolicyWeights) ? DeterministicPolicy.FromWeights(_device, DeterministicPolicyWeights.Load(_files.ImplicitPolicyWeights)) : null;
        if (behavior is null && implicitPolicy is null)
            throw new UnfinishedStageException(OfflineStage.Behavior, 0, _run.Behavior.Steps);
        var (stage, scores) = OfflineEvaluation.Run(_kind, _run, new RolloutModels(behavior, policy, critic, implicitPolicy), observer, cancellation);
        return new OfflineResult([stage], scores);
    }

    private float[] LabelledStates()
    {
        int[] chosen = LabelSelection.Choose(_view.Count, _run.Labels.Fraction, _run.Seed, _run.Labels.MostStates);
        var states = new float[(long)chosen.Length * _view.StateSize];
        for (int i = 0; i < chosen.Length; i++)
            _view.State(chosen[i]).CopyTo(states.AsSpan(i * _view.StateSize));
        return states;
    }

    private CandidateSampling Sampling(BottleneckDiffusionModel behavior, float[] states) =>
        new(CandidateSettings, behavior, states, _run.Seed);

    private BottleneckDiffusionModel? Model(string path) => File.Exists(path) ? BottleneckDiffusionModel.FromWeights(_device, BdmWeights.Load(path)) : null;

    private BottleneckDiffusionModel FinishedBehavior()
    {
        RequireFinished(OfflineStage.Behavior, _files.BehaviorState, _run.Behavior.Steps);
        return Model(_files.BehaviorWeights) ?? throw new UnfinishedStageException(OfflineStage.Behavior, 0, _run.Behavior.Steps);
    }

    private Critic FinishedCritic()
    {
        RequireFinished(OfflineStage.Critic, _files.CriticState, _run.Critic.Steps);
        return SavedCritic() ?? throw new UnfinishedStageException(OfflineStage.Critic, 0, _run.Critic.Steps);
    }

    private Critic? SavedCritic()
    {
        if (!File.Exists(_files.CriticWeights))
            return null;
        var critic = Critic.FromWeights(_device, CriticWeights.Load(_files.CriticWeights, _view.StateSize));
        critic.ClipsActions = _run.Critic.ClipsActions;
        return critic;
    }

    private static void RequireFinished(OfflineStage stage, string state, long total)
    {
        long done = File.Exists(state) ? TrainingState.StepOf(state) : 0;
        if (done < total)
            throw new UnfinishedStageException(stage, done, total);
    }

    private static void Require(RowStore rows)
    {
        if (!rows.IsComplete)
            throw new UnfinishedStageException(OfflineStage.Label, rows.Completed, rows.Count);
    }

    private static BdmShape ShapeOf(OfflineRun run, EnvironmentKind kind) =>
        run.CreateShape(kind.Description.ObservationSize, kind.Description.ActionSize);

    /// <summary>A user's annotations bring their own number of candidates.</summary>
    private static AlignmentSettings AlignmentOf(OfflineRun run, UserLabels? userLabels) =>
        userLabels is null ? run.Alignment : run.Alignment with { Candidates = userLabels.CandidateCount };
}
