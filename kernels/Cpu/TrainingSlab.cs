namespace EDA.Kernels.Cpu;

/// <summary>The rows whose activations are kept at once in a training step.</summary>
internal static class TrainingSlab
{
    /// <summary>
    /// Rows in a slab. It fixes the order in which a weight gradient's terms are added, so it depends on neither the
    /// number of threads nor the machine; at H = 256 with 3 blocks, 2048 rows keep 126 MiB.
    /// </summary>
    public const int Rows = 2048;
}
