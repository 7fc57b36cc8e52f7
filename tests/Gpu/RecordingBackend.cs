using System.Reflection;
using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>
/// The stand-in with recordings as a GPU has them: what is launched while one is made is written down, arguments byte
/// for byte, and later runs again exactly so. Before each replay its launches are compared with what they would be now.
/// </summary>
internal sealed class RecordingBackend : SoftwareBackend, IRecorder<RecordingBackend.Tape>
{
    private readonly Recordings<Tape> _recordings;
    private Tape? _open;

    public RecordingBackend(int capacity = 64)
    {
        ChecksRecordings = true;
        _recordings = new Recordings<Tape>(this, capacity, this);
    }

    /// <summary>Whether recordings come to something.</summary>
    public bool CanRecord { get; set; } = true;

    /// <summary>Whether a recording may be begun.</summary>
    public bool MayBegin { get; set; } = true;

    /// <summary>How many replays succeed.</summary>
    public int MostReplays { get; set; } = int.MaxValue;

    /// <summary>Recordings replayed.</summary>
    public int Replays { get; private set; }

    /// <summary>Recordings made and not given back.</summary>
    public int Live { get; private set; }

    /// <summary>Recordings that can be replayed.</summary>
    public int Count => _recordings.Count;

    /// <summary>Operations that could not be recorded or replayed.</summary>
    public int Failures => _recordings.Failures;

    public override void Run<TOwner, TCall>(TOwner owner, in TCall call, Launches<TOwner, TCall> launches) => _recordings.Run(owner, call, launches);

    public override void Forget(object owner) => _recordings.Forget(owner);

    public bool TryBegin()
    {
        _open = MayBegin ? new Tape() : null;
        return MayBegin;
    }

    public bool TryEnd(out Tape recording)
    {
        (recording, _open) = (_open!, null);
        Live += CanRecord ? 1 : 0;
        return CanRecord;
    }

    public bool TryReplay(Tape recording)
    {
        Assert.False(recording.IsGone);
        if (Replays == MostReplays)
            return false;
        Replays++;
        foreach (var launch in recording.Launches)
            launch();
        return true;
    }

    public void Discard(Tape recording)
    {
        Assert.False(recording.IsGone);
        recording.IsGone = true;
        Live--;
    }

    protected override void Run<TArguments>(MethodInfo kernel, GridSize grid, int groupSize, in TArguments arguments)
    {
        if (_open is null)
        {
            base.Run(kernel, grid, groupSize, arguments);
            return;
        }

        var copy = arguments;
        _open.Launches.Add(() => base.Run(kernel, grid, groupSize, copy));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _recordings.Clear();
        base.Dispose(disposing);
    }

    /// <summary>Launches written down.</summary>
    internal sealed class Tape
    {
        public List<Action> Launches { get; } = [];

        public bool IsGone { get; set; }
    }
}
