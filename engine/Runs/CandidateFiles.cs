using System.Globalization;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;

namespace EDA.Engine.Runs;

/// <summary>
/// The candidates that a run aligns on, and their labels, in the files of its folder. These may hold more: more candidates
/// of each state, of which it takes the first, and more states, of which its own are a part. Since no candidate depends on
/// how many there are, it comes to the same bits as on files of its own.
/// </summary>
/// <param name="data">The data.</param>
/// <param name="settings">The run's settings.</param>
/// <param name="files">Its files.</param>
internal sealed class CandidateFiles(DatasetWork data, RunSettings settings, StageFiles files)
{
    private float[]? _states;

    /// <summary>The states [N×S].</summary>
    public float[] States => _states ??= data.LabelledStates(settings);

    /// <summary>Refuses candidates in the folder that were sampled with other settings, or of states that do not contain the run's.</summary>
    public void Require()
    {
        if (RowStore.Find(files.Candidates) is not { } found)
            return;
        var own = Own;
        int candidates = found.RowShape[0];
        TrainingState.RequireSettings(files.Candidates, found.Identity, SettingsOf(Math.Max(candidates, own.Candidates)), settings.Seed);
        if (found.Count < own.States || found.Count > Among || found.Identity.GetValueOrDefault(CandidateSampling.NumberedKey) != CandidateSampling.NumberedText(found.Count == Among ? null : Among))
            throw new InvalidFileException(files.Candidates, string.Create(CultureInfo.InvariantCulture, $"belongs to another run: it is of {found.Count} states and not {own.States}"));
        if (SizeOf(found) != own)
            RequireComplete(files.Candidates, found);
    }

    /// <summary>Opens the run's candidates; makes their file where there is none.</summary>
    /// <param name="behavior">What samples them.</param>
    /// <returns>The candidates [N×K×A], owned by the caller, and what appends those that are missing.</returns>
    public (RowStore Candidates, CandidateSampling Sampling) OpenCandidates(BottleneckDiffusionModel behavior)
    {
        var sampling = SamplingOf(behavior, Own);
        return (OpenCandidates(behavior, Own, sampling), sampling);
    }

    /// <summary>Opens the labels of the run's candidates; makes their file where there is none.</summary>
    /// <param name="behavior">What sampled the candidates.</param>
    /// <param name="critic">What labels them.</param>
    /// <param name="candidates">The run's candidates, complete.</param>
    /// <returns>The labels [N×K], owned by the caller, and what appends those that are missing.</returns>
    public (RowStore Labels, CandidateLabelling Labelling) OpenLabels(BottleneckDiffusionModel behavior, Critic critic, RowStore candidates)
    {
        var labelling = new CandidateLabelling(critic, States, candidates);
        if (RowStore.Find(files.Labels) is not { } found || !SizeOf(found).Contains(Own) || SizeOf(found) == Own || RowStore.Find(files.Candidates) is not { } all || !SizeOf(all).Contains(SizeOf(found)))
            return (labelling.OpenFile(files.Labels), labelling);
        RequireComplete(files.Labels, found);
        using var labelled = OpenCandidates(behavior, SizeOf(found), null);
        return (PartOf(new CandidateLabelling(critic, data.StatesOf(RowsOf(found.Count)), labelled).OpenFile(files.Labels), SizeOf(found), Own), labelling);
    }

    private Size Own => new(data.LabelledCount(settings), settings.Candidates);

    // What the states would be numbered among if all were labelled.
    private int Among => LabelSelection.Count(data.View.Count, 1, settings.Labels.MostStates);

    private RowStore OpenCandidates(BottleneckDiffusionModel behavior, Size size, CandidateSampling? sampling)
    {
        if (RowStore.Find(files.Candidates) is not { } found || SizeOf(found) == size || !SizeOf(found).Contains(size) || found.Count > Among)
            return (sampling ?? SamplingOf(behavior, size)).OpenFile(files.Candidates);
        RequireComplete(files.Candidates, found);
        return PartOf(SamplingOf(behavior, SizeOf(found)).OpenFile(files.Candidates), SizeOf(found), size);
    }

    private CandidateSampling SamplingOf(BottleneckDiffusionModel behavior, Size size)
    {
        int[] rows = RowsOf(size.States);
        return new CandidateSampling(SettingsOf(size.Candidates), behavior, size.States == Own.States ? States : data.StatesOf(rows), settings.Seed, numbers: StateNumbers.Of(rows, RowsOf(Among)));
    }

    private RowStoreView PartOf(RowStore store, Size all, Size part)
    {
        try
        {
            return new RowStoreView(store, StateNumbers.Of(RowsOf(part.States), RowsOf(all.States))?.Numbers.ToArray(), part.Candidates);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    private int[] RowsOf(int states) => LabelSelection.First(data.View.Count, states, settings.Seed);

    private CandidateSettings SettingsOf(int candidates) => new() { Candidates = candidates, Evaluations = settings.Labels.Evaluations };

    private static Size SizeOf(FoundRows found) => new(found.Count, found.RowShape[0]);

    private static void RequireComplete(string path, FoundRows found)
    {
        if (!found.IsComplete)
            throw new InvalidFileException(path, string.Create(CultureInfo.InvariantCulture, $"has {found.Completed} of {found.Count} states with {found.RowShape[0]} candidates each; a part of them is taken when all are there"));
    }

    private readonly record struct Size(int States, int Candidates)
    {
        public bool Contains(Size other) => States >= other.States && Candidates >= other.Candidates;
    }
}
