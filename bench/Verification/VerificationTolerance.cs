namespace EDA.Bench.Verification;

/// <summary>How far a device may be from the CPU's float32, relative in norm.</summary>
/// <param name="Gradient">Gradients, and parameters after some steps.</param>
/// <param name="Value">Densities, scores, losses.</param>
/// <param name="Difference">What is a difference of values a few times its size: gaps.</param>
/// <param name="Sample">Actions at the end of a solver's 15 evaluations.</param>
public sealed record VerificationTolerance(double Gradient, double Value, double Difference, double Sample)
{
    /// <summary>Of multiply-adds in float32.</summary>
    public static VerificationTolerance Fp32 { get; } = new(1e-4, 2e-5, 1e-4, 1e-4);

    /// <summary>Of products of 10-bit mantissas.</summary>
    public static VerificationTolerance Tf32 { get; } = new(3e-3, 3e-3, 1.2e-2, 6e-3);

    /// <summary>Of products of 7-bit mantissas.</summary>
    public static VerificationTolerance Bf16 { get; } = new(2e-2, 2e-2, 8e-2, 4e-2);

    /// <summary>Of products of two 7-bit mantissas each, 16 bits in all.</summary>
    public static VerificationTolerance Bf16x3 { get; } = new(1e-4, 6e-5, 3e-4, 3e-4);

    /// <summary>That of a precision.</summary>
    /// <param name="precision">fp32, tf32, fp16, bf16x3 or bf16; which of the CPU's units computes it may follow.</param>
    /// <returns>The tolerance.</returns>
    public static VerificationTolerance Of(string precision) => precision.Split('-')[0] switch
    {
        "tf32" or "fp16" => Tf32,
        "bf16x3" => Bf16x3,
        "bf16" => Bf16,
        _ => Fp32,
    };
}
