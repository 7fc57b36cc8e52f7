namespace EDA.Kernels.Cpu;

/// <summary>Where a CPU device's arrays stand in memory: the door for another library that works on them in place.</summary>
public static class CpuMemory
{
    /// <summary>Whether an array is a CPU device's.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="array">The array.</param>
    /// <returns>True where <see cref="Address"/> has an answer.</returns>
    public static bool Holds<T>(DeviceArray<T> array)
        where T : unmanaged => array is CpuArray<T>;

    /// <summary>
    /// The address of an array's first element. The memory stays where it is until the array is disposed of or collected:
    /// keeping the address keeps the array alive.
    /// </summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="array">An array of a CPU device.</param>
    /// <param name="needed">The elements that are going to be looked at.</param>
    /// <returns>The address; a whole array's is a multiple of 64.</returns>
    /// <exception cref="ArgumentException">The array holds fewer elements, or lives on another device.</exception>
    /// <exception cref="ObjectDisposedException">The array was disposed of.</exception>
    public static unsafe nint Address<T>(DeviceArray<T> array, long needed)
        where T : unmanaged => (nint)CpuArguments.Pointer(array, needed);
}
