using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>How large the stages are that the engine and another program repeat with the same numbers.</summary>
/// <param name="Shape">The diffusion model, with states; critics have its width.</param>
/// <param name="Rows">Pairs of a pretraining step, and transitions of a critic's.</param>
/// <param name="States">States of an alignment step, and of sampling.</param>
/// <param name="Candidates">K.</param>
/// <param name="Transitions">Rows of the critics' dataset.</param>
public sealed record AgreementSize(BdmShape Shape, int Rows, int States, int Candidates, int Transitions)
{
    /// <summary>The published networks of locomotion, with batches that end within a minute or two.</summary>
    public static AgreementSize Published { get; } = new(new BdmShape(17, 6), 256, 16, 16, 4096);

    /// <summary>What the stand-in for a GPU gets through.</summary>
    public static AgreementSize Small { get; } = new(new BdmShape(3, 2, 32, 1), 8, 3, 4, 64);
}
