using System.Numerics;
using System.Runtime.CompilerServices;

namespace EDA.Bench.Ptx;

/// <summary>Loads and stores.</summary>
public static unsafe class PtxAccess
{
    private const int VectorBytes = 16;

    /// <summary>ld of a 32-bit register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Load(PtxWarp warp, PtxMemory space, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        ulong* addresses = (ulong*)(registers + instruction.A);
        uint* result = (uint*)(registers + instruction.Result);
        if (warp.Group.TryFindAll(warp, instruction, space, sizeof(uint), lanes, false, out byte* all))
        {
            for (int lane = 0; lane < PtxWarp.Size; lane++)
                result[lane] = *(uint*)(all + addresses[lane]);

            return;
        }

        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = *(uint*)warp.Group.Find(warp, instruction, space, addresses[lane] + (ulong)instruction.Offset, sizeof(uint), lane, false);
        }
    }

    /// <summary>st of a 32-bit register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store(PtxWarp warp, PtxMemory space, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        ulong* addresses = (ulong*)(registers + instruction.A);
        uint* values = (uint*)(registers + instruction.B);
        if (warp.Group.TryFindAll(warp, instruction, space, sizeof(uint), lanes, true, out byte* all))
        {
            for (int lane = 0; lane < PtxWarp.Size; lane++)
                *(uint*)(all + addresses[lane]) = values[lane];

            return;
        }

        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            *(uint*)warp.Group.Find(warp, instruction, space, addresses[lane] + (ulong)instruction.Offset, sizeof(uint), lane, true) = values[lane];
        }
    }

    /// <summary>ld.v4 of 32-bit registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadFour(PtxWarp warp, PtxMemory space, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        int[] results = instruction.Registers;
        ulong* addresses = (ulong*)(registers + instruction.A);
        uint* x = (uint*)(registers + results[0]), y = (uint*)(registers + results[1]), z = (uint*)(registers + results[2]), w = (uint*)(registers + results[3]);
        if (warp.Group.TryFindAll(warp, instruction, space, VectorBytes, lanes, false, out byte* all))
        {
            for (int lane = 0; lane < PtxWarp.Size; lane++)
            {
                uint* found = (uint*)(all + addresses[lane]);
                (x[lane], y[lane], z[lane], w[lane]) = (found[0], found[1], found[2], found[3]);
            }

            return;
        }

        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint* found = (uint*)warp.Group.Find(warp, instruction, space, addresses[lane] + (ulong)instruction.Offset, VectorBytes, lane, false);
            (x[lane], y[lane], z[lane], w[lane]) = (found[0], found[1], found[2], found[3]);
        }
    }

    /// <summary>ld.v2 of 32-bit registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadTwo(PtxWarp warp, PtxMemory space, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        int[] results = instruction.Registers;
        ulong* addresses = (ulong*)(registers + instruction.A);
        uint* x = (uint*)(registers + results[0]), y = (uint*)(registers + results[1]);
        if (warp.Group.TryFindAll(warp, instruction, space, VectorBytes / 2, lanes, false, out byte* all))
        {
            for (int lane = 0; lane < PtxWarp.Size; lane++)
            {
                uint* found = (uint*)(all + addresses[lane]);
                (x[lane], y[lane]) = (found[0], found[1]);
            }

            return;
        }

        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint* found = (uint*)warp.Group.Find(warp, instruction, space, addresses[lane] + (ulong)instruction.Offset, VectorBytes / 2, lane, false);
            (x[lane], y[lane]) = (found[0], found[1]);
        }
    }

    /// <summary>st.v4 of 32-bit registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreFour(PtxWarp warp, PtxMemory space, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        int[] values = instruction.Registers;
        ulong* addresses = (ulong*)(registers + instruction.A);
        if (warp.Group.TryFindAll(warp, instruction, space, VectorBytes, lanes, true, out byte* all))
        {
            for (int lane = 0; lane < PtxWarp.Size; lane++)
            {
                uint* found = (uint*)(all + addresses[lane]);
                for (int i = 0; i < values.Length; i++)
                    found[i] = ((uint*)(registers + values[i]))[lane];
            }

            return;
        }

        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint* found = (uint*)warp.Group.Find(warp, instruction, space, addresses[lane] + (ulong)instruction.Offset, VectorBytes, lane, true);
            for (int i = 0; i < values.Length; i++)
                found[i] = ((uint*)(registers + values[i]))[lane];
        }
    }

    /// <summary>st.v2 of 32-bit registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreTwo(PtxWarp warp, PtxMemory space, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        int[] values = instruction.Registers;
        ulong* addresses = (ulong*)(registers + instruction.A);
        uint* x = (uint*)(registers + values[0]), y = (uint*)(registers + values[1]);
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint* found = (uint*)warp.Group.Find(warp, instruction, space, addresses[lane] + (ulong)instruction.Offset, sizeof(ulong), lane, true);
            (found[0], found[1]) = (x[lane], y[lane]);
        }
    }

    /// <summary>st of a 16-bit register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreShort(PtxWarp warp, PtxMemory space, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        ulong* addresses = (ulong*)(registers + instruction.A);
        uint* values = (uint*)(registers + instruction.B);
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            *(ushort*)warp.Group.Find(warp, instruction, space, addresses[lane] + (ulong)instruction.Offset, sizeof(ushort), lane, true) = (ushort)values[lane];
        }
    }

    /// <summary>ld.v4 of 16-bit registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadFourShort(PtxWarp warp, PtxMemory space, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        ulong* addresses = (ulong*)(registers + instruction.A);
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ushort* found = (ushort*)warp.Group.Find(warp, instruction, space, addresses[lane] + (ulong)instruction.Offset, sizeof(ulong), lane, false);
            for (int i = 0; i < instruction.Registers.Length; i++)
                ((uint*)(registers + instruction.Registers[i]))[lane] = found[i];
        }
    }

    /// <summary>st.v4 of 16-bit registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreFourShort(PtxWarp warp, PtxMemory space, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        ulong* addresses = (ulong*)(registers + instruction.A);
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ushort* found = (ushort*)warp.Group.Find(warp, instruction, space, addresses[lane] + (ulong)instruction.Offset, sizeof(ulong), lane, true);
            for (int i = 0; i < instruction.Registers.Length; i++)
                found[i] = (ushort)((uint*)(registers + instruction.Registers[i]))[lane];
        }
    }

    /// <summary>ld.param: the same for all lanes.</summary>
    public static void LoadArgument<T>(PtxWarp warp, in PtxInstruction instruction, uint lanes)
        where T : unmanaged
    {
        T* result = (T*)(warp.Registers + instruction.Result);
        var value = Unsafe.ReadUnaligned<T>(ref warp.Group.Arguments[instruction.Offset]);
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
            result[BitOperations.TrailingZeroCount(rest)] = value;
    }
}
