using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using EDA.Kernels;
using TorchSharp;

namespace EDA.Engine.Optimizers;

/// <summary>
/// libtorch, and TorchSharp's native part, which calls it. TorchSharp's managed code is in every build; these two are looked
/// for when a tensor is wanted. They stand in one folder, so that the system finds the one by the other.
/// </summary>
public static partial class TorchLibrary
{
    /// <summary>The environment variable that names the file of TorchSharp's native part to use.</summary>
    public const string PathVariable = "EDA_LIBTORCH";

    /// <summary>The version of libtorch that this TorchSharp is made for, which TorchSharp itself tells only with libtorch loaded.</summary>
    public const string Version = "2.10.0";

    private static nint s_native;

    /// <summary>This machine's.</summary>
    public static MachineLibrary<LoadedLibrary> OfMachine { get; } = new(
        "libtorch",
        "torch.optim's optimizers, and autograd to compare with",
        "./eda setup libtorch gets it",
        Files,
        Start)
    {
        Variable = PathVariable,
        ReadVersion = _ => Version,
        Explain = Explain,
    };

    /// <summary>The version of TorchSharp.</summary>
    public static string TorchSharpVersion => typeof(torch).Assembly.GetName().Version!.ToString(3);

    /// <summary>
    /// Where <c>./eda setup libtorch</c> puts the two: in artifacts/ of the clone that the program was built in, which all
    /// its programs share and no build clears, or beside a program that stands elsewhere.
    /// </summary>
    public static string Folder { get; } = Path.Combine(Clone.Root is { } clone ? Path.Combine(clone, "artifacts") : AppContext.BaseDirectory, "libtorch", TorchSharpVersion);

    /// <summary>The system and processor, as packages name them: linux-x64.</summary>
    public static string Platform => $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>The file of TorchSharp's native part.</summary>
    public static string FileName => OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";

    /// <summary>Why TorchSharp's native part does not load, in a line; of a system that is too old, which version it lacks.</summary>
    /// <param name="words">The system's loader's.</param>
    /// <returns>The line.</returns>
    public static string Explain(string words) => MissingVersion().Match(words) is { Success: true } old
        ? $"libtorch is there and does not load: TorchSharp {TorchSharpVersion}'s native part needs {old.Groups["version"].Value}, which {old.Groups["file"].Value} of this system is too old to have (GCC 13.2's has it: Ubuntu 24.04, Debian 13)"
        : $"libtorch is there and does not load: {words}";

    // Where setup puts it, then where packages do in a program that references one with libtorch.
    private static IEnumerable<string> Files() =>
    [
        Path.Combine(Folder, FileName),
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

    // /lib/…/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by …)
    [GeneratedRegex(@"^(?<file>\S+): version [`'](?<version>[^']+)' not found")]
    private static partial Regex MissingVersion();
}
