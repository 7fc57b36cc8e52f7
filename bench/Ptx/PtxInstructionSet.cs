using static EDA.Bench.Ptx.PtxArithmetic;
using static EDA.Bench.Ptx.PtxConversions;

namespace EDA.Bench.Ptx;

/// <summary>What an opcode takes and does.</summary>
/// <param name="Operands">
/// A letter an operand. Results are P, H, W and D: a predicate, a register of 16 bits, of 32, of 64. Sources are p, h, w and d, and
/// may be constants. a is an address in a register, k and K an address among the arguments of 4 and of 8 bytes; 2 and 4 are
/// as many 32-bit registers in braces, q four of 16 bits; # is a number, l a label.
/// </param>
/// <param name="Step">What it does.</param>
public sealed record PtxOperation(string Operands, PtxStep Step);

/// <summary>
/// The instructions that kernels are made of, each with all of its modifiers: one that is not here, or has one modifier
/// more, is not known.
/// </summary>
public static class PtxInstructionSet
{
    private static readonly Dictionary<string, PtxOperation> Operations = new()
    {
        // Moves.
        ["mov.b32"] = new("Ww", PtxLanes.Copy<uint>),
        ["mov.f32"] = new("Ww", PtxLanes.Copy<uint>),
        ["mov.b64"] = new("Dd", PtxLanes.Copy<ulong>),
        ["mov.f64"] = new("Dd", PtxLanes.Copy<ulong>),
        ["mov.pred"] = new("Pp", PtxLanes.Predicates((a, _) => a)),
        ["cvta.to.global.u64"] = new("Dd", PtxLanes.Copy<ulong>),
        ["selp.b32"] = new("Wwwp", PtxLanes.Select<uint>),
        ["selp.b64"] = new("Dddp", PtxLanes.Select<ulong>),

        // Integers.
        ["add.s32"] = new("Www", PtxLanes.Vectors<int, Add<int>>),
        ["sub.s32"] = new("Www", PtxLanes.Vectors<int, Subtract<int>>),
        ["mul.lo.s32"] = new("Www", PtxLanes.Vectors<int, Multiply<int>>),
        ["min.s32"] = new("Www", PtxLanes.Vectors<int, Minimum>),
        ["max.s32"] = new("Www", PtxLanes.Vectors<int, Maximum>),
        ["neg.s32"] = new("Ww", PtxLanes.Map<int, int, Negate>),
        ["div.s32"] = new("Www", PtxLanes.Map<int, int, int, Quotient>),
        ["div.u32"] = new("Www", PtxLanes.Map<uint, uint, uint, Quotient>),
        ["rem.s32"] = new("Www", PtxLanes.Map<int, int, int, Remainder>),
        ["add.s64"] = new("Ddd", PtxLanes.Vectors<long, Add<long>>),
        ["add.u64"] = new("Ddd", PtxLanes.Vectors<long, Add<long>>),
        ["mul.lo.s64"] = new("Ddd", PtxLanes.Vectors<long, Multiply<long>>),
        ["mul.wide.u32"] = new("Dww", PtxLanes.Map<uint, uint, ulong, WideProduct>),
        ["mad.lo.u64"] = new("Dddd", PtxLanes.MultiplyAdd),

        // Bits.
        ["and.b32"] = new("Www", PtxLanes.Vectors<uint, And<uint>>),
        ["or.b32"] = new("Www", PtxLanes.Vectors<uint, Or<uint>>),
        ["xor.b32"] = new("Www", PtxLanes.Vectors<uint, Xor<uint>>),
        ["and.b64"] = new("Ddd", PtxLanes.Vectors<ulong, And<ulong>>),
        ["or.b64"] = new("Ddd", PtxLanes.Vectors<ulong, Or<ulong>>),
        ["shl.b32"] = new("Www", PtxLanes.Map<uint, uint, uint, ShiftLeft>),
        ["shr.s32"] = new("Www", PtxLanes.Map<int, uint, int, ShiftRight>),
        ["shr.u32"] = new("Www", PtxLanes.Map<uint, uint, uint, ShiftRight>),
        ["shl.b64"] = new("Ddw", PtxLanes.Map<ulong, uint, ulong, ShiftLeft>),
        ["shr.u64"] = new("Ddw", PtxLanes.Map<ulong, uint, ulong, ShiftRight>),
        ["and.pred"] = new("Ppp", PtxLanes.Predicates((a, b) => a & b)),
        ["or.pred"] = new("Ppp", PtxLanes.Predicates((a, b) => a | b)),

        // Floating point. Without a modifier an instruction rounds to nearest and keeps subnormal numbers.
        ["add.f32"] = new("Www", PtxLanes.Vectors<float, Add>),
        ["sub.f32"] = new("Www", PtxLanes.Vectors<float, Subtract>),
        ["mul.f32"] = new("Www", PtxLanes.Vectors<float, Multiply>),
        ["fma.rn.f32"] = new("Wwww", PtxLanes.FusedMultiplyAdd),
        ["div.rn.f32"] = new("Www", PtxLanes.Vectors<float, Divide>),
        ["min.f32"] = new("Www", PtxLanes.Map<float, float, float, Minimum>),
        ["max.f32"] = new("Www", PtxLanes.Map<float, float, float, Maximum>),
        ["neg.f32"] = new("Ww", PtxLanes.Map<uint, uint, Negate>),
        ["rcp.rn.f32"] = new("Ww", PtxLanes.Map<float, float, Reciprocal>),
        ["sqrt.rn.f32"] = new("Ww", PtxLanes.Map<float, float, SquareRoot>),
        ["add.f64"] = new("Ddd", PtxLanes.Vectors<double, Add<double>>),
        ["sub.f64"] = new("Ddd", PtxLanes.Vectors<double, Subtract<double>>),
        ["mul.f64"] = new("Ddd", PtxLanes.Vectors<double, Multiply<double>>),
        ["div.rn.f64"] = new("Ddd", PtxLanes.Vectors<double, Divide>),
        ["neg.f64"] = new("Dd", PtxLanes.Map<ulong, ulong, Negate>),
        ["sqrt.rn.f64"] = new("Dd", PtxLanes.Map<double, double, SquareRoot>),

        // Comparisons.
        ["setp.eq.s32"] = new("Pww", PtxLanes.Tests<int, Equal<int>>),
        ["setp.ne.s32"] = new("Pww", PtxLanes.Tests<int, Unequal<int>>),
        ["setp.lt.s32"] = new("Pww", PtxLanes.Tests<int, Less<int>>),
        ["setp.le.s32"] = new("Pww", PtxLanes.Tests<int, AtMost<int>>),
        ["setp.gt.s32"] = new("Pww", PtxLanes.Tests<int, Greater<int>>),
        ["setp.ge.s32"] = new("Pww", PtxLanes.Tests<int, AtLeast<int>>),
        ["setp.eq.u32"] = new("Pww", PtxLanes.Tests<uint, Equal<uint>>),
        ["setp.ne.u32"] = new("Pww", PtxLanes.Tests<uint, Unequal<uint>>),
        ["setp.lo.u32"] = new("Pww", PtxLanes.Tests<uint, Less<uint>>),
        ["setp.ls.u32"] = new("Pww", PtxLanes.Tests<uint, AtMost<uint>>),
        ["setp.hi.u32"] = new("Pww", PtxLanes.Tests<uint, Greater<uint>>),
        ["setp.eq.s64"] = new("Pdd", PtxLanes.Tests<long, Equal<long>>),
        ["setp.ne.s64"] = new("Pdd", PtxLanes.Tests<long, Unequal<long>>),
        ["setp.eq.f32"] = new("Pww", PtxLanes.Tests<float, Equal<float>>),
        ["setp.lt.f32"] = new("Pww", PtxLanes.Tests<float, Less<float>>),
        ["setp.gt.f32"] = new("Pww", PtxLanes.Tests<float, Greater<float>>),
        ["setp.eq.f64"] = new("Pdd", PtxLanes.Tests<double, Equal<double>>),
        ["setp.lt.f64"] = new("Pdd", PtxLanes.Tests<double, Less<double>>),
        ["setp.gt.f64"] = new("Pdd", PtxLanes.Tests<double, Greater<double>>),
        ["setp.ge.f64"] = new("Pdd", PtxLanes.Tests<double, AtLeast<double>>),
        ["testp.notanumber.f32"] = new("Pw", PtxLanes.Tests<float, NotANumber<float>>),
        ["testp.notanumber.f64"] = new("Pd", PtxLanes.Tests<double, NotANumber<double>>),

        // Conversions.
        ["cvt.s64.s32"] = new("Dw", PtxLanes.Map<int, long, Exact>),
        ["cvt.u64.u32"] = new("Dw", PtxLanes.Map<uint, ulong, Exact>),
        ["cvt.u32.u64"] = new("Wd", PtxLanes.Map<ulong, uint, Exact>),
        ["cvt.s32.s64"] = new("Wd", PtxLanes.Map<ulong, uint, Exact>),
        ["cvt.f64.f32"] = new("Dw", PtxLanes.Map<float, double, Exact>),
        ["cvt.rn.f64.s32"] = new("Dw", PtxLanes.Map<int, double, Exact>),
        ["cvt.rn.f64.u32"] = new("Dw", PtxLanes.Map<uint, double, Exact>),
        ["cvt.rn.f32.s32"] = new("Ww", PtxLanes.Map<int, float, SingleOfInt32>),
        ["cvt.rn.f32.f64"] = new("Wd", PtxLanes.Map<double, float, SingleOfDouble>),
        ["cvt.rzi.s32.f32"] = new("Ww", PtxLanes.Map<float, int, Int32OfSingle>),
        ["cvt.rzi.s32.f64"] = new("Wd", PtxLanes.Map<double, int, Int32OfDouble>),
        ["cvt.f32.f16"] = new("Wh", PtxLanes.Map<uint, float, SingleOfHalf>),
        ["cvt.rn.f16.f32"] = new("Hw", PtxLanes.Map<float, uint, HalfOfSingle>),
        ["cvt.rn.bf16x2.f32"] = new("Www", PtxLanes.Map<float, float, uint, Bf16Pair>),

        // Memory.
        ["ld.param.b32"] = new("Wk", PtxAccess.LoadArgument<uint>),
        ["ld.param.f32"] = new("Wk", PtxAccess.LoadArgument<uint>),
        ["ld.param.b64"] = new("DK", PtxAccess.LoadArgument<ulong>),
        ["ld.param.f64"] = new("DK", PtxAccess.LoadArgument<ulong>),
        ["ld.global.b32"] = new("Wa", LoadGlobal),
        ["ld.global.f32"] = new("Wa", LoadGlobal),
        ["ld.shared.f32"] = new("Wa", LoadShared),
        ["st.global.b32"] = new("aw", StoreGlobal),
        ["st.global.f32"] = new("aw", StoreGlobal),
        ["st.shared.f32"] = new("aw", StoreShared),
        ["ld.global.v4.f32"] = new("4a", LoadGlobalFour),
        ["ld.shared.v2.f32"] = new("2a", LoadSharedTwo),
        ["ld.shared.v4.f32"] = new("4a", LoadSharedFour),
        ["st.global.v4.f32"] = new("a4", StoreGlobalFour),
        ["st.shared.v4.f32"] = new("a4", StoreSharedFour),
        ["st.shared.v2.f32"] = new("a2", (PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.StoreTwo(warp, warp.Group.Shared, instruction, lanes)),
        ["st.global.b16"] = new("ah", (PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.StoreShort(warp, warp.Group.Global, instruction, lanes)),
        ["ld.global.v4.b16"] = new("qa", (PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.LoadFourShort(warp, warp.Group.Global, instruction, lanes)),
        ["st.global.v4.b16"] = new("aq", (PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.StoreFourShort(warp, warp.Group.Global, instruction, lanes)),
        ["cp.async.cg.shared.global"] = new("aa#w", SendSixteen),
        ["cp.async.ca.shared.global"] = new("aa#w", Send),
        ["cp.async.commit_group"] = new(string.Empty, (PtxWarp warp, in PtxInstruction _, uint lanes) => warp.Copies.Commit(lanes)),
        ["cp.async.wait_group"] = new("#", (PtxWarp warp, in PtxInstruction instruction, uint lanes) => warp.Copies.Wait(instruction, lanes)),

        // Where lanes go, and what they tell each other.
        ["bra"] = new("l", (PtxWarp warp, in PtxInstruction instruction, uint lanes) => warp.Jump(lanes, instruction.Target, instruction, false)),
        ["bra.uni"] = new("l", (PtxWarp warp, in PtxInstruction instruction, uint lanes) => warp.Jump(lanes, instruction.Target, instruction, true)),
        ["ret"] = new(string.Empty, (PtxWarp warp, in PtxInstruction _, uint lanes) => warp.Return(lanes)),
        ["bar.sync"] = new("#", PtxControl.Barrier),
        ["shfl.sync.bfly.b32"] = new("Wwwww", PtxControl.Butterfly),
        ["shfl.sync.idx.b32"] = new("Wwwww", PtxControl.Index),

        // Tensor cores.
        ["mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"] = new("4424", PtxMatrix.Tf32),
        ["mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"] = new("4424", PtxMatrix.Bf16),
        ["mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"] = new("4424", PtxMatrix.Fp16),
        ["ldmatrix.sync.aligned.m8n8.x4.shared.b16"] = new("4a", (PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxMatrix.Load(warp, instruction, lanes, false)),
        ["ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16"] = new("4a", (PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxMatrix.Load(warp, instruction, lanes, true)),
    };

    /// <summary>Every opcode there is.</summary>
    public static IReadOnlyCollection<string> Opcodes => Operations.Keys;

    /// <summary>An instruction.</summary>
    /// <param name="opcode">Its opcode with all modifiers.</param>
    /// <param name="operation">What it takes and does.</param>
    /// <returns>Whether it is known.</returns>
    public static bool TryFind(string opcode, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PtxOperation? operation) => Operations.TryGetValue(opcode, out operation);

    private static void LoadGlobal(PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.Load(warp, warp.Group.Global, instruction, lanes);

    private static void LoadShared(PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.Load(warp, warp.Group.Shared, instruction, lanes);

    private static void StoreGlobal(PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.Store(warp, warp.Group.Global, instruction, lanes);

    private static void StoreShared(PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.Store(warp, warp.Group.Shared, instruction, lanes);

    private static void LoadGlobalFour(PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.LoadFour(warp, warp.Group.Global, instruction, lanes);

    private static void LoadSharedTwo(PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.LoadTwo(warp, warp.Group.Shared, instruction, lanes);

    private static void LoadSharedFour(PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.LoadFour(warp, warp.Group.Shared, instruction, lanes);

    private static void StoreGlobalFour(PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.StoreFour(warp, warp.Group.Global, instruction, lanes);

    private static void StoreSharedFour(PtxWarp warp, in PtxInstruction instruction, uint lanes) => PtxAccess.StoreFour(warp, warp.Group.Shared, instruction, lanes);

    // .cg is for 16 bytes alone, .ca for 4, 8 or 16.
    private static void SendSixteen(PtxWarp warp, in PtxInstruction instruction, uint lanes)
    {
        if (instruction.Number != 16)
            throw warp.Fault(instruction, ".cg copies 16 bytes");
        warp.Copies.Send(instruction, lanes);
    }

    private static void Send(PtxWarp warp, in PtxInstruction instruction, uint lanes)
    {
        if (instruction.Number is not (4 or 8 or 16))
            throw warp.Fault(instruction, "it copies 4, 8 or 16 bytes");
        warp.Copies.Send(instruction, lanes);
    }
}
