using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace EDA.Kernels.Cpu;

/// <summary>
/// Memory that a tile of a product fetches into the second-level cache while it multiplies, a few cache lines at each
/// run of terms: what comes after the tile, out of places that the processor's own prefetching does not guess. It is a
/// hint: an address may lie past an array's end.
/// </summary>
/// <param name="place">What is fetched at the first run.</param>
/// <param name="jump">Floats from what one run fetches to what the next does.</param>
/// <param name="lines">Cache lines a run.</param>
internal unsafe struct Fetch(float* place, long jump, int lines)
{
    private const int Line = 16;

    private readonly long _jump = jump;
    private readonly int _lines = lines;
    private float* _place = place;

    /// <summary>The cache lines of some floats.</summary>
    public static int Lines(int floats) => (floats + Line - 1) / Line;

    /// <summary>One array in equal shares.</summary>
    /// <param name="array">The array.</param>
    /// <param name="length">Its floats.</param>
    /// <param name="runs">The runs of terms.</param>
    public static Fetch Array(float* array, int length, int runs)
    {
        int lines = (Lines(length) + runs - 1) / runs;
        return new Fetch(array, lines * Line, lines);
    }

    /// <summary>One of several equal parts of what comes a fixed way after a tile's operand, run by run.</summary>
    /// <param name="place">What comes after the first run's operand.</param>
    /// <param name="jump">Floats from one run's operand to the next.</param>
    /// <param name="lines">Cache lines of all parts.</param>
    /// <param name="part">Which part.</param>
    /// <param name="parts">The number of parts.</param>
    public static Fetch Part(float* place, long jump, int lines, int part, int parts)
    {
        int share = (lines + parts - 1) / parts;
        return new Fetch(place + (part * share * Line), jump, share);
    }

    /// <summary>Fetches an array now, into all caches.</summary>
    /// <param name="array">The array, wherever it starts.</param>
    /// <param name="length">Its floats, at least 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void All(float* array, int length)
    {
        if (!Sse.IsSupported)
            return;
        for (int i = 0; i < length; i += Line)
            Sse.Prefetch0(array + i);
        Sse.Prefetch0(array + length - 1);
    }

    /// <summary>Fetches the shares of one run of terms.</summary>
    /// <param name="fetch">What to fetch; moved on to the next run.</param>
    /// <param name="count">How many those are.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Next(Fetch* fetch, int count)
    {
        if (!Sse.IsSupported)
            return;
        for (Fetch* end = fetch + count; fetch < end; fetch++)
        {
            float* from = fetch->_place;
            for (int i = 0; i < fetch->_lines; i++)
                Sse.Prefetch1(from + (i * Line));
            fetch->_place = from + fetch->_jump;
        }
    }
}
