namespace EDA.Tests.Software;

/// <summary>Memory of a group.</summary>
public static class SharedMemory
{
    /// <summary>Memory that the items of a group share; each place in the code that asks has its own. It starts as NaN (all bits set).</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="extent">The number of elements, a constant.</param>
    /// <returns>The memory.</returns>
    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged => throw ItemContext.OutsideKernel("SharedMemory.Allocate");
}
