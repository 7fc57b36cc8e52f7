using System.Runtime.CompilerServices;

namespace EDA.Kernels.Cpu;

/// <summary>Turns the arrays of a call into pointers, and refuses those that are too short or live elsewhere.</summary>
internal static unsafe class CpuArguments
{
    /// <summary>The elements of an array that must hold at least <paramref name="needed"/>.</summary>
    public static T* Pointer<T>(DeviceArray<T> array, long needed)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array is not CpuArray<T> mine)
            throw new ArgumentException($"the array is a {array.GetType().Name}, not one of the CPU device", nameof(array));
        ObjectDisposedException.ThrowIf(mine.Pointer == null, array);
        if (needed < 0 || array.Length < needed)
            throw new ArgumentException($"the array holds {array.Length} elements; the operation needs {needed}", nameof(array));
        return mine.Pointer;
    }

    /// <summary>Refuses counts below one.</summary>
    public static int AtLeastOne(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return count;
    }

    /// <summary>
    /// Keeps the arrays of a call alive up to here: once only its pointer is used, an array that is not disposed of could be
    /// finalised, and its memory freed, in the middle of an operation.
    /// </summary>
    /// <param name="owner">Whose workspace the operation uses.</param>
    /// <param name="call">The arguments.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void KeepAlive<TCall>(object owner, in TCall call)
        where TCall : struct
    {
    }
}
