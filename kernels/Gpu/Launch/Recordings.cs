namespace EDA.Kernels.Gpu;

/// <summary>Turns launches into something that can be run again as a whole, for instance a CUDA graph.</summary>
/// <typeparam name="TRecording">That thing.</typeparam>
public interface IRecorder<TRecording>
{
    /// <summary>Has launches written down instead of run.</summary>
    /// <returns>False where that cannot be had: launches run as before.</returns>
    bool TryBegin();

    /// <summary>Has launches run again. What was written down has not run.</summary>
    /// <param name="recording">What was written down.</param>
    /// <returns>False where nothing came of it.</returns>
    bool TryEnd(out TRecording recording);

    /// <summary>Runs it, after what was launched before.</summary>
    /// <param name="recording">The recording.</param>
    /// <returns>False where it does not run: nothing of it has.</returns>
    bool TryReplay(TRecording recording);

    /// <summary>Gives it back.</summary>
    /// <param name="recording">The recording, which may be under way.</param>
    void Discard(TRecording recording);
}

/// <summary>
/// Which operations are recorded, and when: the first call launches plainly, which loads whatever is loaded late, the
/// second with the same arguments is recorded, and all others are replayed. What cannot be recorded or replayed is
/// launched plainly for good. A replay allocates nothing.
/// </summary>
/// <remarks>
/// Calls are the same where the whole records of their arguments are equal, arrays by reference. The launches are made
/// from that record and from nothing else that changes, so that no array can be exchanged unseen.
/// </remarks>
/// <typeparam name="TRecording">What a recording is.</typeparam>
/// <param name="recorder">Makes and runs recordings.</param>
/// <param name="capacity">The most calls that are remembered; the one not used for longest makes room.</param>
/// <param name="check">The backend whose launches are checked before each replay, <see cref="GpuBackend.ChecksRecordings"/>; null for no check.</param>
public sealed class Recordings<TRecording>(IRecorder<TRecording> recorder, int capacity = 64, GpuBackend? check = null)
{
    // For each type of call the dictionary of its entries, so that looking one up boxes nothing.
    private readonly Dictionary<Type, object> _tables = [];
    private readonly List<Entry> _entries = [];
    private long _uses;

    private enum State
    {
        New,
        Launched,
        Recorded,
        Refused,
    }

    /// <summary>The number of recordings that can be replayed.</summary>
    public int Count => _entries.Count(entry => entry.State == State.Recorded);

    /// <summary>How many operations could not be recorded or replayed.</summary>
    public int Failures { get; private set; }

    /// <summary>As <see cref="GpuBackend.Run"/>.</summary>
    /// <typeparam name="TOwner">Whose operation.</typeparam>
    /// <typeparam name="TCall">Its arguments.</typeparam>
    /// <param name="owner">Whose operation.</param>
    /// <param name="call">What the launches depend on.</param>
    /// <param name="launches">The launches.</param>
    public void Run<TOwner, TCall>(TOwner owner, in TCall call, Launches<TOwner, TCall> launches)
        where TOwner : class
        where TCall : struct, IEquatable<TCall>
    {
        var entry = Find(owner, call);
        entry.LastUse = ++_uses;
        if (check is not null && entry.State == State.Recorded)
            Check(check, entry.Log!, owner, call, launches);
        switch (entry.State)
        {
            case State.Recorded when recorder.TryReplay(entry.Recording!):
                return;
            case State.Recorded:
                recorder.Discard(entry.Recording!);
                Refuse(entry);
                break;
            case State.Launched when TryRecord(owner, call, launches, entry, out var recording):
                (entry.State, entry.Recording) = (State.Recorded, recording);
                return;
            case State.Launched:
                Refuse(entry);
                break;
            case State.New:
                entry.State = State.Launched;
                break;
        }

        launches(owner, call);
    }

    /// <summary>Gives back the recordings of an owner.</summary>
    /// <param name="owner">Whose.</param>
    public void Forget(object owner)
    {
        foreach (var entry in _entries.Where(entry => ReferenceEquals(entry.Owner, owner)).ToList())
            Remove(entry);
    }

    /// <summary>Gives back all recordings.</summary>
    public void Clear()
    {
        foreach (var entry in _entries.ToList())
            Remove(entry);
    }

    // Recorded and run once. An exception of the launches ends the recording, and nothing of it is kept.
    private bool TryRecord<TOwner, TCall>(TOwner owner, in TCall call, Launches<TOwner, TCall> launches, Entry entry, out TRecording recording)
    {
        recording = default!;
        if (!recorder.TryBegin())
            return false;
        try
        {
            entry.Log = check is null ? null : Logged(check, owner, call, launches, false);
            if (check is null)
                launches(owner, call);
        }
        catch
        {
            if (recorder.TryEnd(out recording))
                recorder.Discard(recording);
            throw;
        }

        if (!recorder.TryEnd(out recording))
            return false;
        if (recorder.TryReplay(recording))
            return true;
        recorder.Discard(recording);
        return false;
    }

    // Writes launches down as they are made, or instead of making them.
    private static LaunchLog Logged<TOwner, TCall>(GpuBackend backend, TOwner owner, in TCall call, Launches<TOwner, TCall> launches, bool only)
    {
        var log = new LaunchLog();
        (backend.Log, backend.OnlyLogs) = (log, only);
        try
        {
            launches(owner, call);
        }
        finally
        {
            (backend.Log, backend.OnlyLogs) = (null, false);
        }

        return log;
    }

    private static void Check<TOwner, TCall>(GpuBackend backend, LaunchLog recorded, TOwner owner, in TCall call, Launches<TOwner, TCall> launches)
    {
        if (recorded.Difference(Logged(backend, owner, call, launches, true)) is { } difference)
            throw new InvalidOperationException($"a recording of {typeof(TCall).Name} does not hold what it should: {difference}");
    }

    private Entry Find<TCall>(object owner, in TCall call)
        where TCall : struct, IEquatable<TCall>
    {
        var table = TableOf<TCall>();
        var key = new Key<TCall>(owner, call);
        return table.TryGetValue(key, out var entry) ? entry : Add(table, key);
    }

    // Apart, so that finding an entry does not allocate what keeps a new one.
    private Entry Add<TCall>(Dictionary<Key<TCall>, Entry> table, Key<TCall> key)
        where TCall : struct, IEquatable<TCall>
    {
        if (_entries.Count >= capacity)
            Remove(_entries.MinBy(other => other.LastUse)!);
        var entry = new Entry(key.Owner, () => table.Remove(key));
        table.Add(key, entry);
        _entries.Add(entry);
        return entry;
    }

    private Dictionary<Key<TCall>, Entry> TableOf<TCall>()
        where TCall : struct, IEquatable<TCall>
    {
        if (!_tables.TryGetValue(typeof(TCall), out object? table))
            _tables.Add(typeof(TCall), table = new Dictionary<Key<TCall>, Entry>());
        return (Dictionary<Key<TCall>, Entry>)table;
    }

    private void Refuse(Entry entry)
    {
        (entry.State, entry.Recording) = (State.Refused, default);
        Failures++;
    }

    private void Remove(Entry entry)
    {
        _entries.Remove(entry);
        entry.RemoveFromTable();
        if (entry.State == State.Recorded)
            recorder.Discard(entry.Recording!);
    }

    private readonly record struct Key<TCall>(object Owner, TCall Call);

    private sealed class Entry(object owner, Action removeFromTable)
    {
        public object Owner => owner;

        public Action RemoveFromTable => removeFromTable;

        public State State { get; set; }

        public TRecording? Recording { get; set; }

        public long LastUse { get; set; }

        // The recorded launches, where they are checked.
        public LaunchLog? Log { get; set; }
    }
}
