namespace EDA.Kernels.Cpu.Matrix;

/// <summary>
/// A precision with the unit that computes it: together they fix the bits, and have one name.
/// </summary>
/// <param name="Precision">What factors are rounded to.</param>
/// <param name="Unit">What multiplies; of no consequence for fp32.</param>
public sealed record MatrixChoice(CpuPrecision Precision, MatrixUnit Unit)
{
    /// <summary>No matrix unit.</summary>
    public static MatrixChoice Fp32 { get; } = new(CpuPrecision.Fp32, MatrixUnit.Managed);

    /// <summary>All that users may name, those for tests apart.</summary>
    public static IReadOnlyList<MatrixChoice> All { get; } =
    [
        Fp32,
        new(CpuPrecision.Bf16x3, MatrixUnit.Tiles), new(CpuPrecision.Bf16, MatrixUnit.Tiles),
        new(CpuPrecision.Bf16x3, MatrixUnit.DotProducts), new(CpuPrecision.Bf16, MatrixUnit.DotProducts),
    ];

    /// <summary>The name: fp32, bf16x3-amx, bf16-amx, bf16x3-dot, bf16-dot.</summary>
    public string Name => NameOf(Precision) + (Precision == CpuPrecision.Fp32 ? "" : Unit switch { MatrixUnit.Tiles => "-amx", MatrixUnit.DotProducts => "-dot", _ => "-plain" });

    /// <summary>Why this machine cannot compute so; null where it can.</summary>
    public string? Problem => Precision != CpuPrecision.Fp32 && MatrixUnits.Problem(Unit) is { } problem
        ? $"{Name} takes {(Unit == MatrixUnit.Tiles ? "AMX tiles" : "AVX512_BF16")}, and {problem}"
        : null;

    /// <summary>A precision's name, whatever computes it.</summary>
    public static string NameOf(CpuPrecision precision) => precision.ToString().ToLowerInvariant();

    /// <summary>The choice of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The choice; null where there is none.</returns>
    public static MatrixChoice? Find(string name) => All.FirstOrDefault(choice => choice.Name == name);

    /// <summary>What computes fastest here in a precision or a finer one: fp32 where no unit is faster.</summary>
    /// <param name="precision">The coarsest that will do.</param>
    /// <returns>The choice; this machine can compute so.</returns>
    public static MatrixChoice Best(CpuPrecision precision) =>
        precision == CpuPrecision.Fp32 ? Fp32
        : MatrixUnits.Problem(MatrixUnit.Tiles) is null ? new(precision, MatrixUnit.Tiles)
        : precision == CpuPrecision.Bf16 && MatrixUnits.DotProductsPay ? new(precision, MatrixUnit.DotProducts)
        : Fp32;
}
