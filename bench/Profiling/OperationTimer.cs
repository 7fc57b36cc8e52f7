using System.Diagnostics;
using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>Puts every operation of a device on a timeline, and with it what the operation launched.</summary>
public abstract class OperationTimer : IDisposable
{
    private (string Name, double Flop, double Bytes) _operation;
    private double _start;

    /// <summary>What ran so far.</summary>
    public Timeline Timeline { get; } = new();

    /// <summary>The stage that operations belong to.</summary>
    public string Stage { get; set; } = string.Empty;

    /// <summary>Where the time axis stands, in seconds.</summary>
    public abstract double Now { get; }

    /// <summary>Launches whose time may be the host's.</summary>
    public virtual int LateLaunches => 0;

    /// <summary>Makes the timer of a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The timer, owned by the caller.</returns>
    public static OperationTimer For(IDevice device) => device is IMeasuredDevice measured ? new DeviceTimer(measured) : new HostTimer(device);

    /// <summary>An operation begins; it ends when the scope is disposed of.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="flop">Its nominal floating-point operations.</param>
    /// <param name="bytes">The bytes of its arguments, each array once.</param>
    /// <returns>The scope.</returns>
    public Scope Measure(string name, double flop, double bytes)
    {
        _operation = (name, flop, bytes);
        Begin(name);
        _start = Now;
        return new Scope(this);
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Waits for the device, and whatever else comes before an operation.</summary>
    protected abstract void Begin(string name);

    /// <summary>Waits for the device.</summary>
    protected abstract void End();

    private void Finish()
    {
        End();
        Timeline.Operations.Add(new TimedSpan(_operation.Name, Stage, _start, Now - _start, _operation.Flop, _operation.Bytes));
    }

    /// <summary>An operation under way.</summary>
    public readonly struct Scope(OperationTimer timer) : IDisposable
    {
        /// <summary>The operation ends.</summary>
        public void Dispose() => timer.Finish();
    }

    private sealed class HostTimer(IDevice device) : OperationTimer
    {
        private readonly long _origin = Stopwatch.GetTimestamp();

        public override double Now => Stopwatch.GetElapsedTime(_origin).TotalSeconds;

        public override void Dispose()
        {
        }

        protected override void Begin(string name) => device.Synchronize();

        protected override void End() => device.Synchronize();
    }

    private sealed class DeviceTimer(IMeasuredDevice device) : OperationTimer
    {
        private readonly ILaunchProfile _profile = device.StartProfile();
        private int _seen;

        public override double Now => _profile.Elapsed;

        public override int LateLaunches => _profile.LateLaunches;

        public override void Dispose() => _profile.Dispose();

        protected override void Begin(string name) => _profile.Begin(name);

        protected override void End()
        {
            _profile.End();
            for (; _seen < _profile.Launches.Count; _seen++)
            {
                var launch = _profile.Launches[_seen];
                Timeline.Kernels.Add(new TimedSpan(launch.Kernel, launch.Operation, launch.Start, launch.Seconds, launch.Flop, launch.Bytes));
            }
        }
    }
}
