using EDA.Kernels;

namespace EDA.Host.Devices;

/// <summary>What stands for NVIDIA GPUs in a build without ILGPU: none.</summary>
internal static class CudaDevices
{
    public const bool AreBuiltIn = false;

    public static string? Problem => null;

    public static IReadOnlyList<(string Name, string Description)> All => [];

    public static IReadOnlyList<(string Name, string Description)> Unusable => [];

    public static IDevice Open(int number, string precision, bool hasGraphs) => throw new NotSupportedException("this build is without ILGPU");

    public static void RequireMemory(IDevice device, long needed)
    {
    }
}
