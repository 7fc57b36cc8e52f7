using System.Runtime.CompilerServices;

namespace EDA.Kernels.Cpu;

/// <summary>
/// The terms of a panel product's sum: runs of consecutive ones, each run of both operands a fixed way after the one
/// before. There may be a second pair of operands, whose terms go into the same sum, each run after the first pair's.
/// </summary>
/// <param name="a">The broadcast operand of the first feature and term.</param>
/// <param name="aJump">Floats from one run of terms to the next in a.</param>
/// <param name="b">The vector operand, [depth][32].</param>
/// <param name="bJump">Floats from one run of terms to the next in b.</param>
/// <param name="runs">Runs of terms.</param>
/// <param name="depth">Terms in a run.</param>
internal readonly unsafe struct PanelTerms(float* a, long aJump, float* b, long bJump, int runs, int depth)
{
    private readonly float* _a = a;
    private readonly float* _b = b;
    private readonly long _aJump = aJump;
    private readonly long _bJump = bJump;

    /// <summary>Runs of terms.</summary>
    public int Runs { get; } = runs;

    /// <summary>Terms in a run.</summary>
    public int Depth { get; } = depth;

    /// <summary>1, or 2 with a second pair of operands.</summary>
    public int Pairs { get; init; } = 1;

    /// <summary>Floats from a to that of the second pair.</summary>
    public long SecondA { get; init; }

    /// <summary>Floats from b to that of the second pair.</summary>
    public long SecondB { get; init; }

    /// <summary>The broadcast operand of a run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* A(int run, int pair) => _a + (run * _aJump) + (pair * SecondA);

    /// <summary>The vector operand of a run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* B(int run, int pair) => _b + (run * _bJump) + (pair * SecondB);

    /// <summary>The same terms of other features and rows.</summary>
    /// <param name="a">Floats to add to a.</param>
    /// <param name="b">Floats to add to b.</param>
    public PanelTerms Shifted(int a, int b) =>
        new(_a + a, _aJump, _b + b, _bJump, Runs, Depth) { Pairs = Pairs, SecondA = SecondA, SecondB = SecondB };
}
