namespace EDA.Kernels;

/// <summary>A moment on a device's own clock, between what it was asked to do before and what after.</summary>
public interface ITimeMark : IDisposable
{
    /// <summary>The time between two moments. Waits until the device has come past both.</summary>
    /// <param name="earlier">A mark of the same device.</param>
    /// <returns>Seconds.</returns>
    double SecondsSince(ITimeMark earlier);
}

/// <summary>One run of a kernel, on the device's own clock.</summary>
/// <param name="Operation">The operation that launched it.</param>
/// <param name="Kernel">Its name.</param>
/// <param name="Start">When it began, in seconds since the profile's beginning, with the waiting between operations left out.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Flop">The floating-point operations it had to do.</param>
/// <param name="Bytes">The bytes it had to move, each array once.</param>
public readonly record struct LaunchTiming(string Operation, string Kernel, double Start, double Seconds, double Flop, double Bytes);

/// <summary>What a compiled kernel takes of the device.</summary>
/// <param name="Kernel">Its name.</param>
/// <param name="Registers">Registers of an item.</param>
/// <param name="LocalBytes">Local memory of an item, in bytes: above 0 where registers were spilled.</param>
/// <param name="SharedBytes">Shared memory of a group, in bytes.</param>
public readonly record struct KernelResources(string Kernel, int Registers, int LocalBytes, int SharedBytes);

/// <summary>What bounds a kernel.</summary>
public enum DeviceLimit
{
    /// <summary>Floating-point operations a second.</summary>
    Arithmetic,

    /// <summary>Bytes of memory a second.</summary>
    Memory,
}

/// <summary>Work that shows one of the device's limits: what shares of peak are taken of.</summary>
/// <param name="Name">What it does, in words.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Work">FLOP or bytes of one run.</param>
/// <param name="Run">Runs it once; returns before the device has finished.</param>
public sealed record PeakLoad(string Name, DeviceLimit Limit, double Work, Action Run);

/// <summary>The loads that show a device's limits, with the memory they need.</summary>
public interface IPeakLoads : IDisposable
{
    /// <summary>The loads. Where several show the same limit, the best of them counts.</summary>
    IReadOnlyList<PeakLoad> All { get; }
}

/// <summary>Times every launch of a device from its creation until it is disposed of.</summary>
public interface ILaunchProfile : IDisposable
{
    /// <summary>What ran so far, in order; complete between operations.</summary>
    IReadOnlyList<LaunchTiming> Launches { get; }

    /// <summary>Where the time axis of <see cref="LaunchTiming.Start"/> stands, in seconds.</summary>
    double Elapsed { get; }

    /// <summary>
    /// Launches that may have waited for the host: their times are the host's rather than the device's. 0 where launches
    /// run at once.
    /// </summary>
    int LateLaunches { get; }

    /// <summary>An operation begins: the launches until <see cref="End"/> are its.</summary>
    /// <param name="operation">Its name.</param>
    void Begin(string operation);

    /// <summary>The operation ends; waits for the device.</summary>
    void End();
}

/// <summary>A device that is made of kernels and can tell the time of each on its own clock.</summary>
public interface IMeasuredDevice : IDevice
{
    /// <summary>Whether a launch returns before the kernel has run.</summary>
    bool IsAsynchronous { get; }

    /// <summary>What the kernels compiled so far take of the device; empty where the device cannot tell.</summary>
    IReadOnlyCollection<KernelResources> Resources { get; }

    /// <summary>Marks this moment on the device's clock.</summary>
    /// <returns>The mark, owned by the caller.</returns>
    ITimeMark Mark();

    /// <summary>Times every launch from now on. Nothing is replayed from recordings meanwhile.</summary>
    /// <returns>The profile, owned by the caller.</returns>
    /// <exception cref="InvalidOperationException">The device is being profiled already.</exception>
    ILaunchProfile StartProfile();

    /// <summary>Makes the loads that show the device's limits.</summary>
    /// <returns>The loads, owned by the caller.</returns>
    IPeakLoads CreatePeakLoads();
}
