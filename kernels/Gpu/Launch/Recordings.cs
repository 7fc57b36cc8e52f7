using System.Runtime.CompilerServices;

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
/// Which operations are recorded, and when: the first call of a key launches plainly, which loads whatever is loaded
/// late, the second is recorded, and all others are replayed. What cannot be recorded or replayed is launched plainly for
/// good. A replay allocates nothing.
/// </summary>
/// <typeparam name="TRecording">What a recording is.</typeparam>
/// <param name="recorder">Makes and runs recordings.</param>
/// <param name="capacity">The most keys that are remembered; the one not used for longest makes room.</param>
public sealed class Recordings<TRecording>(IRecorder<TRecording> recorder, int capacity = 64)
{
    private readonly Dictionary<RecordingKey, Entry> _entries = new(RecordingKeyComparer.Instance);
    private Entry? _underWay;
    private long _uses;

    private enum State
    {
        Launched,
        Recorded,
        Refused,
    }

    /// <summary>The number of recordings that can be replayed.</summary>
    public int Count => _entries.Values.Count(entry => entry.State == State.Recorded);

    /// <summary>How many operations could not be recorded or replayed.</summary>
    public int Failures { get; private set; }

    /// <summary>As <see cref="GpuBackend.Begin"/>.</summary>
    /// <param name="key">What the launches depend on.</param>
    /// <returns>False where a recording was replayed.</returns>
    public bool Begin(in RecordingKey key)
    {
        Abandon();
        if (!_entries.TryGetValue(key, out var entry))
        {
            MakeRoom();
            _entries.Add(key, new Entry(key) { LastUse = ++_uses });
            return true;
        }

        entry.LastUse = ++_uses;
        switch (entry.State)
        {
            case State.Recorded when recorder.TryReplay(entry.Recording!):
                return false;
            case State.Recorded:
                recorder.Discard(entry.Recording!);
                Refuse(entry);
                return true;
            case State.Launched when recorder.TryBegin():
                _underWay = entry;
                return true;
            case State.Launched:
                Refuse(entry);
                return true;
            default:
                return true;
        }
    }

    /// <summary>As <see cref="GpuBackend.End"/>.</summary>
    /// <returns>False where the launches must be repeated.</returns>
    public bool End()
    {
        if (_underWay is not { } entry)
            return true;
        _underWay = null;
        if (!recorder.TryEnd(out var recording))
        {
            Refuse(entry);
            return false;
        }

        if (!recorder.TryReplay(recording))
        {
            recorder.Discard(recording);
            Refuse(entry);
            return false;
        }

        (entry.State, entry.Recording) = (State.Recorded, recording);
        return true;
    }

    /// <summary>Ends a recording that an exception cut short, and keeps nothing of it.</summary>
    public void Abandon()
    {
        if (_underWay is null)
            return;
        _underWay = null;
        if (recorder.TryEnd(out var recording))
            recorder.Discard(recording);
    }

    /// <summary>Gives back the recordings of an owner.</summary>
    /// <param name="owner">Whose.</param>
    public void Forget(object owner)
    {
        foreach (var entry in _entries.Values.Where(entry => ReferenceEquals(entry.Key.Owner, owner)).ToList())
            Remove(entry);
    }

    /// <summary>Gives back all recordings.</summary>
    public void Clear()
    {
        Abandon();
        foreach (var entry in _entries.Values.ToList())
            Remove(entry);
    }

    private void Refuse(Entry entry)
    {
        (entry.State, entry.Recording) = (State.Refused, default);
        Failures++;
    }

    private void MakeRoom()
    {
        if (_entries.Count >= capacity)
            Remove(_entries.Values.MinBy(entry => entry.LastUse)!);
    }

    private void Remove(Entry entry)
    {
        _entries.Remove(entry.Key);
        if (entry.State == State.Recorded)
            recorder.Discard(entry.Recording!);
    }

    private sealed class Entry(RecordingKey key)
    {
        public RecordingKey Key { get; } = key;

        public State State { get; set; }

        public TRecording? Recording { get; set; }

        public long LastUse { get; set; }
    }
}

/// <summary>
/// Compares keys. The hash takes in what tells keys apart in practice: owner, operation, sizes and the arrays that
/// callers change.
/// </summary>
internal sealed class RecordingKeyComparer : IEqualityComparer<RecordingKey>
{
    public static RecordingKeyComparer Instance { get; } = new();

    public bool Equals(RecordingKey x, RecordingKey y) =>
        ReferenceEquals(x.Owner, y.Owner)
        && x.Operation == y.Operation
        && (x.Rows, x.Candidates) == (y.Rows, y.Candidates)
        && (x.Array0, x.Array1, x.Array2, x.Array3, x.Array4) == (y.Array0, y.Array1, y.Array2, y.Array3, y.Array4)
        && (x.Array5, x.Array6, x.Array7, x.Array8) == (y.Array5, y.Array6, y.Array7, y.Array8)
        && x.Constants.First.Equals(y.Constants.First)
        && x.Constants.Second.Equals(y.Constants.Second)
        && x.Constants.Third == y.Constants.Third
        && ReferenceEquals(x.Constants.Table, y.Constants.Table);

    public int GetHashCode(RecordingKey key) =>
        HashCode.Combine(RuntimeHelpers.GetHashCode(key.Owner), key.Operation.Length, key.Rows, key.Candidates, key.Array0, key.Array2, key.Array6, key.Array7);
}
