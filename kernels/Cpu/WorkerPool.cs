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
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly ManualResetEventSlim _done = new(false);
    private IParallelWork? _work;
    private int _count;
    private int _next;
    private int _active;
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
        _done.Reset();
        _wake.Release(_threads.Length);
        Drain(0);
        _done.Wait();
        _work = null;
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    public void Dispose()
    {
        if (_stopping)
            return;
        _stopping = true;
        _wake.Release(Math.Max(_threads.Length, 1));
        foreach (var thread in _threads)
            thread.Join();
        _wake.Dispose();
        _done.Dispose();
    }

    private void Serve(int worker)
    {
        while (true)
        {
            _wake.Wait();
            if (_stopping)
                return;
            Drain(worker);
            if (Interlocked.Decrement(ref _active) == 0)
                _done.Set();
        }
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
