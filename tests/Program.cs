using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using EDA.Bench.Kernels;
using EDA.Engine.Optimizers;
using EDA.Host.Devices;
using EDA.Kernels.Gpu;
using EDA.Tests.Crash;
using EDA.Tests.Kernels;
using EDA.Tests.Mutation;
using EDA.Tests.Software;

namespace EDA.Tests;

/// <summary>
/// The measuring program, and by it the eda command, with one more device: <c>--device software</c>, the GPU's kernels on
/// the stand-in. Tests run it as a process; <c>dotnet EDA.Tests.dll run bandit-moons --device software</c> does it by hand.
/// </summary>
internal static class Program
{
    /// <summary>What --device calls the stand-in.</summary>
    public const string Software = "software";

    /// <summary>What --optimizer calls one whose saved states are wrong.</summary>
    public const string Forgetful = "forgetful";

    /// <summary>Runs a command line, or does what only tests ask of a process of its own.</summary>
    public static int Main(string[] arguments) => arguments switch
    {
        [GuardProbe.Command, var name] => GuardProbe.Run(name),
        [MutationWorker.Command, var format, var seed, var first, var end, var folder] => MutationWorker.Run(format, Number(seed), Number(first), Number(end), folder),
        _ => Eda(arguments),
    };

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private static int Eda(string[] arguments)
    {
        using var forgetful = OptimizerKind.Table.Add(new OptimizerKind(Forgetful, _ => (device, parameters, _) => new ForgetfulAdam(device, parameters)));
        return (int)(typeof(KernelDocument).Assembly.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [arguments], null) ?? 0);
    }

    /// <summary>Tests that open devices by their names know it, too.</summary>
    [ModuleInitializer]
    internal static void AddStandIn() =>
        DeviceChoice.Add(Software, precision => new GpuDevice(new SoftwareBackend(), Enum.Parse<GpuPrecision>(precision, ignoreCase: true)), DeviceChoice.Precisions);
}
