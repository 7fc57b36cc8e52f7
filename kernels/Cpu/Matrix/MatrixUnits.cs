using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>Which matrix units this machine has and lets this process use.</summary>
public static unsafe partial class MatrixUnits
{
    private const ulong TileFeatures = 3ul << 17;
    private const int TileData = 18, RequestPermission = 0x1023, ArchPrctl = 158;

    private static readonly Lazy<(string? Tiles, string? Dots)> _problems = new(Find);

    /// <summary>The one that products in bf16 are for: tiles, or else dot products, or else plain code.</summary>
    public static MatrixUnit Best => Problem(MatrixUnit.Tiles) is null ? MatrixUnit.Tiles : Problem(MatrixUnit.DotProducts) is null ? MatrixUnit.DotProducts : MatrixUnit.Managed;

    /// <summary>
    /// Whether dot products of pairs are there and known to be faster than fp32: twice on AMD's Zen 5, 1.5 to 1.7 times in whole
    /// steps on Zen 4, half as fast on Intel's Emerald Rapids.
    /// </summary>
    public static bool DotProductsPay => Problem(MatrixUnit.DotProducts) is null && IsZen();

    /// <summary>Why one cannot be used.</summary>
    /// <param name="unit">Which.</param>
    /// <returns>The reason; null where it can.</returns>
    public static string? Problem(MatrixUnit unit) => unit switch
    {
        MatrixUnit.Tiles => _problems.Value.Tiles,
        MatrixUnit.DotProducts => _problems.Value.Dots,
        _ => null,
    };

    // "AuthenticAMD" in ebx, edx and ecx; the family is the sum of two fields.
    private static bool IsZen()
    {
        // Zen 3, of the same family as Zen 4, has no such dot products.
        const int Zen4 = 0x19;
        var (_, ebx, ecx, edx) = X86Base.CpuId(0, 0);
        int version = X86Base.CpuId(1, 0).Eax;
        return (ebx, edx, ecx) == (0x68747541, 0x69746E65, 0x444D4163) && (version >> 8 & 0xF) + (version >> 20 & 0xFF) >= Zen4;
    }

    private static (string? Tiles, string? Dots) Find()
    {
        if (!X86Base.X64.IsSupported)
            return ("the processor is not x86-64", "the processor is not x86-64");
        int most = X86Base.CpuId(0, 0).Eax;
        var seven = most < 7 ? default : X86Base.CpuId(7, 0);
        bool tiles = (seven.Edx >> 24 & 1) == 1 && (seven.Edx >> 22 & 1) == 1;
        bool dots = seven.Eax >= 1 && (X86Base.CpuId(7, 1).Eax >> 5 & 1) == 1 && Avx512BW.IsSupported;
        string? memory = tiles || dots ? ExecutableCode.Problem : null;
        return (
            !tiles ? "the processor has none, or its hypervisor hides them" : memory ?? Permission() ?? MatrixKernels.Trial(MatrixUnit.Tiles),
            !dots ? "the processor has none" : memory ?? MatrixKernels.Trial(MatrixUnit.DotProducts));
    }

    // Tiles are 8 KiB of state that a process asks its system for before it uses them.
    private static string? Permission()
    {
        if (((ulong)ExecutableCode.Call("ReadFeatures", null) & TileFeatures) != TileFeatures)
            return "the system does not save their state";
        if (OperatingSystem.IsLinux())
            return SystemCall(ArchPrctl, RequestPermission, TileData) == 0 ? null : $"Linux does not give them to this process (arch_prctl, error {Marshal.GetLastPInvokeError()})";
        if (!OperatingSystem.IsWindows())
            return "how this system gives them to a process is not known";
        try
        {
            return EnableFeatures(1ul << TileData) ? null : "Windows does not give them to this process (EnableProcessOptionalXStateFeatures)";
        }
        catch (EntryPointNotFoundException)
        {
            return "this Windows is too old to give them to a process";
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second);

    [LibraryImport("kernel32", EntryPoint = "EnableProcessOptionalXStateFeatures")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool EnableFeatures(ulong features);
}
