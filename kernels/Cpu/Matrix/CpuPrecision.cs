namespace EDA.Kernels.Cpu.Matrix;

/// <summary>What the factors of matrix products are rounded to on the CPU. Sums, and all that is not a matrix product, are fp32.</summary>
public enum CpuPrecision
{
    /// <summary>Not at all.</summary>
    Fp32,

    /// <summary>Two bf16 each, whose sum has 16 bits of significand; three of four products of the parts are summed.</summary>
    Bf16x3,

    /// <summary>One bf16, of 8 bits of significand.</summary>
    Bf16,
}
