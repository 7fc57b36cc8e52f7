using System.Diagnostics;
using EDA.Kernels;

namespace EDA.Bench.Timing;

/// <summary>Times work on a device.</summary>
internal static class DeviceClock
{
    /// <summary>The time of one run of some work, as a program would see it that asks for it again and again: by the device's own clock where it has one.</summary>
    /// <param name="device">The device.</param>
    /// <param name="run">Runs the work so many times.</param>
    /// <param name="count">How often it is run.</param>
    /// <returns>Seconds a run.</returns>
    public static double Seconds(IDevice device, Action<int> run, int count)
    {
        if (device is not IMeasuredDevice measured)
            return HostSeconds(device, () => run(count)) / count;
        device.Synchronize();
        using var before = measured.Mark();
        run(count);
        using var after = measured.Mark();
        return after.SecondsSince(before) / count;
    }

    /// <summary>Work that is run so many times.</summary>
    /// <param name="run">Runs it once.</param>
    public static Action<int> Repeated(Action run) => count =>
    {
        for (int i = 0; i < count; i++)
            run();
    };

    /// <summary>The time of some work by the host's clock, with the device finished at both ends.</summary>
    /// <param name="device">The device.</param>
    /// <param name="run">Runs the work.</param>
    /// <returns>Seconds.</returns>
    public static double HostSeconds(IDevice device, Action run)
    {
        device.Synchronize();
        long start = Stopwatch.GetTimestamp();
        run();
        device.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
