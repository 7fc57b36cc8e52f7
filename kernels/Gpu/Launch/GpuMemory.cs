using System.Globalization;

namespace EDA.Kernels.Gpu;

/// <summary>What a run will take of a GPU's memory, told before it begins.</summary>
public static class GpuMemory
{
    /// <summary>
    /// The largest of pretraining, alignment and evaluation of a behavior and a policy, as the engine does them one after
    /// the other: parameters, gradients and moments, and the workspaces, which are nearly all of it. Data apart.
    /// </summary>
    /// <param name="shape">The network.</param>
    /// <param name="batch">The rows of a pretraining step.</param>
    /// <param name="states">The states of an alignment step.</param>
    /// <param name="candidates">K.</param>
    /// <param name="samples">The actions sampled at a time.</param>
    /// <param name="precision">Of matrix products: some arrays are half as large in fp16.</param>
    /// <returns>The bytes, to a few per cent.</returns>
    /// <exception cref="DeviceException">A step takes more than any device is given.</exception>
    public static long Training(BdmShape shape, int batch, int states, int candidates, int samples, GpuPrecision precision)
    {
        bool halves = precision == GpuPrecision.Fp16;
        int alignedStates = Math.Min(states, Math.Max(1, GpuSlab.Rows / candidates));
        int denoised = Math.Min(batch, GpuSlab.Rows), sampled = Math.Min(samples, GpuSlab.Rows);
        long parameters = sizeof(float) * (long)new BdmLayout(shape).Length;
        long pretraining = (4 * parameters) + BdmBuffers.Bytes(shape, BdmPurpose.Denoising, denoised, denoised, halves);
        long alignment = (5 * parameters) + BdmBuffers.Bytes(shape, BdmPurpose.Alignment, alignedStates * candidates, alignedStates, halves);
        long evaluation = 2 * (parameters + BdmBuffers.Bytes(shape, BdmPurpose.Score, sampled, sampled, halves) + BdmBuffers.Bytes(shape, BdmPurpose.Density, GpuSlab.Rows, GpuSlab.Rows, halves));
        return Math.Max(pretraining, Math.Max(alignment, evaluation));
    }

    /// <summary>A number of bytes for people.</summary>
    /// <param name="bytes">The number.</param>
    /// <returns>For instance 139.8 GiB.</returns>
    public static string Text(long bytes) =>
        bytes < 1 << 30 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0} MiB") : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB");
}
