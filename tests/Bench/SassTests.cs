using EDA.Bench.Ptx;
using EDA.Bench.Sass;
using EDA.Tests.Host;
using EDA.Tests.Ptx;

namespace EDA.Tests.Bench;

/// <summary>eda bench sass: counting what a kernel does, and reading what the assembler makes of it.</summary>
public class SassTests
{
    // A loop in a kernel, as nvdisasm -g -hex -c lists it; the upper halves are what the scheduler is told.
    private const string Listing = """
        	.headerflags	@"EF_CUDA_SM90"
        Kernel_Run:
        .text.Kernel_Run:
        	//## File "kernel.ptx", line 21
                /*0000*/                   LDC R1, c[0x0][0x28] ;          /* 0x00000a00ff017b82 */
                                                                           /* 0x000e240000000800 */
        .L_x_0:
        	//## File "kernel.ptx", line 30
                /*0010*/                   LDG.E.128 R4, desc[UR4][R2.64] ; /* 0x0000000402047981 */
                                                                           /* 0x001ea2000c1e1d00 */
        	//## File "kernel.ptx", line 31
                /*0020*/                   FFMA R8, R4, R4, R8 ;           /* 0x0000000404087223 */
                                                                           /* 0x004fca0000000008 */
                /*0030*/              @!P0 BRA `(.L_x_0) ;                 /* 0xfffffff400008947 */
                                                                           /* 0x000fea000383ffff */
                /*0040*/                   EXIT ;                          /* 0x000000000000794d */
                                                                           /* 0x000fea0003800000 */
        .L_x_1:
                /*0050*/                   BRA `(.L_x_1);                  /* 0xfffffffc00007947 */
                                                                           /* 0x000fc0000383ffff */
        """;

    [Fact]
    public void A_listing_is_read_into_blocks_and_loops()
    {
        var listing = SassListing.Parse(Listing);
        Assert.Equal([0x00, 0x10, 0x40, 0x50], listing.Blocks.Select(block => block.Address));
        Assert.Equal([(1, 1)], listing.Loops);
        var load = listing.Blocks[1].Instructions[0];
        Assert.Equal(("LDG.E.128", "LDG", 30, false), (load.Name, load.Stem, load.Line, load.IsGuarded));

        // Waits for scoreboard 0, tells by scoreboard 2, and the warp's next instruction comes a cycle later.
        Assert.Equal(new SassControl(1, 2, -1, 1), load.Control);
        Assert.Equal(new SassControl(5, -1, -1, 4), listing.Blocks[1].Instructions[1].Control);
        Assert.True(listing.Blocks[1].Instructions[2].IsGuarded);
    }

    [Fact]
    public void What_is_no_listing_is_refused() => Assert.Throws<FormatException>(() => SassListing.Parse("nvdisasm fatal: no such file"));

    /// <summary>Shared memory of 32 banks: 32 neighbours in one pass, every second word in two, one word for all in one.</summary>
    [Theory]
    [InlineData("shl.b32 %r1, %r0, 2;", "st.shared.f32 [%rd2], %f0;", 1)]
    [InlineData("shl.b32 %r1, %r0, 3;", "st.shared.f32 [%rd2], %f0;", 2)]
    [InlineData("shl.b32 %r1, %r0, 7;", "st.shared.f32 [%rd2], %f0;", 32)]
    [InlineData("mov.b32 %r1, 0;", "ld.shared.f32 %f1, [%rd2];", 1)]
    [InlineData("shl.b32 %r1, %r0, 4;", "ld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [%rd2];", 4)]
    public void Passes_over_shared_memory_are_counted(string address, string access, int passes)
    {
        var counts = Count($"""
            .shared .align 16 .b8 __all[4096];
            mov.f32 %f0, 0f3F800000;
            {address}
            cvt.s64.s32 %rd2, %r1;
            mov.b64 %rd3, __all;
            add.s64 %rd2, %rd2, %rd3;
            {access}
            """);
        var line = Assert.Single(counts.ByLine().Values, line => line.Accesses > 0);
        Assert.Equal((1, passes), (line.Accesses, line.Passes));
    }

    /// <summary>Global memory: 32 neighbouring words are four sectors of 32 bytes, which the multiprocessor's cache keeps for the group.</summary>
    [Fact]
    public void Sectors_of_global_memory_are_counted()
    {
        var counts = Count("ld.global.f32 %f0, [%rd0];\nld.global.f32 %f1, [%rd0];\nst.global.f32 [%rd1], %f0;", 64);
        Assert.Equal((8, 8), (counts.SectorsIn, counts.SectorsOut));
        var loads = counts.ByLine().Values.Where(line => line.Instructions.ContainsKey("LDG")).ToArray();
        Assert.Equal(2, loads.Length);
        Assert.All(loads, load => Assert.Equal((2, 2, 2), (load.Executions, load.Accesses, load.Passes)));
    }

    [Theory]
    [InlineData("--precision", "fp8", "fp32, tf32, bf16, fp16")]
    [InlineData("--gpu", "a100", "h100, h200")]
    [InlineData("--step", "sampling", "pretraining, alignment, implicit q, score")]
    public void What_it_does_not_know_is_refused_in_a_line(string option, string value, string allowed)
    {
        var result = BenchProcess.Run(Path.GetTempPath(), "bench", "sass", option, value);
        Assert.Equal((2, $"eda: {option} is '{value}'; allowed is one of {allowed}"), (result.Status, result.Error.Trim()));
    }

    /// <summary>A whole step, with the tools: every kernel that it launches is assembled and counted, and none spills registers.</summary>
    [OptionalTheory(OptionalNeeds.Ptxas)]
    [Trait("speed", "slow")]
    [InlineData("tf32", "HMMA", 2048)]
    [InlineData("fp16", "HMMA", 4096)]
    [InlineData("fp32", "float", 64)]
    public void A_step_is_counted(string precision, string arithmetic, int flop)
    {
        using var folder = new ScratchFolder();
        var result = BenchProcess.Run(folder.Path, "bench", "sass", "--precision", precision, "--step", "score", "--json", "score.json");
        Assert.True(result.Status == 0, result.Error);
        using var document = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "score.json")));
        var rows = Assert.Single(document.RootElement.GetProperty("steps").EnumerateArray()).GetProperty("rows").EnumerateArray().ToArray();
        Assert.All(rows, row => Assert.Equal(0, row.GetProperty("spilled_bytes").GetInt32()));
        Assert.All(rows, row => Assert.InRange(row.GetProperty("predicted_seconds").GetDouble(), 1e-6, 1e-3));

        // 2 · 4096 · 256 · 1024 FLOP of a product: on the tensor cores 2·16·8·8 or 2·16·8·16 an instruction, in fp32 a multiply-add of 32 lanes.
        var product = rows.First(row => row.GetProperty("kernel").GetString()!.Contains("slope", StringComparison.Ordinal));
        double warps = product.GetProperty("groups").GetInt32() * product.GetProperty("warps").GetInt32();
        double counted = product.GetProperty("instructions_a_warp").GetProperty(arithmetic).GetDouble() * warps, expected = 2.0 * 4096 * 256 * 1024 / flop;
        Assert.InRange(counted / expected, 1, 1.1);
    }

    private static PtxCounts Count(string code, int items = PtxWarp.Size)
    {
        PtxCounts? counts = null;
        PtxProgram.Run(code, items, counter: module => counts = new PtxCounts(module));
        return counts!;
    }
}
