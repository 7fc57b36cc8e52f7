using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EDA.Tests.Kernels;

/// <summary>
/// The machine code of EDA.Kernels.Cpu.Matrix as assembly programs. The bytes in the product are what these assemble to; a
/// test compares the two, so no row of bytes is taken on trust.
/// </summary>
/// <remarks>
/// Each takes one argument, the address of a <c>BlockProduct</c> (of a tile configuration for the second), in the
/// first register of its calling convention, and uses no register that the callee must keep: of the general ones rax, rcx, rdx,
/// r8 to r11, of the vector ones 0 to 5 and 16 to 31, of the tiles all.
/// </remarks>
internal static class MatrixPrograms
{
    // Where the fields of a BlockProduct stand.
    private const int Left = 0, LeftStep = 8, Right = 16, RightLow = 24, Sums = 32, Blocks = 40, Adds = 48;

    // Bytes: a row of a left tile; a row of right tiles and of sums, 32 numbers of four bytes; half of each.
    private const int LeftRow = 64, Row = 128, LeftTile = 16 * LeftRow, Half = 64, BlockOfRight = 16 * Row;

    private static readonly AssemblerRegisterTMM[] _sums = [tmm0, tmm1, tmm2, tmm3];

    private static readonly AssemblerRegisterZMM[] _accumulators =
        [zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31];

    /// <summary>The programs by the names of their bytes, for a calling convention.</summary>
    public static IReadOnlyDictionary<string, byte[]> All(bool windows) => new Dictionary<string, byte[]>
    {
        ["ReadFeatures"] = Assemble(windows, Features),
        ["Configure"] = Assemble(windows, c => c.ldtilecfg(__[rax])),
        ["Release"] = Assemble(windows, c => c.tilerelease()),
        ["TileProduct"] = Assemble(windows, Tiles),
        ["TileSplitProduct"] = Assemble(windows, SplitTiles),
        ["DotProduct"] = Assemble(windows, Dots),
    };

    /// <summary>XCR0: what of a thread's state the system saves.</summary>
    private static void Features(Assembler c)
    {
        c.xor(ecx, ecx);
        c.xgetbv();
        c.shl(rdx, 32);
        c.or(rax, rdx);
    }

    /// <summary>32 × 32 sums of bf16 products by tiles: two of the left times two of the right for each 32 terms.</summary>
    private static void Tiles(Assembler c)
    {
        Arguments(c);
        var loop = Begin(c);
        LoadLeft(c, 0);
        LoadRight(c, rdx);
        Multiply(c);
        c.add(rcx, __qword_ptr[rax + LeftStep]);
        c.add(rdx, BlockOfRight);
        c.dec(r9);
        c.jnz(loop);
        End(c);
    }

    /// <summary>The same of factors in two parts, high and low: hi·lo, hi·hi and lo·hi, so that each step changes one factor.</summary>
    private static void SplitTiles(Assembler c)
    {
        Arguments(c);
        var loop = Begin(c, () => c.mov(rax, __[rax + RightLow]));
        LoadLeft(c, 0);
        LoadRight(c, rax);
        Multiply(c);
        LoadRight(c, rdx);
        Multiply(c);
        LoadLeft(c, 2 * LeftTile);
        Multiply(c);
        c.add(rcx, 4 * LeftTile);
        c.add(rdx, BlockOfRight);
        c.add(rax, BlockOfRight);
        c.dec(r9);
        c.jnz(loop);
        End(c);
    }

    /// <summary>What <see cref="Tiles"/> does by dot products of pairs in vectors: eight features at a time, 32 rows in two vectors.</summary>
    private static void Dots(Assembler c)
    {
        // rcx left of these eight features, r8 their sums; rdx and r10 walk over the pairs, r9 and r11 count.
        c.mov(rcx, __[rax + Left]);
        c.mov(r8, __[rax + Sums]);
        var eight = c.CreateLabel();
        var zero = c.CreateLabel();
        var block = c.CreateLabel();
        var pair = c.CreateLabel();
        c.Label(ref eight);
        c.mov(rdx, __[rax + Right]);
        c.mov(r9, __[rax + Blocks]);
        c.mov(r10, rcx);
        c.cmp(__qword_ptr[rax + Adds], 0);
        c.je(zero);
        for (int i = 0; i < 16; i++)
            c.vmovups(_accumulators[i], __[r8 + (i / 2 * Row) + (i % 2 * Half)]);
        c.jmp(block);
        c.Label(ref zero);
        foreach (var accumulator in _accumulators)
            c.vpxord(accumulator, accumulator, accumulator);
        c.Label(ref block);
        c.mov(r11d, 16);
        c.Label(ref pair);
        c.vmovups(zmm0, __[rdx]);
        c.vmovups(zmm1, __[rdx + Half]);
        for (int feature = 0; feature < 8; feature++)
        {
            var factor = feature % 2 == 0 ? zmm2 : zmm3;
            c.vpbroadcastd(factor, __[r10 + (feature * LeftRow)]);
            c.vdpbf16ps(_accumulators[2 * feature], zmm0, factor);
            c.vdpbf16ps(_accumulators[(2 * feature) + 1], zmm1, factor);
        }

        c.add(rdx, Row);
        c.add(r10, 4);
        c.dec(r11d);
        c.jnz(pair);
        // From the end of a row of 32 terms to the next block's row.
        c.add(r10, __qword_ptr[rax + LeftStep]);
        c.sub(r10, LeftRow);
        c.dec(r9);
        c.jnz(block);
        for (int i = 0; i < 16; i++)
            c.vmovups(__[r8 + (i / 2 * Row) + (i % 2 * Half)], _accumulators[i]);
        c.add(rcx, 8 * LeftRow);
        c.add(r8, 8 * Row);
        c.mov(r11, __[rax + Sums]);
        c.add(r11, 32 * Row);
        c.cmp(r8, r11);
        c.jb(eight);
        c.vzeroupper();
    }

    private static void Arguments(Assembler c)
    {
        c.mov(rcx, __[rax + Left]);
        c.mov(rdx, __[rax + Right]);
        c.mov(r8, __[rax + Sums]);
        c.mov(r9, __[rax + Blocks]);
        c.mov(r10d, LeftRow);
        c.mov(r11d, Row);
    }

    // Sums begin with what is there, or with nothing. Gives the label of the loop, which comes next.
    private static Label Begin(Assembler c, Action? more = null)
    {
        var (zero, loop) = (c.CreateLabel(), c.CreateLabel());
        c.cmp(__qword_ptr[rax + Adds], 0);
        more?.Invoke();
        c.je(zero);
        for (int i = 0; i < 4; i++)
            c.tileloadd(_sums[i], __[r8 + r11 + Place(i)]);
        c.jmp(loop);
        c.Label(ref zero);
        foreach (var sums in _sums)
            c.tilezero(sums);
        c.Label(ref loop);
        return loop;
    }

    private static void LoadLeft(Assembler c, int first)
    {
        c.tileloadd(tmm4, __[rcx + r10 + first]);
        c.tileloadd(tmm5, __[rcx + r10 + (first + LeftTile)]);
    }

    private static void LoadRight(Assembler c, AssemblerRegister64 plane)
    {
        c.tileloadd(tmm6, __[plane + r11]);
        c.tileloadd(tmm7, __[plane + r11 + Half]);
    }

    private static void Multiply(Assembler c)
    {
        c.tdpbf16ps(tmm0, tmm4, tmm6);
        c.tdpbf16ps(tmm1, tmm4, tmm7);
        c.tdpbf16ps(tmm2, tmm5, tmm6);
        c.tdpbf16ps(tmm3, tmm5, tmm7);
    }

    private static void End(Assembler c)
    {
        for (int i = 0; i < 4; i++)
            c.tilestored(__[r8 + r11 + Place(i)], _sums[i]);
    }

    // Of the four tiles of sums: 16 features of 128 bytes each down, 16 rows of four bytes across.
    private static int Place(int tile) => (tile / 2 * 16 * Row) + (tile % 2 * Half);

    private static byte[] Assemble(bool windows, Action<Assembler> program)
    {
        var assembler = new Assembler(64);
        assembler.mov(rax, windows ? rcx : rdi);
        program(assembler);
        assembler.ret();
        using var bytes = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(bytes), 0);
        return bytes.ToArray();
    }
}
