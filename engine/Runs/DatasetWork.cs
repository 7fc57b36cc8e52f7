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
        IsOpen = dataset is not null;
        _view = new(() => new QLearningView(dataset ?? throw new InvalidOperationException("the run's dataset was not opened")));
        _heldOut = new(() => HeldOutRows.Choose(View.Count, settings.HeldOut, settings.Seed));
        _seed = settings.Seed;
    }

    /// <summary>Whether there is a dataset: a run that is only planned has none.</summary>
    public bool IsOpen { get; }

    /// <summary>The dataset.</summary>
    public OfflineDataset Dataset => View.Dataset;

    /// <summary>The transitions.</summary>
    public QLearningView View => _view.Value;

    /// <summary>The pairs of pretraining, on a device.</summary>
    public BehaviorDataset Pairs(IDevice device) => HeldOutRows.Remaining(device, View, _heldOut.Value);

    /// <summary>A name for those pairs, by which a saved state knows them again.</summary>
    public string PairsFingerprint => $"{Fingerprint.Of(View.Actions(), View.States())} less {_heldOut.Value.Length}";

    /// <summary>The transitions whose pairs pretraining sees, ascending.</summary>
    public int[] TrainedRows => [.. Enumerable.Range(0, View.Count).Except(_heldOut.Value)];

    /// <summary>A model's loss on the pairs that are kept back; null where there are none.</summary>
    public double? HeldOutLossOf(BottleneckDiffusionModel model) => HeldOutLoss.Measure(model, View, _heldOut.Value, _seed);

    /// <summary>How many states are labelled.</summary>
    public int LabelledCount(RunSettings settings) => LabelSelection.Count(View.Count, settings.Labels.Fraction, settings.Labels.MostStates);

    /// <summary>The states that are labelled [N×S].</summary>
    public float[] LabelledStates(RunSettings settings) => StatesOf(LabelledRows(settings));

    /// <summary>The transitions whose states those are, ascending; fewer are a part of more.</summary>
    public int[] LabelledRows(RunSettings settings) => LabelSelection.Choose(View.Count, settings.Labels.Fraction, settings.Seed, settings.Labels.MostStates);

    /// <summary>Some states [N×S].</summary>
    public float[] StatesOf(int[] rows)
    {
        var states = HostMemory.Allocate<float>((long)rows.Length * View.StateSize, "the labelled states");
        for (int i = 0; i < rows.Length; i++)
            View.State(rows[i]).CopyTo(states.AsSpan(i * View.StateSize));
        return states;
    }

    /// <summary>The candidates that are labelled, and their labels.</summary>
    public CandidateFiles Candidates(RunSettings settings, StageFiles files) => new(this, settings, files);

    /// <summary>Opens the next actions that a softmax critic backs up from: the first K of what the file holds.</summary>
    /// <returns>The actions [N×K×A], owned by the caller, and what appends those that are missing.</returns>
    public (RowStore Actions, CandidateSampling Sampling) OpenNextActions(RunSettings settings, IActionSampler behavior, string path)
    {
        var own = NextActionSettings(settings);
        var states = View.NextStates();
        var sampling = Sampling(own);
        if (RowStore.Find(path) is not { IsComplete: true } found || found.RowShape[0] <= own.Candidates)
            return (sampling.OpenFile(path), sampling);
        return (new RowStoreView(Sampling(own with { Candidates = found.RowShape[0] }).OpenFile(path), null, own.Candidates), sampling);

        CandidateSampling Sampling(CandidateSettings how) => new(how, behavior, states, settings.Seed, RandomStage.Critic);
    }

    /// <summary>Refuses next actions in a folder that were sampled with other settings, or of other states.</summary>
    public void RequireNextActions(SeedRun seed)
    {
        if (RowStore.Find(seed.Files.NextActions) is not { } found)
            return;
        var own = NextActionSettings(seed.Settings);
        int candidates = found.IsComplete ? Math.Max(own.Candidates, found.RowShape[0]) : own.Candidates;
        TrainingState.RequireSettings(seed.Files.NextActions, found.Identity, own with { Candidates = candidates }, seed.Settings.Seed);
        if (found.Count != View.Count)
            throw new InvalidFileException(seed.Files.NextActions, $"belongs to another run: it is of {found.Count} states and not {View.Count}");
    }

    private static CandidateSettings NextActionSettings(RunSettings settings) => new() { Candidates = settings.Critic.Softmax.Candidates, Evaluations = settings.Labels.Evaluations };
}
