namespace EDA.Tests.Software;

/// <summary>
/// Copies that have been sent for and are not waited for yet, of every item of a group. On a GPU one may arrive at any moment
/// in between: what stood at its destination is lost at once, and what it brings is not there before the wait.
/// </summary>
/// <param name="items">The items of a group.</param>
internal sealed unsafe class AsyncCopies(int items)
{
    private const int WordBytes = 4;

    private List<Copy>[]? _open;
    private int[]? _groups;

    private readonly record struct Copy(nint Destination, nint Source, int Length, int Count, int Group);

    /// <summary>Forgets what the last group left.</summary>
    public void Clear()
    {
        if (_open is null)
            return;
        foreach (var open in _open)
            open.Clear();
        _groups.AsSpan().Clear();
    }

    /// <summary>Sends for some floats.</summary>
    /// <param name="item">Who does.</param>
    /// <param name="destination">Where all of them go.</param>
    /// <param name="source">The memory they come from.</param>
    /// <param name="from">Where they begin in it.</param>
    /// <param name="count">How many come; the others become zeros.</param>
    /// <exception cref="InvalidOperationException">Destination or source is not aligned to as many bytes as are copied.</exception>
    public void Send(int item, ArrayView<float> destination, ArrayView<float> source, int from, int count)
    {
        int length = destination.IntLength;
        if (count < 0 || count > length)
            throw new InvalidOperationException($"a copy of {count} of {length} floats{ItemContext.Describe()}");
        nint to = Address(destination), start = count == 0 ? 0 : Address(source.SubView(from, count));
        if (to % (WordBytes * length) != 0 || start % (WordBytes * length) != 0)
            throw new InvalidOperationException($"an asynchronous copy of {WordBytes * length} bytes is not aligned to as many{ItemContext.Describe()}");
        new Span<float>((void*)to, length).Fill(float.NaN);
        if (_open is null)
            (_open, _groups) = ([.. Enumerable.Range(0, items).Select(_ => new List<Copy>())], new int[items]);
        _open[item].Add(new Copy(to, start, length, count, _groups![item]));
    }

    /// <summary>Ends an item's group of copies.</summary>
    public void Commit(int item)
    {
        if (_groups is not null)
            _groups[item]++;
    }

    /// <summary>Delivers an item's groups but for the last ones.</summary>
    /// <param name="item">The item.</param>
    /// <param name="last">How many may stay open.</param>
    public void WaitForAllBut(int item, int last)
    {
        if (_open is null)
            return;
        var open = _open[item];
        int kept = 0;
        for (int i = 0; i < open.Count; i++)
        {
            var copy = open[i];
            if (copy.Group >= _groups![item] - last)
            {
                open[kept++] = copy;
                continue;
            }

            var destination = new Span<float>((void*)copy.Destination, copy.Length);
            destination.Clear();
            new Span<float>((void*)copy.Source, copy.Count).CopyTo(destination);
        }

        open.RemoveRange(kept, open.Count - kept);
    }

    private static nint Address(ArrayView<float> view)
    {
        fixed (float* start = &view[0])
            return (nint)start;
    }
}
