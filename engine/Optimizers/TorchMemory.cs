using System.Runtime.InteropServices;
using TorchSharp;

namespace EDA.Engine.Optimizers;

/// <summary>
/// Tensors on memory that is somebody else's, and what else depends on TorchSharp's version: written for 0.102 and newer.
/// TorchSharp itself makes such tensors only of managed arrays; this calls the same function of its native library.
/// </summary>
public static unsafe partial class TorchMemory
{
    private static readonly Lazy<string?> Trial = new(Try);

    /// <summary>Why TorchSharp's native library cannot be used here, in one line; null where it can.</summary>
    public static string? Refusal => Trial.Value;

    /// <summary>The versions of TorchSharp and of libtorch, for reports.</summary>
    /// <exception cref="DllNotFoundException">The native library cannot be used.</exception>
    public static string Version => $"{typeof(torch).Assembly.GetName().Version?.ToString(3)} with libtorch {torch.__version__}";

    /// <summary>A float tensor [n] on memory that must outlive it; not a copy.</summary>
    /// <param name="address">The first element.</param>
    /// <param name="count">n.</param>
    /// <returns>The tensor, owned by the caller.</returns>
    public static torch.Tensor Floats(nint address, long count) => Create(address, count, torch.ScalarType.Float32);

    /// <summary>An integer tensor [n] on memory that must outlive it; not a copy.</summary>
    /// <param name="address">The first element.</param>
    /// <param name="count">n.</param>
    /// <returns>The tensor, owned by the caller.</returns>
    public static torch.Tensor Integers(nint address, long count) => Create(address, count, torch.ScalarType.Int32);

    /// <summary>Makes a parameter's gradient live in another tensor's memory.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="gradient">The gradient, of the parameter's shape; the caller may dispose of it.</param>
    public static void SetGradient(torch.Tensor parameter, torch.Tensor gradient) => parameter.grad = gradient;

    private static torch.Tensor Create(nint address, long count, torch.ScalarType type)
    {
        var handle = FromBuffer(address, &KeepMemory, count, 0, (sbyte)type, (sbyte)type, (int)DeviceType.CPU, -1, 0);
        if (handle == 0)
            torch.CheckForErrors();
        return torch.Tensor.UnsafeCreateTensor(handle);
    }

    private static string? Try()
    {
        string name = $"TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)} does not load its native library: ";
        // TorchSharp would try longer than that: it copies half a gigabyte, and prints what it does.
        if (LoaderRefusal() is { } refusal)
            return name + refusal;
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
            _ = torch.__version__;
            return null;
        }
        catch (Exception refused) when (refused is DllNotFoundException or NotSupportedException or TypeInitializationException or EntryPointNotFoundException or BadImageFormatException or FileNotFoundException)
        {
            return name + refused.GetBaseException().Message.ReplaceLineEndings(" ");
        }
    }

    // What the system's loader has against the library beside the program; null where it loads.
    private static string? LoaderRefusal()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "runtimes", Platform, "native");
        string library = Path.Combine(folder, OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so");
        if (!File.Exists(library))
            return "it is not beside the program";
        try
        {
            NativeLibrary.Load(library);
            return null;
        }
        catch (Exception refused) when (refused is DllNotFoundException or BadImageFormatException)
        {
            // Several lines, one for each place looked at; the telling one says what was not found there.
            string[] lines = refused.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            string line = lines.FirstOrDefault(line => line.Contains("version", StringComparison.Ordinal)) ?? lines[^1];
            return line.Replace(folder + Path.DirectorySeparatorChar, string.Empty, StringComparison.Ordinal);
        }
    }

    // As TorchSharp's packages name it.
    private static string Platform => $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void KeepMemory(nint memory)
    {
        // The memory is given back by its owner.
    }

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_frombuffer")]
    [UnmanagedCallConv(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static partial nint FromBuffer(
        nint memory, delegate* unmanaged[Cdecl]<nint, void> deleter, long count, long offset, sbyte type, sbyte wanted, int deviceType, int deviceIndex, byte requiresGradient);
}
