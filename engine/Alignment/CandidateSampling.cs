using System.Diagnostics;
using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// Draws K actions of the frozen behavior model for each state (method: section 5): the candidates to be labelled, or
/// what softmax Q-learning backs up from. The result does not depend on where the work was interrupted.
/// </summary>
public sealed class CandidateSampling
{
    /// <summary>The stage's name in reports; its steps are states.</summary>
    public const string StageName = "candidates";

    /// <summary>Actions sampled at once: enough to fill a device, and seconds of a processor's work.</summary>
    private const int ActionsAtOnce = 4096;

    private readonly CandidateSettings _settings;
    private readonly BottleneckDiffusionModel _behavior;
    private readonly ReadOnlyMemory<float> _states;
    private readonly RandomDraw _draw;
    private readonly SolverTable _solver;

    /// <summary>Prepares the stage.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="behavior">The frozen behavior.</param>
    /// <param name="states">The states [N×S], kept.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stage">
    /// What the actions are for: <see cref="RandomStage.Label"/> for candidates of the dataset's states,
    /// <see cref="RandomStage.Critic"/> for the next states of a softmax critic, so that the two differ in their noise.
    /// </param>
    /// <exception cref="ArgumentException">The states are not rows of the model's.</exception>
    public CandidateSampling(CandidateSettings settings, BottleneckDiffusionModel behavior, ReadOnlyMemory<float> states, ulong seed, RandomStage stage = RandomStage.Label)
    {
        int stateSize = behavior.Shape.StateSize;
        if (stateSize == 0 || states.Length == 0 || states.Length % stateSize != 0)
            throw new ArgumentException($"{states.Length} numbers are not rows of {stateSize}", nameof(states));
        (_settings, _behavior, _states) = (settings, behavior, states);
        _draw = new RandomDraw(seed, stage, 0);
        _solver = DpmSolver.Singlestep(behavior.Schedule, settings.Evaluations, 2);
        Count = states.Length / stateSize;
        Identity = new Dictionary<string, string>
        {
            ["rows"] = "candidates",
            [TrainingState.SeedKey] = seed.ToString(CultureInfo.InvariantCulture),
            ["stage"] = stage.ToString(),
            ["states"] = Fingerprint.Of(states.Span),
            ["behavior"] = Fingerprint.Of(behavior.CloneParameters()),
            [TrainingState.SettingsKey] = TrainingState.Describe(settings),
        };
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>What the actions are made from; a store in a file carries it, see <see cref="OpenFile"/>.</summary>
    public IReadOnlyDictionary<string, string> Identity { get; }

    /// <summary>An empty store in memory for the actions [N×K×A].</summary>
    /// <returns>The store, owned by the caller.</returns>
    public RowStore InMemory() => RowStore.InMemory(Count, _settings.Candidates, _behavior.Shape.ActionSize);

    /// <summary>A store in a file for the actions [N×K×A], made if missing, else as an earlier run left it.</summary>
    /// <param name="path">The .npy file.</param>
    /// <returns>The store, owned by the caller.</returns>
    /// <exception cref="InvalidFileException">A file of that name holds something else.</exception>
    /// <exception cref="IOException">The file cannot be made or opened.</exception>
    public RowStore OpenFile(string path) => RowStore.OpenFile(path, Identity, Count, _settings.Candidates, _behavior.Shape.ActionSize);

    /// <summary>Appends what the store still lacks. Reports have <c>actions_per_second</c>.</summary>
    /// <param name="store">A store of this stage's making.</param>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="cancellation">Ends the run after the states under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="ArgumentException">The store is of other sizes.</exception>
    /// <exception cref="TrainingDivergedException">An action is not a number: the behavior model is of no use.</exception>
    public StageResult Run(RowStore store, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        (int stateSize, int actionSize, int k) = (_behavior.Shape.StateSize, _behavior.Shape.ActionSize, _settings.Candidates);
        if (store.Count != Count || !store.RowShape.SequenceEqual([k, actionSize]))
            throw new ArgumentException($"a store of {store.Count}×{string.Join("×", store.RowShape)} where {Count}×{k}×{actionSize} is needed", nameof(store));
        var watch = Stopwatch.StartNew();
        observer?.StageStarted(StageName, store.Completed, Count);

        // A multiple of 4 states, so that a part begins with a whole Philox block.
        int part = Math.Max(4, ActionsAtOnce / k / 4 * 4), begun = store.Completed;
        var actions = new float[part * store.RowLength];
        using var deviceStates = _behavior.Device.Allocate<float>((long)part * stateSize);
        using var deviceActions = _behavior.Device.Allocate<float>(actions.Length);
        while (!store.IsComplete && !cancellation.IsCancellationRequested)
        {
            int first = store.Completed, count = Math.Min(part, Count - first);
            var rows = actions.AsSpan(0, count * store.RowLength);
            deviceStates.CopyFrom(_states.Span.Slice(first * stateSize, count * stateSize));
            var draw = _draw with { FirstElement = (ulong)first * (ulong)store.RowLength };
            _behavior.Operations.Sample(new()
            {
                Parameters = _behavior.Parameters,
                States = deviceStates,
                StateCount = count,
                CandidateCount = k,
                Table = _solver,
                Draw = draw,
                Actions = deviceActions,
            });
            deviceActions.CopyTo(rows);
            foreach (float action in rows)
            {
                if (!float.IsFinite(action))
                    throw new TrainingDivergedException(StageName, first, "a sampled action is not a number");
            }

            store.Append(rows);
            double rate = (store.Completed - begun) * (double)k / Math.Max(watch.Elapsed.TotalSeconds, 1e-9);
            store.Report(count, observer, new TrainingProgress(StageName, store.Completed, Count, watch.Elapsed.TotalSeconds, [new Metric("actions_per_second", rate)]));
        }

        store.Flush();

        var result = new StageResult(StageName, store.Completed, Count, watch.Elapsed.TotalSeconds, null);
        observer?.StageFinished(result);
        return result;
    }
}
