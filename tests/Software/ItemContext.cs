namespace EDA.Tests.Software;

/// <summary>Which item this thread is running, and of what.</summary>
internal static class ItemContext
{
    [ThreadStatic]
    internal static int ItemX;

    [ThreadStatic]
    internal static int GroupSizeX;

    [ThreadStatic]
    internal static int GroupX;

    [ThreadStatic]
    internal static int GroupY;

    [ThreadStatic]
    internal static int GroupZ;

    [ThreadStatic]
    internal static int GridX;

    [ThreadStatic]
    internal static int GridY;

    [ThreadStatic]
    internal static int GridZ;

    [ThreadStatic]
    internal static GroupMemory? Memory;

    [ThreadStatic]
    internal static TensorRegisters? Registers;

    [ThreadStatic]
    internal static HalfRegisters? Halves;

    [ThreadStatic]
    internal static AsyncCopies? Copies;

    /// <summary>For the end of a message: who did it. Empty outside a kernel.</summary>
    internal static string Describe() => Memory is null ? string.Empty : $" (item {ItemX} of group ({GroupX}, {GroupY}, {GroupZ}))";

    internal static InvalidOperationException OutsideKernel(string what) =>
        new($"{what} works only in a kernel that {nameof(SoftwareKernel)} runs, called directly or through static methods of it");
}
