using System.Runtime.InteropServices;
using EDA.Bench.Ptx;

namespace EDA.Tests.Ptx;

/// <summary>A few instructions as a kernel: %r0 is the item, %rd0 and %rd1 the addresses of its word of the input and the result.</summary>
internal static unsafe class PtxProgram
{
    private const string Beginning = """
        .version 8.0
        .target sm_80
        .address_size 64

        .visible .entry Kernel_program(
            .param .align 8 .b8 _a[16]
        )
        {
            .reg .pred %p<8>;
            .reg .b32 %r<16>;
            .reg .f32 %f<16>;
            .reg .b64 %rd<16>;
            .reg .f64 %fd<8>;
            ld.param.b64 %rd0, [_a];
            ld.param.b64 %rd1, [_a+8];
            mov.b32 %r0, %tid.x;
            mul.wide.u32 %rd2, %r0, 4;
            add.u64 %rd0, %rd0, %rd2;
            add.u64 %rd1, %rd1, %rd2;

        """;

    private const string End = """

            ret;
        }
        """;

    /// <summary>Runs instructions with one group.</summary>
    /// <param name="code">The instructions, without the last return.</param>
    /// <param name="items">The group's items.</param>
    /// <param name="options">How it is run; null for the usual.</param>
    /// <param name="counter">Makes who counts; null for none.</param>
    /// <returns>A word of the result for each item. It begins as 0, and the input as the numbers of words, 0, 1, 2 and so on.</returns>
    public static uint[] Run(string code, int items = PtxWarp.Size, PtxOptions? options = null, Func<PtxModule, PtxCounts>? counter = null)
    {
        var module = PtxParser.Parse(Beginning + code + End);
        nuint bytes = (nuint)items * sizeof(uint);
        uint* input = (uint*)NativeMemory.AlignedAlloc(bytes, 256), result = (uint*)NativeMemory.AlignedAlloc(bytes, 256);
        try
        {
            for (int i = 0; i < items; i++)
                (input[i], result[i]) = ((uint)i, 0);
            var memory = new PtxMemory();
            memory.Add((ulong)input, bytes);
            memory.Add((ulong)result, bytes);
            using var group = new PtxGroup(module, items, memory, options ?? new PtxOptions()) { Counts = counter?.Invoke(module) };
            group.Run(1, 1, 1, [.. MemoryMarshal.AsBytes([(ulong)input, (ulong)result])]);
            return new ReadOnlySpan<uint>(result, items).ToArray();
        }
        finally
        {
            NativeMemory.AlignedFree(input);
            NativeMemory.AlignedFree(result);
        }
    }

    /// <summary>The message of the fault that instructions end with.</summary>
    /// <param name="code">The instructions, without the last return.</param>
    /// <param name="items">The group's items.</param>
    public static string Fault(string code, int items = PtxWarp.Size) => Assert.Throws<PtxFaultException>(() => Run(code, items)).Message;
}
