using System.Runtime.CompilerServices;
using EDA.Kernels.Cpu.Matrix;
using Iced.Intel;

namespace EDA.Tests.Kernels;

/// <summary>
/// Runs a program of <see cref="MachineCode"/> that is made of tile instructions, on memory of this process: decodes its
/// bytes and does each instruction as Intel's manual defines it. Knows the instructions that those programs are made of,
/// and fails on any other. So the bytes are tested on machines without tiles.
/// </summary>
internal static unsafe class TileInterpreter
{
    private const int Rows = 16, RowBytes = 64, Tiles = 8;

    /// <summary>Runs.</summary>
    /// <param name="body">The program without its first instruction, which puts the argument into rax.</param>
    /// <param name="argument">The argument.</param>
    public static void Run(byte[] body, nint argument)
    {
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(body));
        var program = new Dictionary<ulong, Instruction>();
        while (decoder.IP < (ulong)body.Length)
        {
            var instruction = decoder.Decode();
            program[instruction.IP] = instruction;
        }

        var registers = new Dictionary<Register, long> { [Register.RAX] = argument };
        byte[][] tiles = [.. Enumerable.Range(0, Tiles).Select(_ => new byte[Rows * RowBytes])];
        bool isZero = false;
        for (ulong at = 0; ;)
        {
            var instruction = program[at];
            at = instruction.NextIP;
            switch (instruction.Mnemonic)
            {
                case Mnemonic.Mov:
                    Set(instruction.Op0Register, Source(instruction));
                    break;
                case Mnemonic.Add:
                    Set(instruction.Op0Register, Get(instruction.Op0Register) + Source(instruction));
                    break;
                case Mnemonic.Dec:
                    Set(instruction.Op0Register, Get(instruction.Op0Register) - 1);
                    isZero = Get(instruction.Op0Register) == 0;
                    break;
                case Mnemonic.Cmp:
                    isZero = *(long*)Address(instruction) == (long)instruction.GetImmediate(1);
                    break;
                case Mnemonic.Je when isZero:
                case Mnemonic.Jne when !isZero:
                case Mnemonic.Jmp:
                    at = instruction.NearBranchTarget;
                    break;
                case Mnemonic.Je:
                case Mnemonic.Jne:
                    break;
                case Mnemonic.Tilezero:
                    Array.Clear(Tile(instruction.Op0Register));
                    break;
                case Mnemonic.Tileloadd:
                    for (int row = 0; row < Rows; row++)
                        new Span<byte>((byte*)Address(instruction) + (row * Stride(instruction)), RowBytes).CopyTo(Tile(instruction.Op0Register).AsSpan(row * RowBytes));
                    break;
                case Mnemonic.Tilestored:
                    for (int row = 0; row < Rows; row++)
                        Tile(instruction.Op1Register).AsSpan(row * RowBytes, RowBytes).CopyTo(new Span<byte>((byte*)Address(instruction) + (row * Stride(instruction)), RowBytes));
                    break;
                case Mnemonic.Tdpbf16ps:
                    Multiply(Tile(instruction.Op0Register), Tile(instruction.Op1Register), Tile(instruction.Op2Register));
                    break;
                case Mnemonic.Ret:
                    return;
                default:
                    throw new NotSupportedException($"{instruction} is not known here");
            }
        }

        long Get(Register register) => registers[register.GetFullRegister()];
        void Set(Register register, long value) => registers[register.GetFullRegister()] = value;
        byte[] Tile(Register register) => tiles[register - Register.TMM0];
        long Stride(in Instruction instruction) => Get(instruction.MemoryIndex);

        // The index of a tile's address is its stride and no part of where it begins.
        long Address(in Instruction instruction) => Get(instruction.MemoryBase) + (long)instruction.MemoryDisplacement64;

        long Source(in Instruction instruction) => instruction.Op1Kind switch
        {
            OpKind.Register => Get(instruction.Op1Register),
            OpKind.Memory => *(long*)Address(instruction),
            _ => (long)instruction.GetImmediate(1),
        };
    }

    /// <summary>TDPBF16PS: for each sum the products of the even and of the odd numbers apart, then together, then to the sum.</summary>
    private static void Multiply(byte[] sums, byte[] left, byte[] right)
    {
        Span<float> even = stackalloc float[RowBytes / sizeof(float)], odd = stackalloc float[RowBytes / sizeof(float)];
        for (int m = 0; m < Rows; m++)
        {
            even.Clear();
            odd.Clear();
            for (int k = 0; k < Rows; k++)
            {
                for (int n = 0; n < even.Length; n++)
                {
                    even[n] = MathF.FusedMultiplyAdd(Number(left, m, 2 * k), Number(right, k, 2 * n), even[n]);
                    odd[n] = MathF.FusedMultiplyAdd(Number(left, m, (2 * k) + 1), Number(right, k, (2 * n) + 1), odd[n]);
                }
            }

            for (int n = 0; n < even.Length; n++)
                Unsafe.As<byte, float>(ref sums[(m * RowBytes) + (n * sizeof(float))]) += even[n] + odd[n];
        }
    }

    private static float Number(byte[] tile, int row, int number) => Bfloat16.Single(BitConverter.ToUInt16(tile, (row * RowBytes) + (number * sizeof(ushort))));
}
