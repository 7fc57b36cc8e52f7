namespace EDA.Bench.Sass;

/// <summary>An instruction of the machine.</summary>
/// <param name="Address">Where it stands.</param>
/// <param name="Name">Its name with its modifiers, as the disassembler writes it.</param>
/// <param name="Operands">What follows.</param>
/// <param name="IsGuarded">Whether a predicate guards it.</param>
/// <param name="Line">The line of the PTX text that it comes of.</param>
/// <param name="Control">What the assembler tells the scheduler with it.</param>
public sealed record SassInstruction(int Address, string Name, string Operands, bool IsGuarded, int Line, SassControl Control)
{
    /// <summary>The name without modifiers.</summary>
    public string Stem { get; } = Name.Split('.')[0];
}

/// <summary>
/// What the assembler tells the scheduler with an instruction, in the upper bits of its 128 (Jia, Maggioni, Staiger, Scarpazza:
/// Dissecting the NVIDIA Volta GPU architecture via microbenchmarking, arXiv 1804.06826): results that take a varying time are
/// waited for by one of six scoreboards.
/// </summary>
/// <param name="Stall">Cycles before the warp's next instruction.</param>
/// <param name="Writes">The scoreboard that tells that its result is there; −1 for none.</param>
/// <param name="Reads">The scoreboard that tells that its operands have been read; −1 for none.</param>
/// <param name="Waits">The scoreboards that it waits for, a bit each.</param>
public readonly record struct SassControl(int Stall, int Writes, int Reads, int Waits)
{
    private const int None = 7;

    /// <summary>Reads it off the upper half of an instruction.</summary>
    /// <param name="upper">The upper 64 bits.</param>
    public static SassControl Of(ulong upper)
    {
        int Bits(int first, int count) => (int)(upper >> first) & ((1 << count) - 1);
        int writes = Bits(46, 3), reads = Bits(49, 3);
        return new SassControl(Bits(41, 4), writes == None ? -1 : writes, reads == None ? -1 : reads, Bits(52, 6));
    }
}

/// <summary>Instructions that are executed one after the other.</summary>
/// <param name="Instructions">They.</param>
/// <param name="IsSubroutine">Whether it is of a subroutine for rare cases, such as the division of what is no normal number.</param>
public sealed record SassBlock(IReadOnlyList<SassInstruction> Instructions, bool IsSubroutine)
{
    /// <summary>Where it begins.</summary>
    public int Address => Instructions[0].Address;
}
