using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>The host's memory for managed arrays.</summary>
internal static class HostMemory
{
    /// <summary>Makes an array that may be too large for this machine.</summary>
    /// <typeparam name="T">Its elements.</typeparam>
    /// <param name="count">How many.</param>
    /// <param name="what">What it is for, in words.</param>
    /// <returns>The array, zeroed.</returns>
    /// <exception cref="MemoryShortException">There is no room for it.</exception>
    public static unsafe T[] Allocate<T>(long count, string what)
        where T : unmanaged
    {
        try
        {
            return new T[count];
        }
        catch (OutOfMemoryException error)
        {
            throw new MemoryShortException(what, checked(count * sizeof(T)), error);
        }
    }

    /// <summary>
    /// Gives back to the system what unreferenced arrays took. The collector would do so when arrays need
    /// room, but a device's memory is none of its business: a dataset's would wait for it all through a training.
    /// </summary>
    public static void GiveBack() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
