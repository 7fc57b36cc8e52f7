using System.Diagnostics;
using EDA.Kernels;

namespace EDA.Bench.Peaks;

/// <summary>Times work on a device: by its own clock where it has one, by the host's elsewhere.</summary>
internal static class DeviceClock
{
    /// <summary>The time of one run of some work, as a program would see it that asks for it again and again.</summary>
    /// <param name="device">The device.</param>
    /// <param name="work">The work.</param>
    /// <param name="repeats">How often it is run.</param>
    /// <returns>Seconds a run.</returns>
    public static double Seconds(IDevice device, Action work, int repeats)
    {
        device.Synchronize();
        if (device is not IMeasuredDevice measured)
        {
            long start = Stopwatch.GetTimestamp();
            Repeat();
            device.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalSeconds / repeats;
        }

        using var before = measured.Mark();
        Repeat();
        using var after = measured.Mark();
        return after.SecondsSince(before) / repeats;

        void Repeat()
        {
            for (int i = 0; i < repeats; i++)
                work();
        }
    }
}
