using EDA.Bench.Ptx;

namespace EDA.Tests.Ptx;

/// <summary>Where lanes go, and what they tell each other: predicates, divergence, barriers, shuffles.</summary>
[Trait("Device", "ptx")]
public class PtxWarpTests
{
    private const string Store = "st.global.b32 [%rd1], %r1;";

    [Fact]
    public void A_guard_lets_some_lanes_write()
    {
        uint[] words = PtxProgram.Run($"setp.lt.s32 %p1, %r0, 5; mov.b32 %r1, 7; @%p1 {Store}");
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane < 5 ? 7u : 0), words);
        words = PtxProgram.Run($"setp.lt.s32 %p1, %r0, 5; mov.b32 %r1, 7; @!%p1 mov.b32 %r1, 8; @!%p1 add.s32 %r1, %r1, 1; {Store}");
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane < 5 ? 7u : 9), words);
    }

    [Fact]
    public void A_result_may_be_an_operand()
    {
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane < 5 ? (uint)lane : 9), PtxProgram.Run($"mov.b32 %r1, %r0; setp.lt.s32 %p1, %r0, 5; selp.b32 %r1, %r1, 9, %p1; {Store}"));
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => (uint)(lane ^ 1)), PtxProgram.Run($"mov.b32 %r1, %r0; shfl.sync.bfly.b32 %r1, %r1, 1, 31, 4294967295; {Store}"));
    }

    /// <summary>A side that stands behind the place where both meet, as compilers put them.</summary>
    [Fact]
    public void Lanes_that_part_meet_again()
    {
        uint[] words = PtxProgram.Run(
            $"""
            setp.lt.s32 %p1, %r0, 10;
            @%p1 bra ASIDE;
            mov.b32 %r1, 100;
            TOGETHER:
            shfl.sync.bfly.b32 %r1, %r1, 31, 31, 4294967295;
            {Store}
            ret;
            ASIDE:
            mov.b32 %r1, %r0;
            bra.uni TOGETHER;
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane > 21 ? (uint)(31 - lane) : 100), words);
    }

    [Fact]
    public void Lanes_leave_a_loop_one_after_the_other_and_meet_behind_it()
    {
        uint[] words = PtxProgram.Run(
            $"""
            mov.b32 %r1, 0;
            mov.b32 %r2, 0;
            AGAIN:
            setp.ge.s32 %p1, %r2, %r0;
            @%p1 bra BEHIND;
            add.s32 %r2, %r2, 1;
            and.b32 %r3, %r2, 1;
            setp.eq.s32 %p2, %r3, 0;
            @%p2 bra AGAIN;
            add.s32 %r1, %r1, %r2;
            bra AGAIN;
            BEHIND:
            shfl.sync.bfly.b32 %r3, %r1, 1, 31, 4294967295;
            {Store}
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => (uint)Enumerable.Range(1, lane).Where(i => i % 2 == 1).Sum()), words);
    }

    [Fact]
    public void Lanes_that_return_leave_the_others()
    {
        uint[] words = PtxProgram.Run($"setp.lt.s32 %p1, %r0, 3; @%p1 ret; mov.b32 %r1, 4; {Store}");
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane < 3 ? 0u : 4), words);
        Assert.Equal(Enumerable.Repeat(0u, 32), PtxProgram.Run($"setp.ge.s32 %p1, %r0, 0; @%p1 ret; mov.b32 %r1, 4; {Store}"));
    }

    [Fact]
    public void A_uniform_branch_is_taken_by_all_or_none()
    {
        const string Code = "@%p1 bra.uni AWAY; mov.b32 %r1, 1; st.global.b32 [%rd1], %r1; AWAY:";
        Assert.All(PtxProgram.Run($"setp.lt.s32 %p1, %r0, 32; {Code}"), word => Assert.Equal(0u, word));
        Assert.All(PtxProgram.Run($"setp.lt.s32 %p1, %r0, 0; {Code}"), word => Assert.Equal(1u, word));
        Assert.Contains("bra.uni AWAY", PtxProgram.Fault($"setp.lt.s32 %p1, %r0, 31; {Code}"), StringComparison.Ordinal);

        // Of those alone that come to it.
        Assert.Equal(
            Enumerable.Range(0, 32).Select(lane => lane < 8 ? 0u : 1),
            PtxProgram.Run($"setp.lt.s32 %p1, %r0, 8; @!%p1 bra ELSEWHERE; {Code} bra DONE; ELSEWHERE: mov.b32 %r1, 1; {Store} DONE:"));
    }

    // bfly: lane ^ b; idx: lane b of the segment. A lane beyond the clamp is oneself. c = clamp + 256 · segments.
    [Theory]
    [InlineData("bfly", "5", 31)]
    [InlineData("bfly", "16", 31 + (256 * 16))]
    [InlineData("bfly", "3", 9)]
    [InlineData("idx", "6", 31)]
    [InlineData("idx", "3", 31 + (256 * 24))]
    [InlineData("idx", "20", 12)]
    public void Shuffles(string mode, string by, int c)
    {
        int b = int.Parse(by, null), segment = (c >> 8) & 31, clamp = c & 31;
        uint[] words = PtxProgram.Run($"shfl.sync.{mode}.b32 %r1, %r0, {by}, {c}, 4294967295; {Store}");
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => (uint)Source(lane)), words);

        int Source(int lane)
        {
            int last = (lane & segment) | (clamp & ~segment), from = mode == "bfly" ? lane ^ b : (lane & segment) | (b & ~segment);
            return from <= last ? from : lane;
        }
    }

    [Fact]
    public void Lanes_tell_each_other_nothing_where_some_are_elsewhere()
    {
        const string Away = "setp.lt.s32 %p1, %r0, 8; @%p1 bra AWAY;";
        Assert.Contains("for ffffffff", PtxProgram.Fault($"{Away} shfl.sync.bfly.b32 %r1, %r0, 1, 31, 4294967295; AWAY:"), StringComparison.Ordinal);
        Assert.Contains("all must", PtxProgram.Fault($"{Away} bar.sync 0; AWAY:"), StringComparison.Ordinal);

        // Whom the mask names is here; whom a lane reads is not.
        Assert.Contains("does not execute it", PtxProgram.Fault($"{Away} shfl.sync.bfly.b32 %r1, %r0, 31, 31, 4294967040; AWAY:"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_barrier_is_for_the_whole_group()
    {
        Assert.Contains("others do not come to", PtxProgram.Fault("setp.lt.s32 %p1, %r0, 32; @%p1 bra.uni AWAY; bar.sync 0; AWAY:", 64), StringComparison.Ordinal);
        Assert.Contains("all must", PtxProgram.Fault("setp.lt.s32 %p1, %r0, 3; @%p1 ret; bar.sync 0;", 64), StringComparison.Ordinal);
    }

    [Fact]
    public void What_never_ends_meets_nowhere() => Assert.Equal([PtxPostDominators.End], PtxPostDominators.Of([[0]]));

    // 0 → 1 or 2; 1 → 3; 2 → 3 or the end; 3 → 0 or 4; 4 ends.
    [Fact]
    public void The_meeting_of_branches_is_on_all_ways_to_the_end() =>
        Assert.Equal([PtxPostDominators.End, 3, PtxPostDominators.End, PtxPostDominators.End, PtxPostDominators.End], PtxPostDominators.Of([[1, 2], [3], [3, PtxPostDominators.End], [0, 4], [PtxPostDominators.End]]));

    // A loop 1 ⇄ 2 with an exit to 3, behind 0.
    [Fact]
    public void Ways_through_a_loop_meet_behind_it() =>
        Assert.Equal([1, 3, 1, PtxPostDominators.End], PtxPostDominators.Of([[1], [2, 3], [1], [PtxPostDominators.End]]));
}
