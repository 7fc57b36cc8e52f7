namespace EDA.Bench.Ptx;

/// <summary>
/// mma.sync of sm_80: a warp's 16 × 8 sums += left · right, with the fragments as PTX ISA 8.0 has them in section 9.7.13.4
/// (mma.m16n8k8 with .tf32, mma.m16n8k16 with .bf16 and .f16). Lane 4g + c holds, of the sums, rows g and g + 8 at columns 2c and
/// 2c + 1. Products are exact, and what an instruction adds is rounded once, towards zero.
/// </summary>
public static unsafe class PtxMatrix
{
    private const int Rows = 16;
    private const int Columns = 8;

    // tf32 is the upper 19 bits of a float, bf16 the upper 16.
    private const uint Tf32Bits = 0xFFFFE000;
    private const uint Bf16Bits = 0xFFFF0000;

    // Where the operands begin among the instruction's registers: sums, left, right, sums before.
    private const int Left = 4;
    private const int Right = 8;
    private const int Before = 10;

    /// <summary>m16n8k8.row.col.f32.tf32.tf32.f32.</summary>
    public static void Tf32(PtxWarp warp, in PtxInstruction instruction, uint lanes)
    {
        const int Depth = 8;
        warp.RequireAll(lanes, instruction);
        RequireWhole(warp, instruction);
        double* left = stackalloc double[Rows * Depth], right = stackalloc double[Depth * Columns];
        for (int lane = 0; lane < PtxWarp.Size; lane++)
        {
            int g = lane >> 2, c = lane & 3;

            // a0 (g, c), a1 (g + 8, c), a2 (g, c + 4), a3 (g + 8, c + 4); b0 (c, g), b1 (c + 4, g).
            left[(g * Depth) + c] = Number(Register(warp, instruction, Left, lane), Tf32Bits);
            left[((g + 8) * Depth) + c] = Number(Register(warp, instruction, Left + 1, lane), Tf32Bits);
            left[(g * Depth) + c + 4] = Number(Register(warp, instruction, Left + 2, lane), Tf32Bits);
            left[((g + 8) * Depth) + c + 4] = Number(Register(warp, instruction, Left + 3, lane), Tf32Bits);
            right[(c * Columns) + g] = Number(Register(warp, instruction, Right, lane), Tf32Bits);
            right[((c + 4) * Columns) + g] = Number(Register(warp, instruction, Right + 1, lane), Tf32Bits);
        }

        Multiply(warp, instruction, left, right, Depth);
    }

    /// <summary>m16n8k16.row.col.f32.bf16.bf16.f32.</summary>
    public static void Bf16(PtxWarp warp, in PtxInstruction instruction, uint lanes)
    {
        const int Depth = 16;
        warp.RequireAll(lanes, instruction);
        RequireWhole(warp, instruction);
        double* left = stackalloc double[Rows * Depth], right = stackalloc double[Depth * Columns];
        for (int lane = 0; lane < PtxWarp.Size; lane++)
        {
            int g = lane >> 2, c = lane & 3;
            for (int half = 0; half < 2; half++)
            {
                // The lower half of a register is at the smaller depth: a0 (g, 2c), a1 (g + 8, 2c), a2 (g, 2c + 8),
                // a3 (g + 8, 2c + 8); b0 (2c, g), b1 (2c + 8, g).
                int shift = 16 * (1 - half), k = (2 * c) + half;
                left[(g * Depth) + k] = Number(Register(warp, instruction, Left, lane) << shift, Bf16Bits);
                left[((g + 8) * Depth) + k] = Number(Register(warp, instruction, Left + 1, lane) << shift, Bf16Bits);
                left[(g * Depth) + k + 8] = Number(Register(warp, instruction, Left + 2, lane) << shift, Bf16Bits);
                left[((g + 8) * Depth) + k + 8] = Number(Register(warp, instruction, Left + 3, lane) << shift, Bf16Bits);
                right[(k * Columns) + g] = Number(Register(warp, instruction, Right, lane) << shift, Bf16Bits);
                right[((k + 8) * Columns) + g] = Number(Register(warp, instruction, Right + 1, lane) << shift, Bf16Bits);
            }
        }

        Multiply(warp, instruction, left, right, Depth);
    }

    /// <summary>m16n8k16.row.col.f32.f16.f16.f32: fragments as with bf16.</summary>
    public static void Fp16(PtxWarp warp, in PtxInstruction instruction, uint lanes)
    {
        const int Depth = 16;
        warp.RequireAll(lanes, instruction);
        RequireWhole(warp, instruction);
        double* left = stackalloc double[Rows * Depth], right = stackalloc double[Depth * Columns];
        for (int lane = 0; lane < PtxWarp.Size; lane++)
        {
            int g = lane >> 2, c = lane & 3;
            for (int half = 0; half < 2; half++)
            {
                int shift = 16 * half, k = (2 * c) + half;
                left[(g * Depth) + k] = HalfNumber(Register(warp, instruction, Left, lane) >> shift);
                left[((g + 8) * Depth) + k] = HalfNumber(Register(warp, instruction, Left + 1, lane) >> shift);
                left[(g * Depth) + k + 8] = HalfNumber(Register(warp, instruction, Left + 2, lane) >> shift);
                left[((g + 8) * Depth) + k + 8] = HalfNumber(Register(warp, instruction, Left + 3, lane) >> shift);
                right[(k * Columns) + g] = HalfNumber(Register(warp, instruction, Right, lane) >> shift);
                right[((k + 8) * Columns) + g] = HalfNumber(Register(warp, instruction, Right + 1, lane) >> shift);
            }
        }

        Multiply(warp, instruction, left, right, Depth);
    }

    /// <summary>
    /// ldmatrix.m8n8.x4.b16: lane 8i + j has the address of row j of matrix i, eight numbers of 16 bits; lane 4g + c gets, of each, numbers
    /// 2c and 2c + 1 of row g, or with .trans of column g.
    /// </summary>
    public static void Load(PtxWarp warp, in PtxInstruction instruction, uint lanes, bool transposes)
    {
        const uint RowBytes = 16;
        warp.RequireAll(lanes, instruction);
        RequireWhole(warp, instruction);
        ulong* addresses = (ulong*)(warp.Registers + instruction.A);
        uint* results = stackalloc uint[4 * PtxWarp.Size];
        ushort* matrix = stackalloc ushort[8 * 8];
        for (int i = 0; i < 4; i++)
        {

            for (int j = 0; j < 8; j++)
            {
                int lane = (8 * i) + j;
                byte* row = warp.Group.Find(warp, instruction, warp.Group.Shared, addresses[lane] + (ulong)instruction.Offset, RowBytes, lane, false);
                new ReadOnlySpan<ushort>(row, 8).CopyTo(new Span<ushort>(matrix + (8 * j), 8));
            }

            for (int lane = 0; lane < PtxWarp.Size; lane++)
            {
                int g = lane >> 2, k = 2 * (lane & 3);
                uint low = transposes ? matrix[(8 * k) + g] : matrix[(8 * g) + k], high = transposes ? matrix[(8 * (k + 1)) + g] : matrix[(8 * g) + k + 1];
                results[(i * PtxWarp.Size) + lane] = low | (high << 16);
            }
        }

        for (int i = 0; i < 4; i++)
            new ReadOnlySpan<uint>(results + (i * PtxWarp.Size), PtxWarp.Size).CopyTo(new Span<uint>(warp.Registers + instruction.Registers[i], PtxWarp.Size));
    }

    private static void RequireWhole(PtxWarp warp, in PtxInstruction instruction)
    {
        if (warp.Lanes != PtxWarp.AllLanes)
            throw warp.Fault(instruction, "the warp has fewer than 32 lanes");
    }

    private static uint Register(PtxWarp warp, in PtxInstruction instruction, int number, int lane) =>
        ((uint*)(warp.Registers + instruction.Registers[number]))[lane];

    private static double Number(uint bits, uint kept) => BitConverter.UInt32BitsToSingle(bits & kept);

    private static double HalfNumber(uint bits) => (double)BitConverter.UInt16BitsToHalf((ushort)bits);

    private static void Multiply(PtxWarp warp, in PtxInstruction instruction, double* left, double* right, int depth)
    {
        var sums = stackalloc float[4 * PtxWarp.Size];
        for (int lane = 0; lane < PtxWarp.Size; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                int row = (lane >> 2) + (8 * (i >> 1)), column = (2 * (lane & 3)) + (i & 1);
                double sum = 0;
                for (int k = 0; k < depth; k++)
                    sum += left[(row * depth) + k] * right[(k * Columns) + column];
                sums[(4 * lane) + i] = TowardsZero(sum + BitConverter.UInt32BitsToSingle(Register(warp, instruction, Before + i, lane)));
            }
        }

        for (int lane = 0; lane < PtxWarp.Size; lane++)
        {
            for (int i = 0; i < 4; i++)
                ((float*)(warp.Registers + instruction.Registers[i]))[lane] = sums[(4 * lane) + i];
        }
    }

    private static float TowardsZero(double sum)
    {
        float nearest = (float)sum;
        if (float.IsFinite(nearest) && Math.Abs((double)nearest) > Math.Abs(sum))
            return nearest > 0 ? float.BitDecrement(nearest) : float.BitIncrement(nearest);
        return nearest;
    }
}
