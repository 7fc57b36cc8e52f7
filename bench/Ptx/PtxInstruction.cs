namespace EDA.Bench.Ptx;

/// <summary>Does an instruction for some lanes of a warp.</summary>
/// <param name="warp">The warp.</param>
/// <param name="instruction">The instruction.</param>
/// <param name="lanes">The lanes, a bit each: those that stand here and whose guard holds; never none.</param>
public delegate void PtxStep(PtxWarp warp, in PtxInstruction instruction, uint lanes);

/// <summary>
/// A decoded instruction. Operands are places in the warp's register file, in bytes, constants and special registers
/// included: whatever the instruction reads it reads from there.
/// </summary>
public struct PtxInstruction
{
    /// <summary>What it does.</summary>
    public PtxStep Step;

    /// <summary>The result.</summary>
    public int Result;

    /// <summary>The operands, in the order they are written.</summary>
    public int A, B, C, D;

    /// <summary>The predicate that guards it; -1 for none.</summary>
    public int Guard;

    /// <summary>Whether it is done where the predicate does not hold.</summary>
    public bool IsGuardNegated;

    /// <summary>What is added to the address.</summary>
    public long Offset;

    /// <summary>A number in the instruction.</summary>
    public int Number;

    /// <summary>Where it branches to.</summary>
    public int Target;

    /// <summary>Where lanes that part here meet again.</summary>
    public int Meeting;

    /// <summary>The registers of operands in braces, one after the other.</summary>
    public int[] Registers;

    /// <summary>Its line in the text.</summary>
    public int Line;

    /// <summary>The text.</summary>
    public string Text;
}
