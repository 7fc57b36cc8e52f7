using System.Collections.Concurrent;
using System.ComponentModel;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EDA.Kernels.Cpu;

/// <summary>
/// Native memory between forbidden pages, for a run that looks for errors of memory: a read or write past a
/// buffer, or after it was given back, dies on the spot, with the kernel's name on standard error. A buffer ends at a
/// protected page and has another before its first page. What a buffer leaves over of its own pages holds a
/// pattern that reads as NaN, and is looked at when the buffer is given back. Linux only; see
/// <see cref="CpuOptions.GuardVariable"/>.
/// </summary>
internal static unsafe partial class GuardedPages
{
    private const int NoAccess = 0;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private const int AdviseDontNeed = 4;
    private const byte Pattern = 0xFF;

    // Memory that was given back stays forbidden for so long, so that a late access does not hit another buffer.
    private const int MostInQuarantine = 256;

    private static readonly string? _wanted = Environment.GetEnvironmentVariable(CpuOptions.GuardVariable);
    private static readonly nuint _page = (nuint)Environment.SystemPageSize;
    private static readonly ConcurrentDictionary<nint, Region> _regions = [];
    private static readonly ConcurrentQueue<Region> _quarantine = [];

    /// <summary>Whether memory is guarded.</summary>
    public static readonly bool IsOn = OperatingSystem.IsLinux() && (_wanted == "1" || IsExact);

    /// <summary>The floats of a page.</summary>
    public static long PageFloats => (long)_page / sizeof(float);

    // Whether a buffer ends at its last element, rather than at the last cache line of it, and so begins anywhere.
    private static bool IsExact => _wanted == "exact";

    /// <summary>Refuses a value of the variable that means nothing, or nothing here.</summary>
    /// <exception cref="ArgumentException">It does.</exception>
    public static void RequireKnown()
    {
        if (string.IsNullOrEmpty(_wanted) || IsOn)
            return;
        throw new ArgumentException(_wanted is "1" or "exact"
            ? $"{CpuOptions.GuardVariable} is '{_wanted}'; guard pages are there on Linux only"
            : $"{CpuOptions.GuardVariable} is '{_wanted}'; allowed are 1, exact");
    }

    /// <summary>Allocates.</summary>
    /// <param name="bytes">How much, at least 1.</param>
    /// <param name="alignment">Of the first byte, unless ends are exact.</param>
    /// <param name="zeroed">Whether it is zeros, rather than NaN.</param>
    /// <returns>The first byte; to be given back with <see cref="Free"/>.</returns>
    public static void* Allocate(nuint bytes, nuint alignment, bool zeroed)
    {
        nuint own = RoundUp(IsExact ? bytes : RoundUp(bytes, alignment), _page);
        nuint mapped = own + (2 * _page);
        nint start = Map(0, mapped, NoAccess, PrivateAnonymous, -1, 0);
        if (start == -1)
            throw OutOfMemory(mapped);
        nint pages = start + (nint)_page;
        if (Protect(pages, own, ReadWrite) != 0)
            throw OutOfMemory(mapped);
        nint first = pages + (nint)(own - (IsExact ? bytes : RoundUp(bytes, alignment)));
        NativeMemory.Fill((void*)pages, own, Pattern);
        if (zeroed)
            NativeMemory.Clear((void*)first, bytes);
        _regions[first] = new Region(start, mapped, pages, own, bytes);
        return (void*)first;
    }

    /// <summary>Forbids a page in the middle of a buffer.</summary>
    /// <param name="first">Its first byte.</param>
    public static void ForbidPage(void* first)
    {
        if (Protect((nint)first, _page, NoAccess) != 0)
            throw OutOfMemory(_page);
    }

    /// <summary>Fills the bytes outside the buffer.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="end">One past the last.</param>
    public static void FillPattern(void* first, void* end) => new Span<byte>(first, (int)((byte*)end - (byte*)first)).Fill(Pattern);

    /// <summary>Ends the program if bytes outside the buffer were written.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="where">Where they stand.</param>
    public static void RequirePattern(void* first, void* end, string where)
    {
        int written = new ReadOnlySpan<byte>(first, (int)((byte*)end - (byte*)first)).IndexOfAnyExcept(Pattern);
        if (written >= 0)
            Die(string.Create(CultureInfo.InvariantCulture, $"byte {written} of the {(byte*)end - (byte*)first} {where} was written"));
    }

    /// <summary>Gives memory back, having looked whether anything was written beside it.</summary>
    /// <param name="first">What <see cref="Allocate"/> gave; null for nothing.</param>
    public static void Free(void* first)
    {
        if (first == null)
            return;
        if (!_regions.TryRemove((nint)first, out var region))
            Die(string.Create(CultureInfo.InvariantCulture, $"memory at {(nint)first:x} was given back twice, or is no buffer's"));
        RequirePattern((void*)region.Pages, first, string.Create(CultureInfo.InvariantCulture, $"before a buffer of {region.Bytes} bytes"));
        RequirePattern((byte*)first + region.Bytes, (byte*)region.Pages + region.Own, string.Create(CultureInfo.InvariantCulture, $"past a buffer of {region.Bytes} bytes"));
        Protect(region.Pages, region.Own, NoAccess);
        Advise(region.Pages, region.Own, AdviseDontNeed);
        _quarantine.Enqueue(region);
        if (_quarantine.Count > MostInQuarantine && _quarantine.TryDequeue(out var oldest))
            Unmap(oldest.Start, oldest.Mapped);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Die(string what) => Environment.FailFast($"{CpuOptions.GuardVariable}: {what}");

    private static nuint RoundUp(nuint bytes, nuint unit) => checked(bytes + unit - 1) / unit * unit;

    private static OutOfMemoryException OutOfMemory(nuint bytes) =>
        new($"{CpuOptions.GuardVariable}: no {bytes} bytes between guard pages ({new Win32Exception(Marshal.GetLastPInvokeError()).Message}; each buffer takes several of the system's vm.max_map_count)");

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    // What is mapped, the pages of it that may be touched, and the bytes that were asked for.
    private readonly record struct Region(nint Start, nuint Mapped, nint Pages, nuint Own, nuint Bytes);
}
