namespace EDA.Bench.Sass;

/// <summary>What executes an instruction once it is issued.</summary>
public enum SassPipe
{
    /// <summary>Nothing that could be short: control, uniform registers, barriers.</summary>
    None,

    /// <summary>Float multiply-adds.</summary>
    Multiply,

    /// <summary>Integers, comparisons, moves.</summary>
    Integer,

    /// <summary>Reciprocals, roots and most conversions.</summary>
    Special,

    /// <summary>Double precision.</summary>
    Double,

    /// <summary>Tensor cores.</summary>
    Tensor,

    /// <summary>Loads, stores, shuffles: one for the whole multiprocessor.</summary>
    Memory,
}

/// <summary>A class of instructions: how a table counts them and what they cost.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Pipe">What executes them.</param>
/// <param name="Cycles">How long one of a warp keeps that busy: of its scheduler's, and of a multiprocessor's for memory, where each pass counts as well.</param>
/// <param name="Latency">Cycles until its result is there, where a scoreboard tells.</param>
public sealed record SassClass(string Name, SassPipe Pipe, double Cycles, double Latency)
{
    // Of a tensor core's peak, what mma.sync reaches on Hopper (arXiv 2402.13499).
    private const double MmaShare = 0.62;

    private static readonly SassClass Mma = new("HMMA", SassPipe.Tensor, 4 / MmaShare, 33);
    private static readonly SassClass Float = new("float", SassPipe.Multiply, 1, 4);
    private static readonly SassClass Integer = new("integer", SassPipe.Integer, 2, 5);
    private static readonly SassClass Move = new("move", SassPipe.Integer, 2, 5);
    private static readonly SassClass Multiply = new("integer", SassPipe.Multiply, 2, 5);
    private static readonly SassClass MoveByMultiply = new("move", SassPipe.Multiply, 2, 5);
    private static readonly SassClass Special = new("special", SassPipe.Special, 8, 20);
    private static readonly SassClass Double = new("double", SassPipe.Double, 2, 8);
    private static readonly SassClass SharedAccess = new("shared", SassPipe.Memory, 1, 29);
    private static readonly SassClass GlobalAccess = new("global", SassPipe.Memory, 1, 479);
    private static readonly SassClass Copy = new("copy", SassPipe.Memory, 1, 479);
    private static readonly SassClass Shuffle = new("shuffle", SassPipe.Memory, 1, 24);
    private static readonly SassClass Constant = new("control", SassPipe.None, 0, 40);
    private static readonly SassClass Control = new("control", SassPipe.None, 0, 20);

    /// <summary>The columns of a table of counts.</summary>
    public static IReadOnlyList<string> Names { get; } = ["HMMA", "float", "integer", "move", "special", "double", "shared", "global", "copy", "shuffle", "control"];

    /// <summary>An instruction's class.</summary>
    /// <param name="instruction">The instruction.</param>
    public static SassClass Of(SassInstruction instruction) => instruction.Stem switch
    {
        "HMMA" => Mma,
        "FFMA" or "FADD" or "FMUL" => Float,
        "FFMA2" or "HFMA2" or "HADD2" or "HMUL2" => Float,
        "DADD" or "DFMA" or "DMUL" or "DSETP" => Double,
        "MUFU" or "I2F" or "F2I" or "F2F" or "FRND" or "I2FP" => Special,
        "IMAD" => instruction.Name.Contains(".MOV", StringComparison.Ordinal) || instruction.Name is "IMAD.U32" ? MoveByMultiply : Multiply,
        "MOV" or "SEL" or "FSEL" or "PRMT" or "R2P" or "P2R" or "CS2R" => Move,
        "LDS" or "STS" or "LDSM" => SharedAccess,
        "LDG" or "STG" or "LD" or "ST" or "RED" or "ATOM" or "ATOMG" => GlobalAccess,
        "LDGSTS" => Copy,
        "SHFL" => Shuffle,
        "LDC" or "ULDC" or "S2R" or "S2UR" or "R2UR" => Constant,
        "BRA" or "EXIT" or "BAR" or "BSSY" or "BSYNC" or "NOP" or "WARPSYNC" or "LDGDEPBAR" or "DEPBAR" or "RET" or "CALL" or "BMOV" or "YIELD" or "ERRBAR" or "MEMBAR" => Control,
        { } name when name.StartsWith('U') => Control,
        _ => Integer,
    };
}
