using EDA.Bench.Ptx;

namespace EDA.Tests.Ptx;

/// <summary>Bounds, alignment, poison, asynchronous copies and races.</summary>
[Trait("Device", "ptx")]
public class PtxMemoryTests
{
    private const string Store = "st.global.b32 [%rd1], %r1;";
    private const string Shared = ".shared .align 16 .b8 room[256]; mov.b64 %rd4, room; add.u64 %rd3, %rd4, %rd2;";

    [Fact]
    public void An_address_outside_of_all_arrays_is_a_fault()
    {
        Assert.Contains("line 25: ld.global.b32 %r1 , [ %rd0 + 4 ] ;, lane 31 of warp 0 of group (0, 0, 0): 4 bytes at", PtxProgram.Fault("\n\n\n\n\nld.global.b32 %r1, [%rd0+4];"), StringComparison.Ordinal);
        Assert.Contains("lane 0 ", PtxProgram.Fault("st.global.b32 [%rd1+-4], %r0;"), StringComparison.Ordinal);
        Assert.Contains("are in no array", PtxProgram.Fault("mov.b64 %rd3, 0; ld.global.b32 %r1, [%rd3];"), StringComparison.Ordinal);
        Assert.Contains("are in no array", PtxProgram.Fault($"{Shared} ld.shared.f32 %f1, [%rd3+252];"), StringComparison.Ordinal);

        // An address of shared memory is none of global memory.
        Assert.Contains("are in no array", PtxProgram.Fault($"{Shared} ld.global.f32 %f1, [%rd3];"), StringComparison.Ordinal);
    }

    [Fact]
    public void Variables_in_shared_memory_do_not_touch() => Assert.Contains(
        "are in no array", PtxProgram.Fault(".shared .align 4 .b8 one[128]; .shared .align 4 .b8 other[128]; mov.b64 %rd3, one; ld.shared.f32 %f1, [%rd3+128];"), StringComparison.Ordinal);

    [Fact]
    public void An_address_that_is_not_aligned_is_a_fault()
    {
        Assert.Contains("is not aligned to 4 bytes", PtxProgram.Fault("add.u64 %rd3, %rd0, 2; ld.global.b32 %r1, [%rd3];"), StringComparison.Ordinal);
        Assert.Contains("lane 1 of", PtxProgram.Fault("ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd0];"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_not_written_is_poison()
    {
        Assert.All(PtxProgram.Run(Store), word => Assert.Equal(uint.MaxValue, word));
        Assert.All(PtxProgram.Run($"{Shared} ld.shared.f32 %f1, [%rd3]; st.global.f32 [%rd1], %f1;"), word => Assert.Equal(uint.MaxValue, word));
    }

    [Fact]
    public void Four_words_go_to_four_registers()
    {
        const string Code = Shared + "mov.b64 %rd5, room; mov.f32 %f4, 0f00000001; mov.f32 %f5, 0f00000002; mov.f32 %f6, 0f00000003; mov.f32 %f7, 0f00000004; setp.eq.s32 %p1, %r0, 0;"
            + "@%p1 st.shared.v4.f32 [%rd5+16], {%f4, %f5, %f6, %f7}; ld.shared.v4.f32 {%f0, %f1, %f2, %f3}, [%rd5+16];";
        for (int i = 0; i < 4; i++)
            Assert.All(PtxProgram.Run($"{Code} st.global.f32 [%rd1], %f{i};"), word => Assert.Equal((uint)i + 1, word));
        Assert.All(PtxProgram.Run($"{Code} ld.shared.v2.f32 {{%f1, %f2}}, [%rd5+24]; add.f32 %f1, %f1, %f2; st.global.f32 [%rd1], %f1;"), word => Assert.Equal(7u, word));
    }

    /// <summary>Between the copy and its wait a lane sees neither what was there nor what comes.</summary>
    [Fact]
    public void A_copy_is_there_when_it_was_waited_for()
    {
        const string Copy = Shared + "mov.f32 %f1, 0f00000007; st.shared.f32 [%rd3], %f1; cp.async.ca.shared.global [%rd3], [%rd0], 4, 4; cp.async.commit_group;";
        const string Read = "ld.shared.f32 %f2, [%rd3]; st.global.f32 [%rd1], %f2;";
        Assert.All(PtxProgram.Run(Copy + Read), word => Assert.Equal(uint.MaxValue, word));
        Assert.All(PtxProgram.Run(Copy + "cp.async.wait_group 1;" + Read), word => Assert.Equal(uint.MaxValue, word));
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)i), PtxProgram.Run(Copy + "cp.async.wait_group 0;" + Read));
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)i), PtxProgram.Run(Copy + "cp.async.commit_group; cp.async.wait_group 1;" + Read));
    }

    [Fact]
    public void What_a_copy_does_not_read_becomes_zero()
    {
        const string Read = "cp.async.commit_group; cp.async.wait_group 0; ld.shared.f32 %f2, [%rd3]; st.global.f32 [%rd1], %f2;";
        Assert.All(PtxProgram.Run($"{Shared} cp.async.ca.shared.global [%rd3], [%rd0], 4, 0; {Read}"), word => Assert.Equal(0u, word));
        Assert.Contains("it copies 8 of 4 bytes", PtxProgram.Fault($"{Shared} cp.async.ca.shared.global [%rd3], [%rd0], 4, 8;"), StringComparison.Ordinal);
        Assert.Contains("is not aligned", PtxProgram.Fault($"{Shared} cp.async.cg.shared.global [%rd3], [%rd0], 16, 16;"), StringComparison.Ordinal);
        Assert.Contains("are in no array", PtxProgram.Fault($"{Shared} add.u64 %rd5, %rd0, 4; cp.async.ca.shared.global [%rd3], [%rd5], 4, 4;"), StringComparison.Ordinal);

        // An address that nothing is read from may be any.
        PtxProgram.Run($"{Shared} add.u64 %rd5, %rd0, 4; cp.async.ca.shared.global [%rd3], [%rd5], 4, 0;");
    }

    [Fact]
    public void Warps_that_use_a_word_without_a_barrier_race()
    {
        // Each item reads what the other warp's wrote.
        const string Write = Shared + "mov.f32 %f1, %r0; st.shared.f32 [%rd3], %f1;";
        const string Read = "xor.b32 %r2, %r0, 32; mul.wide.u32 %rd5, %r2, 4; add.u64 %rd5, %rd4, %rd5; ld.shared.f32 %f2, [%rd5]; st.global.f32 [%rd1], %f2;";
        var expected = Enumerable.Range(0, 64).Select(i => (uint)(i ^ 32));
        Assert.Equal(expected, PtxProgram.Run(Write + "bar.sync 0;" + Read, 64));
        Assert.Contains("no barrier stands between", PtxProgram.Fault(Write + Read, 64), StringComparison.Ordinal);

        // Who does not look for races finds poison, in the warp that comes first.
        uint[] forward = PtxProgram.Run(Write + Read, 64, new PtxOptions(PtxOrder.Forward, false)), reverse = PtxProgram.Run(Write + Read, 64, new PtxOptions(PtxOrder.Reverse, false));
        Assert.All(forward[..32].Concat(reverse[32..]), word => Assert.Equal(uint.MaxValue, word));
        Assert.Equal(expected, [.. reverse[..32], .. forward[32..]]);
    }
}
