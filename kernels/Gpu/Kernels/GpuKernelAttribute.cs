namespace EDA.Kernels.Gpu;

/// <summary>Marks the entry point of an explicitly grouped kernel.</summary>
/// <param name="groupSize">The number of items in a group, which the kernel is written for.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GpuKernelAttribute(int groupSize) : Attribute
{
    /// <summary>The number of items in a group, which the kernel is written for.</summary>
    public int GroupSize { get; } = groupSize;
}
