using System.Diagnostics;

namespace EDA.Kernels.Gpu;

/// <summary>
/// Times every launch of a backend by marks on the device's clock. Launches are handed over in batches behind a kernel
/// that keeps the device busy until the host has made them all: so the marks measure kernels, and not how fast the host
/// launches. How many launches the host was too slow for is counted.
/// </summary>
internal sealed class LaunchProfile : ILaunchProfile, ILaunchObserver
{
    // With two marks a launch, well within the 1024 entries that a stream takes before the host has to wait.
    private const int BatchSize = 128;

    private readonly GpuBackend _backend;
    private readonly LoadedKernel<MultiplyAddArguments>? _busy;
    private readonly GpuArray<float>? _nothing;
    private readonly List<LaunchTiming> _launches = [];
    private readonly List<Pending> _pending = [];
    private ITimeMark? _before;
    private ITimeMark? _base;
    private long _batchStarted;
    private int _busyRounds = 40_000; // a few milliseconds of one group; what a batch needs is learned
    private string _operation = string.Empty;
    private (string Kernel, KernelWork Work, ITimeMark Start) _current;

    public LaunchProfile(GpuBackend backend)
    {
        if (backend.Observer is not null)
            throw new InvalidOperationException("the device is being profiled already");
        _backend = backend;
        if (backend.IsAsynchronous)
        {
            _busy = backend.Load<MultiplyAddArguments>("multiply_add_loop", MultiplyAddLoop.GroupSize, MultiplyAddLoop.Run);
            _nothing = backend.Allocate<float>(MultiplyAddLoop.GroupSize);
        }

        backend.Observer = this;
    }

    public IReadOnlyList<LaunchTiming> Launches => _launches;

    public double Elapsed { get; private set; }

    public int LateLaunches { get; private set; }

    public void Begin(string operation)
    {
        Collect();
        _operation = operation;
    }

    public void End()
    {
        Collect();
        _operation = string.Empty;
    }

    public void Launching(string name, GridSize grid, int groupSize, KernelWork work)
    {
        if (_pending.Count >= BatchSize)
            Collect();
        if (_base is null)
            StartBatch();
        _current = (name, work, _backend.Mark());
    }

    public void Launched() => _pending.Add(new Pending(_current.Kernel, _current.Work, _current.Start, _backend.Mark()));

    public void Dispose()
    {
        if (_backend.Observer != this)
            return;
        Collect();
        _backend.Observer = null;
        _nothing?.Dispose();
    }

    private void StartBatch()
    {
        _backend.Synchronize();
        _batchStarted = Stopwatch.GetTimestamp();
        _before = _backend.Mark();
        if (_busy is not null)
        {
            _backend.Observer = null;
            _busy.Launch(new GridSize(1), new MultiplyAddArguments { Output = _nothing!.View, Factor = 1e-9f, Rounds = _busyRounds }, default);
            _backend.Observer = this;
        }

        _base = _backend.Mark();
    }

    private void Collect()
    {
        if (_base is null || _before is null)
            return;
        double issued = Stopwatch.GetElapsedTime(_batchStarted).TotalSeconds;
        if (_busy is not null)
        {
            double busy = _base.SecondsSince(_before);
            if (issued > busy)
                LateLaunches += _pending.Count;
            if (1.5 * issued > busy && busy > 0)
                _busyRounds = (int)Math.Min(2.0 * issued / busy * _busyRounds, 1e8);
        }

        double origin = Elapsed;
        foreach (var (kernel, work, start, end) in _pending)
        {
            double began = start.SecondsSince(_base), seconds = end.SecondsSince(start);
            _launches.Add(new LaunchTiming(_operation, kernel, origin + began, seconds, work.Flop, work.Bytes));
            Elapsed = Math.Max(Elapsed, origin + began + seconds);
            start.Dispose();
            end.Dispose();
        }

        _pending.Clear();
        _before.Dispose();
        _base.Dispose();
        (_before, _base) = (null, null);
    }

    private readonly record struct Pending(string Kernel, KernelWork Work, ITimeMark Start, ITimeMark End);
}
