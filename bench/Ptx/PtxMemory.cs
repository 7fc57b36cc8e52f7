namespace EDA.Bench.Ptx;

/// <summary>The arrays of a state space, by address: no access outside of all of them, or across the end of one, is let through.</summary>
public sealed unsafe class PtxMemory
{
    private readonly List<(ulong Start, ulong End)> _arrays = [];
    private ulong _start;
    private ulong _end;

    /// <summary>What is added to an address to find the byte in the host's memory.</summary>
    public byte* Origin { get; set; }

    /// <summary>Adds an array.</summary>
    /// <param name="start">Its address.</param>
    /// <param name="length">Its bytes.</param>
    public void Add(ulong start, ulong length)
    {
        int at = ~_arrays.BinarySearch((start, start + length));
        _arrays.Insert(at, (start, start + length));
        (_start, _end) = (0, 0);
    }

    /// <summary>Takes an array away; later accesses are errors.</summary>
    /// <param name="start">Its address.</param>
    public void Remove(ulong start)
    {
        _arrays.RemoveAll(array => array.Start == start);
        (_start, _end) = (0, 0);
    }

    /// <summary>Some bytes.</summary>
    /// <param name="address">The first one's address.</param>
    /// <param name="size">How many.</param>
    /// <returns>Where they are; null where they are not all in one array.</returns>
    public byte* Find(ulong address, uint size)
    {
        // Most accesses are in the array of the one before.
        if ((address >= _start && address < _end && size <= _end - address) || FindArray(address, size))
            return Origin + address;
        return null;
    }

    private bool FindArray(ulong address, uint size)
    {
        int low = 0, high = _arrays.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_arrays[middle].Start <= address)
                low = middle + 1;
            else
                high = middle;
        }

        if (low == 0)
            return false;
        (_start, _end) = _arrays[low - 1];
        return address < _end && size <= _end - address;
    }
}
