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
    public static string Version => $"TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}, libtorch {torch.__version__}";

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
        try
        {
            // Loads the native library, too.
            torch.InitializeDeviceType(DeviceType.CPU);
            _ = torch.__version__;
            return null;
        }
        catch (Exception refused) when (refused is DllNotFoundException or NotSupportedException or TypeInitializationException or EntryPointNotFoundException or BadImageFormatException or FileNotFoundException)
        {
            return $"TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)} does not load its native library: {LoaderMessage() ?? refused.GetBaseException().Message.ReplaceLineEndings(" ")}";
        }
    }

    // TorchSharp names the package it would like; the system's loader names the library that is missing or too old.
    private static string? LoaderMessage()
    {
        string library = OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";
        string folder = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        try
        {
            NativeLibrary.Load(Path.Combine(folder, library));
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
