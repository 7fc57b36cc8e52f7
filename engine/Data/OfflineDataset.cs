using EDA.Engine.Data.Formats;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>
/// Recorded transitions, as D4RL keeps them: one row per step with state, action, reward, and flags that say where
/// episodes end. Everything is float32; the successor of a row is the row below it, so nothing is held twice.
/// </summary>
public sealed class OfflineDataset
{
    /// <summary>How far beyond [-1, 1] rounding may take an action.</summary>
    public const float ActionTolerance = 1e-5f;

    private readonly Func<TransitionArrays>? _source;
    private readonly Lazy<IReadOnlyList<Episode>> _episodes;
    private readonly Lazy<string> _fingerprint;
    private TransitionArrays? _held;

    /// <summary>Makes a dataset of rows, and of what reads the same rows again; null where nothing does.</summary>
    internal OfflineDataset(TransitionArrays rows, DatasetProvenance provenance, D4rlEnvironment? environment, int episodeLimit, Func<TransitionArrays>? source = null)
    {
        (_held, _source) = (rows, source);
        (Count, StateSize, ActionSize) = (rows.Rewards.Length, rows.StateSize, rows.ActionSize);
        Provenance = provenance;
        Environment = environment;
        EpisodeLimit = episodeLimit;
        HasTimeouts = rows.Timeouts is not null;
        Timeouts = rows.Timeouts ?? EpisodeCuts.Of(rows.Terminals, episodeLimit);
        _episodes = new(SplitEpisodes);
        _fingerprint = new(TakeFingerprint);
    }

    /// <summary>The number of rows, N; at least 2.</summary>
    public int Count { get; }

    /// <summary>S.</summary>
    public int StateSize { get; }

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>The states [N×S]; D4RL's observations.</summary>
    public ReadOnlySpan<float> States => Rows.States;

    /// <summary>The actions [N×A], in [-1, 1] up to rounding.</summary>
    public ReadOnlySpan<float> Actions => Rows.Actions;

    /// <summary>The rewards [N], as they are in the file.</summary>
    public ReadOnlySpan<float> Rewards => Rows.Rewards;

    /// <summary>Whether the step led to a terminal state [N].</summary>
    public ReadOnlySpan<bool> Terminals => Rows.Terminals;

    /// <summary>Whether an episode was broken off after the step [N]: the file's flags, or cuts at the limit.</summary>
    public ReadOnlyMemory<bool> Timeouts { get; }

    /// <summary>Whether the file has timeouts; if not they are cuts every <see cref="EpisodeLimit"/> rows.</summary>
    public bool HasTimeouts { get; }

    /// <summary>The longest episode of the environment, in steps.</summary>
    public int EpisodeLimit { get; }

    /// <summary>The environment; null where neither the caller nor the file says which.</summary>
    public D4rlEnvironment? Environment { get; }

    /// <summary>Where the data came from.</summary>
    public DatasetProvenance Provenance { get; }

    /// <summary>A short name for the rows, by which a saved state of training knows its data again, in whatever file they are.</summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>Whether the rows are in memory, rather than to be read again when they are next asked for.</summary>
    public bool IsHeld => _held is not null;

    /// <summary>The episodes in the order of their rows.</summary>
    public IReadOnlyList<Episode> Episodes => _episodes.Value;

    /// <summary>Reads a file: D4RL's HDF5, Minari's HDF5, NPZ or CSV (docs/data.md).</summary>
    /// <param name="path">The file.</param>
    /// <param name="environment">The environment it is from; null lets the file or its name say.</param>
    /// <param name="episodeLimit">The longest episode, in steps, where it is of no environment of D4RL's; null for 1000. Only a file without timeouts is cut there.</param>
    /// <param name="trustsOrder">Whether rows are taken to follow each other where the file's next_observations say otherwise.</param>
    /// <returns>The dataset, whole and checked.</returns>
    /// <exception cref="InvalidFileException">The file is none of these, a field is missing, misshapen or holds what it must not, or the rows do not follow each other.</exception>
    /// <exception cref="MissingLibraryException">The file is HDF5 and the HDF5 library is missing.</exception>
    public static OfflineDataset Load(string path, D4rlEnvironment? environment = null, int? episodeLimit = null, bool trustsOrder = false) =>
        DatasetReading.Load(path, environment, episodeLimit, trustsOrder);

    /// <summary>Makes a dataset of arrays, with the same checks as a file's.</summary>
    /// <param name="states">The states [N×S]; not copied.</param>
    /// <param name="stateSize">S.</param>
    /// <param name="actions">The actions [N×A]; not copied.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="rewards">The rewards [N]; not copied.</param>
    /// <param name="terminals">The terminal rows [N]; not copied.</param>
    /// <param name="timeouts">The timeouts [N]; null cuts at the limit.</param>
    /// <param name="provenance">Where they came from.</param>
    /// <param name="episodeLimit">The longest episode, in steps.</param>
    /// <param name="environment">The environment, if it is one of D4RL's.</param>
    /// <returns>The dataset.</returns>
    /// <exception cref="ArgumentException">The arrays do not have one row per step.</exception>
    /// <exception cref="InvalidFileException">A number is not finite, or an action outside [-1, 1].</exception>
    public static OfflineDataset Create(
        float[] states,
        int stateSize,
        float[] actions,
        int actionSize,
        float[] rewards,
        bool[] terminals,
        bool[]? timeouts,
        DatasetProvenance provenance,
        int episodeLimit = D4rlEnvironment.UsualEpisodeLimit,
        D4rlEnvironment? environment = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stateSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(actionSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(episodeLimit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rewards.Length, 2);
        if (states.Length != (long)rewards.Length * stateSize || actions.Length != (long)rewards.Length * actionSize)
            throw new ArgumentException($"{states.Length} and {actions.Length} numbers are not {rewards.Length} states of {stateSize} and actions of {actionSize}");
        if (terminals.Length != rewards.Length || (timeouts ?? terminals).Length != rewards.Length)
            throw new ArgumentException($"terminals and timeouts are not {rewards.Length} flags each");
        var rows = new TransitionArrays(states, stateSize, actions, actionSize, rewards, terminals, timeouts);
        DatasetChecks.Check(rows, DatasetChecks.Place, new DatasetProblems(provenance.Path));
        return new OfflineDataset(rows, provenance, environment, episodeLimit);
    }

    // Read again where they were given back.
    private TransitionArrays Rows => _held ??= _source!();

    /// <summary>
    /// Gives the memory of the rows back where they can be read again from their file, as happens when they are next
    /// asked for: a million rows are on a device already, and need not be here too while it trains on them. Rows without a
    /// file stay.
    /// </summary>
    public void Release()
    {
        if (_source is null || _held is null)
            return;
        _ = Fingerprint;
        _held = null;
        HostMemory.GiveBack();
    }

    private string TakeFingerprint()
    {
        var timeouts = Timeouts.Span;
        var flags = new float[Count];
        for (int row = 0; row < flags.Length; row++)
            flags[row] = (Rows.Terminals[row] ? 1 : 0) + (timeouts[row] ? 2 : 0);
        return $"{Checkpoints.Fingerprint.Of(Rows.States, Rows.Actions, Rows.Rewards)} {Checkpoints.Fingerprint.Of(flags)}";
    }

    private List<Episode> SplitEpisodes()
    {
        var episodes = new List<Episode>();
        var timeouts = Timeouts.Span;
        int first = 0;
        double sum = 0;
        for (int row = 0; row < Count; row++)
        {
            sum += Rows.Rewards[row];
            bool ends = Rows.Terminals[row] || timeouts[row];
            if (!ends && row < Count - 1)
                continue;
            var end = Rows.Terminals[row] ? EpisodeEnd.Terminal : ends ? EpisodeEnd.Timeout : EpisodeEnd.Unfinished;
            episodes.Add(new Episode(first, row + 1 - first, sum, end));
            (first, sum) = (row + 1, 0);
        }

        return episodes;
    }
}
