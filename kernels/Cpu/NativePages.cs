using System.Runtime.InteropServices;

namespace EDA.Kernels.Cpu;

/// <summary>
/// Memory the garbage collector never sees, aligned to a cache line. What is larger than a huge page is aligned
/// to one and, on Linux, asked to be made of them: a record of a training step is written and read all over its
/// 126 MiB, and a weight matrix streams through every tile, far more pages of 4 KiB than a processor remembers.
/// </summary>
internal static unsafe partial class NativePages
{
    private const nuint CacheLine = 64;
    private const nuint HugePage = 2 << 20;
    private const int AdviseHugePages = 14;

    /// <summary>Allocates.</summary>
    /// <param name="bytes">How much, at least 1.</param>
    /// <param name="zeroed">Whether the caller counts on zeros; they are there anyway unless memory is guarded.</param>
    /// <returns>The first byte; to be given back with <see cref="Free"/>.</returns>
    public static void* Allocate(nuint bytes, bool zeroed)
    {
        if (GuardedPages.IsOn)
            return GuardedPages.Allocate(bytes, CacheLine, zeroed);
        bool huge = bytes >= HugePage && OperatingSystem.IsLinux();
        void* memory = AlignedAllocate(bytes, huge ? HugePage : CacheLine);
        if (huge)
            Advise(memory, bytes);
        NativeMemory.Clear(memory, bytes);
        return memory;
    }

    /// <summary>Gives memory back.</summary>
    /// <param name="memory">What <see cref="Allocate"/> gave; null for nothing.</param>
    public static void Free(void* memory)
    {
        if (GuardedPages.IsOn)
            GuardedPages.Free(memory);
        else
            NativeMemory.AlignedFree(memory);
    }

    private static void* AlignedAllocate(nuint bytes, nuint alignment)
    {
        try
        {
            return NativeMemory.AlignedAlloc(bytes, alignment);
        }
        catch (OutOfMemoryException error)
        {
            throw new MemoryShortException("an array of the device", checked((long)bytes), error);
        }
    }

    // Advice: where the system has no huge pages to give, or none of this call, ordinary pages do.
    private static void Advise(void* memory, nuint bytes)
    {
        try
        {
            _ = Madvise(memory, bytes & ~(HugePage - 1), AdviseHugePages);
        }
        catch (EntryPointNotFoundException)
        {
        }
        catch (DllNotFoundException)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* address, nuint length, int advice);
}
