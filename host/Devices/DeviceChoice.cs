using EDA.Host.CommandLine;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Host.Devices;

/// <summary>The devices a user can choose by name.</summary>
public static class DeviceChoice
{
    /// <summary>The device that is used when none is named.</summary>
    public const string Default = "cpu";

    /// <summary>The names allowed.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [Default];

    /// <summary>Opens a device.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <returns>The device, owned by the caller.</returns>
    /// <exception cref="UserError">There is no such device, or the environment asks it for what it cannot do.</exception>
    public static IDevice Open(string name)
    {
        if (!Names.Contains(name))
            throw UserError.Choice("--device", name, Names);
        return new CpuDevice(Options());
    }

    /// <summary>What the environment asks of the CPU device.</summary>
    /// <returns>Vector width and threads.</returns>
    /// <exception cref="UserError">An environment variable has a value that is not allowed.</exception>
    public static CpuOptions Options()
    {
        try
        {
            return CpuOptions.FromEnvironment();
        }
        catch (ArgumentException refused)
        {
            throw new UserError(refused.Message);
        }
    }
}
