using System.Numerics;

namespace EDA.Bench.Ptx;

/// <summary>Instructions about where lanes go, and what they tell each other.</summary>
public static unsafe class PtxControl
{
    /// <summary>bar.sync: the group's warps wait for each other. None of their lanes may be gone.</summary>
    public static void Barrier(PtxWarp warp, in PtxInstruction instruction, uint lanes)
    {
        warp.RequireAll(lanes, instruction);
        (warp.State, warp.Barrier) = (PtxState.AtBarrier, instruction.Number);
    }

    /// <summary>shfl.sync.bfly: of the lane whose number differs in some bits.</summary>
    public static void Butterfly(PtxWarp warp, in PtxInstruction instruction, uint lanes) => Shuffle(warp, instruction, lanes, (lane, by, _) => lane ^ by);

    /// <summary>shfl.sync.idx: of a lane of one's segment.</summary>
    public static void Index(PtxWarp warp, in PtxInstruction instruction, uint lanes) =>
        Shuffle(warp, instruction, lanes, (lane, index, segment) => (lane & segment) | (index & ~segment & 31));

    // Operands: value, lane or bits, clamp in bits 0 to 4 and segments in 8 to 12, members. A lane beyond the clamp is oneself.
    private static void Shuffle(PtxWarp warp, in PtxInstruction instruction, uint lanes, Func<int, int, int, int> source)
    {
        byte* registers = warp.Registers;
        RequireMembers(warp, instruction, (uint*)(registers + instruction.D), lanes);
        uint* values = (uint*)(registers + instruction.A), clamps = (uint*)(registers + instruction.C);
        int* which = (int*)(registers + instruction.B);
        uint* shuffled = (uint*)warp.Scratch;
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest), clamp = (int)clamps[lane] & 31, segment = (int)(clamps[lane] >> 8) & 31;
            int last = (lane & segment) | (clamp & ~segment), from = source(lane, which[lane] & 31, segment);
            if (from > last)
                from = lane;
            if ((lanes >> from & 1) == 0)
                throw warp.Fault(instruction, $"it reads lane {from}, which does not execute it", lane);
            shuffled[lane] = values[from];
        }

        PtxLanes.Merge((uint*)(registers + instruction.Result), shuffled, lanes);
    }

    // A mask may name lanes that the warp does not have.
    private static void RequireMembers(PtxWarp warp, in PtxInstruction instruction, uint* members, uint lanes)
    {
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            if ((members[lane] & warp.Lanes) != lanes)
                throw warp.Fault(instruction, $"lanes {lanes:x8} execute it, and it is for {members[lane] & warp.Lanes:x8}", lane);
        }
    }
}
