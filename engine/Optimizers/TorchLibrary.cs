using System.Runtime.InteropServices;
using System.Runtime.Loader;
using EDA.Kernels;
using TorchSharp;

namespace EDA.Engine.Optimizers;

/// <summary>
/// libtorch, and TorchSharp's native part, which calls it. TorchSharp's managed code is in every build; these two are looked
/// for when a tensor is wanted. They stand in one folder, so that the system finds the one by the other.
/// </summary>
public static class TorchLibrary
{
    /// <summary>The environment variable that names the file of TorchSharp's native part to use.</summary>
    public const string PathVariable = "EDA_LIBTORCH";

    private static nint s_native;

    /// <summary>This machine's.</summary>
    public static MachineLibrary<LoadedLibrary> OfMachine { get; } = new(
        "libtorch",
        "torch.optim's optimizers, and autograd to compare with",
        $"set {PathVariable} to the file of TorchSharp's native part, beside which libtorch stands",
        Files,
        Start)
    {
        Variable = PathVariable,
        ReadVersion = _ => Version,
        Explain = Explain,
    };

    /// <summary>The version of libtorch that this TorchSharp is made for.</summary>
    public static string Version => System.Version.Parse(torch.__version__).ToString(3);

    /// <summary>The version of TorchSharp.</summary>
    public static string TorchSharpVersion => typeof(torch).Assembly.GetName().Version!.ToString(3);

    private static string FileName => OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";

    // As packages name it.
    private static string Platform => $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    // Where packages put it in a program that references one with libtorch.
    private static IEnumerable<string> Files() =>
    [
        Path.Combine(AppContext.BaseDirectory, "runtimes", Platform, "native", FileName),
        Path.Combine(AppContext.BaseDirectory, FileName),
    ];

    private static LoadedLibrary Start(LoadedLibrary library)
    {
        // TorchSharp looks for its native part by name, where it is not; and where that fails, it copies half a gigabyte and
        // prints what it does.
        if (s_native == 0)
            AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly)!.ResolvingUnmanagedDll += (_, name) => name == "LibTorchSharp" ? s_native : 0;
        s_native = library.Handle;
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
            return library;
        }
        catch (Exception refused) when (refused is DllNotFoundException or NotSupportedException or TypeInitializationException or EntryPointNotFoundException or BadImageFormatException or FileNotFoundException)
        {
            throw new MissingLibraryException($"{library.Path} does not start: {refused.GetBaseException().Message.ReplaceLineEndings(" ")}");
        }
    }

    private static string Explain(string words) =>
        $"TorchSharp {TorchSharpVersion} does not load its native part: {words}";
}
