namespace EDA.Kernels.Cpu.Matrix;

/// <summary>What multiplies bf16 numbers with fp32 sums on the CPU.</summary>
public enum MatrixUnit
{
    /// <summary>Plain code, on every machine: for tests, far slower than products in fp32.</summary>
    Managed,

    /// <summary>Dot products of pairs in vectors, AVX512_BF16: twice the rate of fp32 multiply-adds on AMD Zen 5, half of it on Intel's Emerald Rapids.</summary>
    DotProducts,

    /// <summary>Tiles of 16 × 32 numbers, AMX: Intel since Sapphire Rapids.</summary>
    Tiles,
}
