using System.Diagnostics;
using System.Runtime.ExceptionServices;
using EDA.Kernels.Cpu.Matrix;

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
/// A waiting thread spins for a while before it sleeps: waking a thread takes longer than the rounds of a small
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

    /// <summary>Starts threads.</summary>
    /// <param name="threads">How many work, the caller included.</param>
    /// <param name="arithmetic">How they multiply in blocks; null for not at all.</param>
    public WorkerPool(int threads, BlockArithmetic? arithmetic = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (Workers, Arithmetic) = (threads, arithmetic);
        TilePanels = PanelTile.PanelsOf(arithmetic?.Unit);
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

    /// <summary>Panels of a tile, see <see cref="PanelTile"/>.</summary>
    public int TilePanels { get; }

    /// <summary>Rows of a tile.</summary>
    public int TileRows => PanelTile.Rows(TilePanels);

    /// <summary>How products are made in blocks; null where all are in fp32. Threads are ready for it while they run items.</summary>
    public BlockArithmetic? Arithmetic { get; }

    /// <summary>The same for perceptrons, whose kinks turn the rounding of one bf16 into wrong slopes: in two parts, or in fp32.</summary>
    public BlockArithmetic? FinerArithmetic => Arithmetic?.Finer;

    /// <summary>Runs all items and returns when the last has finished; rethrows what an item threw.</summary>
    /// <param name="work">The work.</param>
    /// <param name="count">The number of items.</param>
    public void Run(IParallelWork work, int count)
    {
        if (_threads.Length == 0 || count <= 1)
        {
            RunAlone(work, count);
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

    private void RunAlone(IParallelWork work, int count)
    {
        Arithmetic?.Begin();
        try
        {
            for (int item = 0; item < count; item++)
                work.Run(item, 0);
        }
        finally
        {
            Arithmetic?.End();
        }
    }

    private void Drain(int worker)
    {
        Arithmetic?.Begin();
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
        finally
        {
            Arithmetic?.End();
        }
    }
}
