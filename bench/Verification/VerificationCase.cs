using EDA.Bench.Kernels;
using EDA.Kernels;

namespace EDA.Bench.Verification;

/// <summary>A problem that two devices work out, to be compared.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">The network.</param>
/// <param name="Rows">Rows of density, score and denoising.</param>
/// <param name="States">States of gaps, alignment and sampling, and transitions of a critic's step.</param>
/// <param name="Candidates">K.</param>
public sealed record VerificationCase(string Name, BdmShape Shape, int Rows, int States, int Candidates)
{
    /// <summary>What the stand-in for a GPU gets through in seconds: with and without states, sizes that fill no tile.</summary>
    public static IReadOnlyList<VerificationCase> Small { get; } =
    [
        new("state3-action2", new BdmShape(3, 2, 32, 1), 7, 5, 3),
        new("bandit", new BdmShape(0, 2, 64, 2), 33, 3, 7),
    ];

    /// <summary>Those, and the published sizes, a width that fills no tile, and a batch of several slabs.</summary>
    public static IReadOnlyList<VerificationCase> Large { get; } =
    [
        .. Small,
        new("locomotion", new BdmShape(17, 6), 2048, 256, 16),
        new("width-160", new BdmShape(11, 3, 160, 2), 1001, 77, 5),
        new("several-slabs", new BdmShape(5, 3, 96, 1), 9001, 650, 14),
    ];

    /// <summary>The steps that it is made of.</summary>
    internal WorkloadSize Size => new(Shape, Rows, States, Candidates, Rows, States, States);
}
