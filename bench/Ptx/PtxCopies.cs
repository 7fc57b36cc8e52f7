using System.Numerics;
using System.Runtime.CompilerServices;

namespace EDA.Bench.Ptx;

/// <summary>
/// A warp's asynchronous copies. A GPU may make one at any moment between its instruction and its wait: here what stood at
/// the destination is lost at the instruction, and what the source then holds is there at the wait.
/// </summary>
/// <param name="warp">The warp.</param>
public sealed unsafe class PtxCopies(PtxWarp warp)
{
    private readonly List<Copy> _open = [];
    private readonly int[] _groups = new int[PtxWarp.Size];

    private readonly record struct Copy(int Lane, int Group, ulong Destination, ulong Source, int Length, int Count);

    /// <summary>Forgets what the last group left.</summary>
    public void Clear()
    {
        _open.Clear();
        _groups.AsSpan().Clear();
    }

    /// <summary>cp.async: destination, source, how many bytes are written, how many of them are read; the others become zeros.</summary>
    /// <param name="instruction">The instruction.</param>
    /// <param name="lanes">Who executes it.</param>
    public void Send(in PtxInstruction instruction, uint lanes)
    {
        if (instruction.Offset != 0)
            throw warp.Fault(instruction, "an offset of one of its two addresses is not known here");
        byte* registers = warp.Registers;
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong to = ((ulong*)(registers + instruction.A))[lane], from = ((ulong*)(registers + instruction.B))[lane];
            int count = ((int*)(registers + instruction.C))[lane], length = instruction.Number;
            if (count < 0 || count > length)
                throw warp.Fault(instruction, $"it copies {count} of {length} bytes", lane);
            byte* destination = warp.Group.Find(warp, instruction, warp.Group.Shared, to, (uint)length, lane, true);
            if (from % (ulong)length != 0)
                throw warp.Fault(instruction, $"the address {from:x} is not aligned to {length} bytes", lane);
            if (count > 0 && warp.Group.Global.Find(from, (uint)count) is null)
                throw warp.Fault(instruction, $"{count} bytes at {from:x} are in no array", lane);
            Unsafe.InitBlockUnaligned(destination, 0xFF, (uint)length);
            _open.Add(new Copy(lane, _groups[lane], to, from, length, count));
        }
    }

    /// <summary>cp.async.commit_group.</summary>
    /// <param name="lanes">Who executes it.</param>
    public void Commit(uint lanes)
    {
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
            _groups[BitOperations.TrailingZeroCount(rest)]++;
    }

    /// <summary>cp.async.wait_group: all groups of a lane but its last few.</summary>
    /// <param name="instruction">The instruction.</param>
    /// <param name="lanes">Who executes it.</param>
    public void Wait(in PtxInstruction instruction, uint lanes)
    {
        int kept = 0;
        for (int i = 0; i < _open.Count; i++)
        {
            var copy = _open[i];
            if ((lanes >> copy.Lane & 1) == 0 || copy.Group >= _groups[copy.Lane] - instruction.Number)
            {
                _open[kept++] = copy;
                continue;
            }

            byte* destination = warp.Group.Find(warp, instruction, warp.Group.Shared, copy.Destination, (uint)copy.Length, copy.Lane, true);
            Unsafe.InitBlockUnaligned(destination, 0, (uint)copy.Length);
            if (copy.Count == 0)
                continue;
            byte* source = warp.Group.Find(warp, instruction, warp.Group.Global, copy.Source, (uint)copy.Count, copy.Lane, false, 1);
            Unsafe.CopyBlockUnaligned(destination, source, (uint)copy.Count);
        }

        _open.RemoveRange(kept, _open.Count - kept);
    }
}
