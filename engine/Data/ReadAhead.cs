using System.Runtime.ExceptionServices;
using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>
/// Reads what a step needs on another thread while the step before is under way, since the next draw is known: the same
/// stream, a step on, as many rows. Where it turns out to be another, it is read when it is asked for. Reading is never
/// done twice at once, and what comes out does not depend on timing.
/// </summary>
/// <param name="read">Reads so many rows of a draw.</param>
internal sealed class ReadAhead(Action<int, RandomDraw> read) : IThreadPoolWorkItem
{
    private readonly object _gate = new();
    private (int Count, RandomDraw Draw)? _foreseen;
    private ExceptionDispatchInfo? _failure;
    private bool _isReading;

    /// <summary>Sees to it that rows are read. Where they were foreseen and could not be read, that failure is thrown now.</summary>
    /// <param name="count">How many.</param>
    /// <param name="draw">Their draw.</param>
    public void Read(int count, in RandomDraw draw)
    {
        Wait();
        bool isForeseen = _foreseen == (count, draw);
        _foreseen = null;
        if (isForeseen)
            _failure?.Throw();
        else
            read(count, draw);
    }

    /// <summary>Begins to read what the step after a draw is expected to need, over what was read before.</summary>
    /// <param name="count">How many rows the step had.</param>
    /// <param name="draw">The step's draw.</param>
    public void Begin(int count, in RandomDraw draw)
    {
        (_foreseen, _failure, _isReading) = ((count, draw with { Step = unchecked(draw.Step + 1) }), null, true);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Waits until nothing is being read.</summary>
    public void Wait()
    {
        lock (_gate)
        {
            while (_isReading)
                Monitor.Wait(_gate);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            var (count, draw) = _foreseen!.Value;
            read(count, draw);
        }
        catch (Exception failure)
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
        }

        lock (_gate)
        {
            _isReading = false;
            Monitor.PulseAll(_gate);
        }
    }
}
