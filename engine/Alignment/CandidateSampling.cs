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

    /// <summary>The key of an identity that says among how many states a share of them is numbered.</summary>
    internal const string NumberedKey = "numbered";

    /// <summary>Actions sampled at once: enough to fill a device, and seconds of a processor's work.</summary>
    private const int ActionsAtOnce = 4096;

    /// <summary>States at once, however many candidates they have.</summary>
    private const int LeastStates = 64;

    /// <summary>
    /// Candidates of a state that are drawn together, the paper's K: candidate 16 b + k draws as candidate k of 16 in step b
    /// of the stream, so that the first of many are those of few.
    /// </summary>
    private const int BlockSize = 16;

    private readonly CandidateSettings _settings;
    private readonly IActionSampler _behavior;
    private readonly ReadOnlyMemory<float> _states;
    private readonly RandomDraw _draw;
    private readonly StateNumbers? _numbers;

    /// <summary>Prepares the stage.</summary>
    /// <param name="settings">How it is done.</param>
    /// <param name="behavior">The frozen behavior.</param>
    /// <param name="states">The states [N×S], kept.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stage">
    /// What the actions are for: <see cref="RandomStage.Label"/> for candidates of the dataset's states,
    /// <see cref="RandomStage.Critic"/> for the next states of a softmax critic, so that the two differ in their noise.
    /// </param>
    /// <param name="numbers">The states' numbers in the stream, where they are a share of those that could be sampled; null for 0 … N − 1.</param>
    /// <exception cref="ArgumentException">The states are not rows of the model's, or are not numbered one by one.</exception>
    public CandidateSampling(
        CandidateSettings settings, BottleneckDiffusionModel behavior, ReadOnlyMemory<float> states, ulong seed, RandomStage stage = RandomStage.Label, StateNumbers? numbers = null)
        : this(settings, new DiffusionSampler(behavior, DpmSolver.Singlestep(behavior.Schedule, settings.Evaluations, 2)), states, seed, stage, numbers)
    {
    }

    /// <summary>Prepares the stage for a behavior of any kind.</summary>
    /// <param name="settings">How it is done; what samples looks at its evaluations, or does not.</param>
    /// <param name="behavior">The frozen behavior.</param>
    /// <param name="states">The states [N×S], kept.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stage">What the actions are for.</param>
    /// <param name="numbers">The states' numbers in the stream; null for 0 … N − 1.</param>
    /// <exception cref="ArgumentException">The states are not rows of the behavior's, or are not numbered one by one.</exception>
    public CandidateSampling(
        CandidateSettings settings, IActionSampler behavior, ReadOnlyMemory<float> states, ulong seed, RandomStage stage = RandomStage.Label, StateNumbers? numbers = null)
    {
        int stateSize = behavior.StateSize;
        if (stateSize == 0 || states.Length == 0 || states.Length % stateSize != 0)
            throw new ArgumentException($"{states.Length} numbers are not rows of {stateSize}", nameof(states));
        (_settings, _behavior, _states, _numbers) = (settings, behavior, states, numbers);
        _draw = new RandomDraw(seed, stage, 0);
        Count = states.Length / stateSize;
        if (numbers is not null && numbers.Numbers.Length != Count)
            throw new ArgumentException($"{numbers.Numbers.Length} numbers for {Count} states", nameof(numbers));
        var identity = TrainingState.On(new()
        {
            ["rows"] = "candidates",
            [TrainingState.SeedKey] = seed.ToString(CultureInfo.InvariantCulture),
            ["stage"] = stage.ToString(),
            ["states"] = Fingerprint.Of(states.Span),
            ["behavior"] = behavior.Fingerprint,
            [TrainingState.SettingsKey] = TrainingState.Describe(settings),
        }, behavior.Device);

        // Up to version 0.1, K was the block: what was drawn then with another K, or for a share, was drawn otherwise.
        if (settings.Candidates != BlockSize)
            identity["drawn"] = "16 at a time";
        if (NumberedText(numbers?.Among) is { } numbered)
            identity[NumberedKey] = numbered;
        Identity = identity;
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>What the actions are made from; a store in a file carries it, see <see cref="OpenFile"/>.</summary>
    public IReadOnlyDictionary<string, string> Identity { get; }

    /// <summary>What an identity says of the states' numbers; null where they are 0 … N − 1.</summary>
    internal static string? NumberedText(int? among) => among is null ? null : string.Create(CultureInfo.InvariantCulture, $"among {among}");

    /// <summary>An empty store in memory for the actions [N×K×A].</summary>
    /// <returns>The store, owned by the caller.</returns>
    public RowStore InMemory() => RowStore.InMemory(Count, _settings.Candidates, _behavior.ActionSize);

    /// <summary>A store in a file for the actions [N×K×A], made if missing, else as an earlier run left it.</summary>
    /// <param name="path">The .npy file.</param>
    /// <returns>The store, owned by the caller.</returns>
    /// <exception cref="InvalidFileException">A file of that name holds something else.</exception>
    /// <exception cref="IOException">The file cannot be made or opened.</exception>
    public RowStore OpenFile(string path) => RowStore.OpenFile(path, Identity, Count, _settings.Candidates, _behavior.ActionSize);

    /// <summary>Appends what the store still lacks. Reports have <c>actions_per_second</c>.</summary>
    /// <param name="store">A store of this stage's making.</param>
    /// <param name="observer">Follows the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the states under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="ArgumentException">The store is of other sizes.</exception>
    /// <exception cref="TrainingDivergedException">An action is not a number: the behavior model is of no use.</exception>
    public StageResult Run(RowStore store, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        (int stateSize, int actionSize, int k) = (_behavior.StateSize, _behavior.ActionSize, _settings.Candidates);
        if (store.Count != Count || !store.RowShape.SequenceEqual([k, actionSize]))
            throw new ArgumentException($"a store of {store.Count}×{string.Join("×", store.RowShape)} where {Count}×{k}×{actionSize} is needed", nameof(store));
        var watch = Stopwatch.StartNew();
        observer?.StageStarted(StageName, store.Completed, Count);

        int part = Math.Max(ActionsAtOnce / k, LeastStates), begun = store.Completed;
        var actions = new float[part * store.RowLength];
        using var block = new Block(_behavior.Device, part, stateSize, Math.Min(k, BlockSize) * actionSize, _numbers is not null);
        while (!store.IsComplete && !cancellation.IsCancellationRequested)
        {
            int first = store.Completed, count = Math.Min(part, Count - first);
            var rows = actions.AsSpan(0, count * store.RowLength);
            if (!Sample(block, first, count, rows, cancellation))
                break;
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

    // All candidates of some states, block by block; false where it was cancelled between two.
    private bool Sample(Block block, int first, int count, Span<float> rows, CancellationToken cancellation)
    {
        (int stateSize, int actionSize, int k) = (_behavior.StateSize, _behavior.ActionSize, _settings.Candidates);
        int rowLength = k * actionSize;
        block.States.CopyFrom(_states.Span.Slice(first * stateSize, count * stateSize));
        if (_numbers is not null)
            block.Numbers!.CopyFrom(_numbers.Numbers.Span.Slice(first, count));
        for (int taken = 0; taken < k; taken += BlockSize)
        {
            if (taken > 0 && cancellation.IsCancellationRequested)
                return false;
            int candidates = Math.Min(BlockSize, k - taken), length = candidates * actionSize;
            _behavior.Sample(new()
            {
                States = block.States,
                StateCount = count,
                CandidateCount = candidates,
                Draw = _draw with { Step = (uint)(taken / BlockSize), FirstElement = _numbers is null ? (ulong)first * BlockSize * (ulong)actionSize : 0 },
                Stride = BlockSize,
                Numbers = block.Numbers,
                Actions = block.Actions,
            });
            var sampled = k <= BlockSize ? rows : block.Sampled.AsSpan(0, count * length);
            block.Actions.CopyTo(sampled);
            for (int row = 0; k > BlockSize && row < count; row++)
                sampled.Slice(row * length, length).CopyTo(rows[((row * rowLength) + (taken * actionSize))..]);
        }

        return true;
    }

    /// <summary>What a block of candidates of some states is sampled in.</summary>
    private sealed class Block(IDevice device, int states, int stateSize, int length, bool isNumbered) : IDisposable
    {
        public DeviceArray<float> States { get; } = device.Allocate<float>((long)states * stateSize);

        public DeviceArray<float> Actions { get; } = device.Allocate<float>((long)states * length);

        public DeviceArray<int>? Numbers { get; } = isNumbered ? device.Allocate<int>(states) : null;

        public float[] Sampled { get; } = new float[states * length];

        public void Dispose()
        {
            States.Dispose();
            Actions.Dispose();
            Numbers?.Dispose();
        }
    }
}
