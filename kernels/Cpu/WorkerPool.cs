using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace EDA.Kernels.Cpu;

/// <summary>Work that splits into numbered items, any of which may run on any thread.</summary>
internal interface IParallelWork
{
    /// <summary>Does one item.</summary>
    /// <param name="item">The item, from 0.</param>
    /// <param name="worker">The thread, from 0: names the scratch memory the item may use.</param>
    void Run(int item, int worker);
}

/// <summary>
/// Threads that wait for work and share its items one by one. Starting work allocates nothing. The caller is worker 0.
/// Whoever waits looks out for a while before it goes to sleep: waking a thread takes longer than the rounds of a small
/// step are apart.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    // To wake a sleeping thread took 20 to 50 µs on a virtual machine, a round of a critic step takes some 500.
    private static readonly long Patience = Stopwatch.Frequency / 20_000;

    private readonly Thread[] _threads;
    private readonly object _gate = new();
    private IParallelWork? _work;
    private int _count;
    private int _next;
    private int _round;
    private int _active;
    private int _sleepers;
    private volatile bool _stopping;
    private Exception? _failure;

    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Workers = threads;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Serve(worker)) { IsBackground = true, Name = $"eda-cpu-{worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>The number of threads that work, the caller included.</summary>
    public int Workers { get; }

    /// <summary>Runs all items and returns when the last has finished; rethrows what an item threw.</summary>
    /// <param name="work">The work.</param>
    /// <param name="count">The number of items.</param>
    public void Run(IParallelWork work, int count)
    {
        if (_threads.Length == 0 || count <= 1)
        {
            for (int item = 0; item < count; item++)
                work.Run(item, 0);
            return;
        }

        _work = work;
        _count = count;
        _next = 0;
        _active = _threads.Length;
        _failure = null;
        StartRound();
        Drain(0);
        AwaitEnd();
        _work = null;
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    public void Dispose()
    {
        if (_stopping)
            return;
        _stopping = true;
        StartRound();
        foreach (var thread in _threads)
            thread.Join();
    }

    private void Serve(int worker)
    {
        for (int round = 0; ; round++)
        {
            AwaitRoundAfter(round);
            if (_stopping)
                return;
            Drain(worker);
            if (Interlocked.Decrement(ref _active) == 0)
                WakeSleepers();
        }
    }

    // What is awaited is written before sleepers are counted, and a sleeper counts itself before it looks again, each
    // with a full fence between: so either the sleeper sees it or is seen.
    private void StartRound()
    {
        Interlocked.Increment(ref _round);
        WakeSleepers();
    }

    private void WakeSleepers()
    {
        if (Volatile.Read(ref _sleepers) == 0)
            return;
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    private void AwaitRoundAfter(int round)
    {
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _round) == round)
        {
            if (LooksOut(start))
                continue;
            lock (_gate)
            {
                Interlocked.Increment(ref _sleepers);
                while (Volatile.Read(ref _round) == round)
                    Monitor.Wait(_gate);
                Interlocked.Decrement(ref _sleepers);
            }
        }
    }

    private void AwaitEnd()
    {
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _active) != 0)
        {
            if (LooksOut(start))
                continue;
            lock (_gate)
            {
                Interlocked.Increment(ref _sleepers);
                while (Volatile.Read(ref _active) != 0)
                    Monitor.Wait(_gate);
                Interlocked.Decrement(ref _sleepers);
            }
        }
    }

    private static bool LooksOut(long start)
    {
        if (Stopwatch.GetTimestamp() - start > Patience)
            return false;
        Thread.SpinWait(8);
        return true;
    }

    private void Drain(int worker)
    {
        try
        {
            int item;
            while ((item = Interlocked.Increment(ref _next) - 1) < _count)
                _work!.Run(item, worker);
        }
        catch (Exception failure)
        {
            _failure = failure;
        }
    }
}
