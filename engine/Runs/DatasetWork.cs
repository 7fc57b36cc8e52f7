using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>What the stages of a run on a dataset share: its transitions, and which of its states they look at.</summary>
internal sealed class DatasetWork
{
    private readonly Lazy<QLearningView> _view;
    private readonly Lazy<int[]> _heldOut;
    private readonly ulong _seed;

    public DatasetWork(RunSettings settings, OfflineDataset? dataset)
    {
        _view = new(() => new QLearningView(dataset ?? throw new InvalidOperationException("the run's dataset was not opened")));
        _heldOut = new(() => HeldOutRows.Choose(View.Count, settings.HeldOut, settings.Seed));
        _seed = settings.Seed;
    }

    /// <summary>The transitions.</summary>
    public QLearningView View => _view.Value;

    /// <summary>The pairs of pretraining, on a device.</summary>
    public BehaviorDataset Pairs(IDevice device) => HeldOutRows.Remaining(device, View, _heldOut.Value);

    /// <summary>A model's loss on the pairs that are kept back; null where there are none.</summary>
    public double? HeldOutLossOf(BottleneckDiffusionModel model) => HeldOutLoss.Measure(model, View, _heldOut.Value, _seed);

    /// <summary>How many states are labelled.</summary>
    public int LabelledCount(RunSettings settings) => LabelSelection.Count(View.Count, settings.Labels.Fraction, settings.Labels.MostStates);

    /// <summary>The states that are labelled [N×S].</summary>
    public float[] LabelledStates(RunSettings settings)
    {
        int[] chosen = LabelSelection.Choose(View.Count, settings.Labels.Fraction, settings.Seed, settings.Labels.MostStates);
        var states = HostMemory.Allocate<float>((long)chosen.Length * View.StateSize, "the labelled states");
        for (int i = 0; i < chosen.Length; i++)
            View.State(chosen[i]).CopyTo(states.AsSpan(i * View.StateSize));
        return states;
    }

    /// <summary>The sampling of the candidates that are labelled.</summary>
    public CandidateSampling Candidates(RunSettings settings, BottleneckDiffusionModel behavior, float[] states) =>
        new(CandidateSettings(settings), behavior, states, settings.Seed);

    /// <summary>The sampling of the next actions that a softmax critic backs up from.</summary>
    public CandidateSampling NextActions(RunSettings settings, BottleneckDiffusionModel behavior) =>
        new(NextActionSettings(settings), behavior, View.NextStates(), settings.Seed, RandomStage.Critic);

    /// <summary>Refuses candidates in a folder that were sampled with other settings, or of other states.</summary>
    public void RequireCandidates(SeedRun seed) => Require(seed.Files.Candidates, CandidateSettings(seed.Settings), LabelledCount(seed.Settings), seed.Settings.Seed);

    /// <summary>The same of next actions.</summary>
    public void RequireNextActions(SeedRun seed) => Require(seed.Files.NextActions, NextActionSettings(seed.Settings), View.Count, seed.Settings.Seed);

    private static void Require(string path, CandidateSettings settings, int count, ulong seed)
    {
        if (RowStore.Find(path) is not { } found)
            return;
        TrainingState.RequireSettings(path, found.Identity, settings, seed);
        if (found.Count != count)
            throw new InvalidFileException(path, $"belongs to another run: it is of {found.Count} states and not {count}");
    }

    private static CandidateSettings CandidateSettings(RunSettings settings) => new() { Candidates = settings.Alignment.Candidates, Evaluations = settings.Labels.Evaluations };

    private static CandidateSettings NextActionSettings(RunSettings settings) => new() { Candidates = settings.Critic.Softmax.Candidates, Evaluations = settings.Labels.Evaluations };
}
