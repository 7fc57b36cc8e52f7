namespace EDA.Kernels.Cpu;

/// <summary>
/// Hands out consecutive parts of a record, each starting on a cache line. Where memory is guarded each part ends at a
/// protected page, unless the layout is <see cref="Contiguous"/>.
/// </summary>
internal struct RecordLayout
{
    private bool _contiguous;
    private List<GuardedPart>? _parts;

    /// <summary>A layout whose parts are also read in one go, from the first to the last: nothing stands between them.</summary>
    public static RecordLayout Contiguous => new() { _contiguous = true };

    /// <summary>Floats handed out so far.</summary>
    public long Length { get; private set; }

    /// <summary>
    /// The distance between records: not a multiple of a page, or the same part of all records would compete for the
    /// same few sets of the first-level cache.
    /// </summary>
    public readonly long Stride
    {
        get
        {
            if (_parts is not null)
                return Length;
            const int line = 16;
            const int page = 1024;
            long remainder = Length % page;
            long wanted = 5 * line;
            return Length + (((wanted - remainder) % page) + page) % page;
        }
    }

    /// <summary>The parts between forbidden pages; none where memory is not guarded.</summary>
    public readonly IReadOnlyList<GuardedPart> Parts => (IReadOnlyList<GuardedPart>?)_parts ?? [];

    /// <summary>Hands out the next part.</summary>
    /// <param name="floats">Its floats.</param>
    /// <returns>Where it begins in the record.</returns>
    public long Take(long floats)
    {
        long lines = (floats + 15) & ~15L;
        if (GuardedPages.IsOn && !_contiguous)
            return TakeGuarded(floats, lines);
        long offset = Length;
        Length += lines;
        return offset;
    }

    private long TakeGuarded(long floats, long lines)
    {
        long page = GuardedPages.PageFloats;
        long end = Length + ((lines + page - 1) / page * page);
        (_parts ??= []).Add(new GuardedPart(Length, end - lines, end - lines + floats, end));
        Length = end + page;
        return end - lines;
    }
}

/// <summary>A part of a record on pages of its own; the page from <paramref name="PagesEnd"/> on is forbidden.</summary>
/// <param name="PagesStart">Where its pages begin.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="End">Where it ends, in the last cache line of its pages.</param>
/// <param name="PagesEnd">Where its pages end.</param>
internal readonly record struct GuardedPart(long PagesStart, long Start, long End, long PagesEnd);
