using System.Diagnostics;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>Labels candidates with the critic's min-of-twins target network (method: section 5).</summary>
public sealed class CandidateLabelling
{
    /// <summary>The stage's name in reports; its steps are states.</summary>
    public const string StageName = "label";

    /// <summary>Candidates labelled at once.</summary>
    private const int CandidatesAtOnce = 1 << 16;

    private readonly Critic _critic;
    private readonly ReadOnlyMemory<float> _states;
    private readonly RowStore _candidates;

    /// <summary>Prepares the stage.</summary>
    /// <param name="critic">The critic.</param>
    /// <param name="states">The states [N×S], kept.</param>
    /// <param name="candidates">The candidates [N×K×A], complete; kept and not disposed.</param>
    /// <exception cref="ArgumentException">States and candidates do not go with the critic or with each other.</exception>
    public CandidateLabelling(Critic critic, ReadOnlyMemory<float> states, RowStore candidates)
    {
        if (candidates.RowShape.Count != 2 || candidates.RowShape[1] != critic.Shape.ActionSize || !candidates.IsComplete)
            throw new ArgumentException($"{candidates.Completed} rows of {string.Join("×", candidates.RowShape)} where {candidates.Count} of K×{critic.Shape.ActionSize} are needed", nameof(candidates));
        if (states.Length != (long)candidates.Count * critic.Shape.StateSize)
            throw new ArgumentException($"{states.Length} numbers are not {candidates.Count} rows of {critic.Shape.StateSize}", nameof(states));
        (_critic, _states, _candidates) = (critic, states, candidates);
        var identity = new Dictionary<string, string>
        {
            ["rows"] = "labels",
            ["states"] = Fingerprint.Of(states.Span),
            ["candidates"] = candidates.Fingerprint(),
            ["critic"] = Fingerprint.Of(critic.Target.ToArray()),
        };
        if (critic.ClipsActions)
            identity["actions"] = "clipped";
        Identity = identity;
    }

    /// <summary>What the labels are made from; a store in a file carries it, see <see cref="OpenFile"/>.</summary>
    public IReadOnlyDictionary<string, string> Identity { get; }

    /// <summary>An empty store in memory for the labels [N×K].</summary>
    /// <returns>The store, owned by the caller.</returns>
    public RowStore InMemory() => RowStore.InMemory(_candidates.Count, _candidates.RowShape[0]);

    /// <summary>A store in a file for the labels [N×K], made if missing, else as an earlier run left it.</summary>
    /// <param name="path">The .npy file.</param>
    /// <returns>The store, owned by the caller.</returns>
    /// <exception cref="InvalidFileException">A file of that name holds something else.</exception>
    /// <exception cref="IOException">The file cannot be made or opened.</exception>
    public RowStore OpenFile(string path) => RowStore.OpenFile(path, Identity, _candidates.Count, _candidates.RowShape[0]);

    /// <summary>Appends what the store still lacks. Reports have <c>label_mean</c> and <c>labels_per_second</c>.</summary>
    /// <param name="store">A store of this stage's making.</param>
    /// <param name="observer">Follows the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the states under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="ArgumentException">The store is of other sizes.</exception>
    /// <exception cref="TrainingDivergedException">A label is not a number: the critic is of no use.</exception>
    public StageResult Run(RowStore store, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        int k = _candidates.RowShape[0], stateSize = _critic.Shape.StateSize, count = _candidates.Count;
        if (store.Count != count || !store.RowShape.SequenceEqual([k]))
            throw new ArgumentException($"a store of {store.Count}×{string.Join("×", store.RowShape)} where {count}×{k} is needed", nameof(store));
        var watch = Stopwatch.StartNew();
        observer?.StageStarted(StageName, store.Completed, count);
        int part = Math.Clamp(CandidatesAtOnce / k, 1, count), begun = store.Completed;
        var candidates = new float[part * _candidates.RowLength];
        var labels = new float[part * k];
        using var deviceStates = _critic.Device.Allocate<float>((long)part * stateSize);
        using var deviceCandidates = _critic.Device.Allocate<float>(candidates.Length);
        using var deviceLabels = _critic.Device.Allocate<float>(labels.Length);
        while (!store.IsComplete && !cancellation.IsCancellationRequested)
        {
            int first = store.Completed, rows = Math.Min(part, count - first);
            var found = labels.AsSpan(0, rows * k);
            _candidates.Read(first, candidates.AsSpan(0, rows * _candidates.RowLength));
            deviceStates.CopyFrom(_states.Span.Slice(first * stateSize, rows * stateSize));
            deviceCandidates.CopyFrom(candidates.AsSpan(0, rows * _candidates.RowLength));
            _critic.Label(deviceStates, deviceCandidates, rows, k, deviceLabels);
            deviceLabels.CopyTo(found);
            double total = 0;
            foreach (float label in found)
                total += label;
            if (!double.IsFinite(total))
                throw new TrainingDivergedException(StageName, first, "a label is not a number");
            store.Append(found);
            double rate = (store.Completed - begun) * (double)k / Math.Max(watch.Elapsed.TotalSeconds, 1e-9);
            store.Report(
                rows, observer, new TrainingProgress(StageName, store.Completed, count, watch.Elapsed.TotalSeconds, [new Metric("label_mean", total / found.Length), new Metric("labels_per_second", rate)]));
        }

        store.Flush();

        var result = new StageResult(StageName, store.Completed, count, watch.Elapsed.TotalSeconds, null);
        observer?.StageFinished(result);
        return result;
    }
}
