using System.Globalization;
using System.Runtime.InteropServices;

namespace EDA.Kernels.Cpu.Matrix;

/// <summary>The programs of <see cref="MachineCode"/> in memory of this process: written first, then executable and never writable again.</summary>
internal static unsafe partial class ExecutableCode
{
    private const int ReadWrite = 3, ReadExecute = 5, PrivateAnonymous = 0x22;
    private const uint CommitReserve = 0x3000, WindowsReadWrite = 4, WindowsReadExecute = 0x20;

    private static readonly Lazy<(Dictionary<string, nint>? Places, string? Problem)> _code = new(Load);

    /// <summary>Why there are none; null where there are.</summary>
    public static string? Problem => _code.Value.Problem;

    /// <summary>Where a program begins: a function of one address that gives a number.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The function. It must be over soon: the garbage collector waits for it.</returns>
    public static delegate* unmanaged[SuppressGCTransition]<void*, nint> Function(string name) =>
        (delegate* unmanaged[SuppressGCTransition]<void*, nint>)_code.Value.Places![name];

    /// <summary>Calls one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="argument">Its argument.</param>
    /// <returns>What it leaves in rax.</returns>
    public static nint Call(string name, void* argument) => Function(name)(argument);

    private static (Dictionary<string, nint>? Places, string? Problem) Load()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return (null, "the process is not of x86-64");
        bool windows = OperatingSystem.IsWindows();
        var offsets = new Dictionary<string, int>();
        var code = new List<byte>();
        foreach (string name in MachineCode.Names)
        {
            // Each from the beginning of a cache line on, with instructions that trap between.
            while (code.Count % 64 != 0)
                code.Add(0xCC);
            offsets[name] = code.Count;
            code.AddRange(MachineCode.Argument(windows));
            code.AddRange(MachineCode.Body(name));
        }

        try
        {
            nuint size = (nuint)code.Count;
            byte* memory = windows ? Windows(size, CollectionsMarshal.AsSpan(code)) : Unix(size, CollectionsMarshal.AsSpan(code));
            return memory == null
                ? (null, string.Create(CultureInfo.InvariantCulture, $"the system gives no executable memory (error {Marshal.GetLastPInvokeError()})"))
                : (offsets.ToDictionary(pair => pair.Key, pair => (nint)(memory + pair.Value)), null);
        }
        catch (Exception failure) when (failure is EntryPointNotFoundException or DllNotFoundException)
        {
            return (null, "the system's calls for executable memory were not found");
        }
    }

    private static byte* Unix(nuint size, ReadOnlySpan<byte> code)
    {
        nint memory = Map(0, size, ReadWrite, PrivateAnonymous, -1, 0);
        if (memory == -1)
            return null;
        code.CopyTo(new Span<byte>((void*)memory, code.Length));
        return Protect(memory, size, ReadExecute) == 0 ? (byte*)memory : null;
    }

    private static byte* Windows(nuint size, ReadOnlySpan<byte> code)
    {
        void* memory = VirtualAlloc(null, size, CommitReserve, WindowsReadWrite);
        if (memory == null)
            return null;
        code.CopyTo(new Span<byte>(memory, code.Length));
        uint before;
        return VirtualProtect(memory, size, WindowsReadExecute, &before) != 0 && FlushInstructionCache(-1, memory, size) != 0 ? (byte*)memory : null;
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial void* VirtualAlloc(void* address, nuint size, uint type, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualProtect(void* address, nuint size, uint protection, uint* before);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int FlushInstructionCache(nint process, void* address, nuint size);
}
