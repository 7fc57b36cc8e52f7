using System.Globalization;
using EDA.Bench.Ptx;

namespace EDA.Tests.Ptx;

/// <summary>What single instructions compute, by examples from PTX's own definition: NaN, signs of zero, rounding, clamping.</summary>
[Trait("Device", "ptx")]
public class PtxArithmeticTests
{
    // NaN as constants write it, and as results have it.
    private const string NaN = "0f7FC00001";
    private const string Canonical = "7FFFFFFF";

    [Theory]
    [InlineData("max.f32 %f1, " + NaN + ", 0f00000000", "00000000")]
    [InlineData("max.f32 %f1, 0f40E00000, " + NaN, "40E00000")]
    [InlineData("max.f32 %f1, " + NaN + ", " + NaN, Canonical)]
    [InlineData("max.f32 %f1, 0f80000000, 0f00000000", "00000000")]
    [InlineData("max.f32 %f1, 0f00000000, 0f80000000", "00000000")]
    [InlineData("min.f32 %f1, " + NaN + ", 0f40E00000", "40E00000")]
    [InlineData("min.f32 %f1, 0f40E00000, " + NaN, "40E00000")]
    [InlineData("min.f32 %f1, " + NaN + ", " + NaN, Canonical)]
    [InlineData("min.f32 %f1, 0f80000000, 0f00000000", "80000000")]
    [InlineData("min.f32 %f1, 0f00000000, 0f80000000", "80000000")]
    [InlineData("min.f32 %f1, 0fFF800000, 0f00000000", "FF800000")]
    [InlineData("add.f32 %f1, " + NaN + ", 0f00000000", Canonical)]
    [InlineData("sub.f32 %f1, 0f7F800000, 0f7F800000", Canonical)]
    [InlineData("sub.f32 %f1, 0f00000000, 0f00000000", "00000000")]
    [InlineData("mul.f32 %f1, 0f7F800000, 0f80000000", Canonical)]
    [InlineData("mul.f32 %f1, 0f00800000, 0f3F000000", "00400000")]
    [InlineData("fma.rn.f32 %f1, 0f3F800001, 0f3F800001, 0fBF800002", "28800000")]
    [InlineData("fma.rn.f32 %f1, 0f7F800000, 0f3F800000, 0fFF800000", Canonical)]
    [InlineData("fma.rn.f32 %f1, " + NaN + ", 0f00000000, 0f00000000", Canonical)]
    [InlineData("div.rn.f32 %f1, 0f3F800000, 0f80000000", "FF800000")]
    [InlineData("div.rn.f32 %f1, 0f3F800000, 0f40400000", "3EAAAAAB")]
    [InlineData("rcp.rn.f32 %f1, 0f40400000", "3EAAAAAB")]
    [InlineData("rcp.rn.f32 %f1, 0f80000000", "FF800000")]
    [InlineData("sqrt.rn.f32 %f1, 0f40000000", "3FB504F3")]
    [InlineData("sqrt.rn.f32 %f1, 0fBF800000", Canonical)]
    [InlineData("neg.f32 %f1, 0f00000000", "80000000")]
    [InlineData("neg.f32 %f1, 0fFFC00001", "7FC00001")]
    public void Floats(string instruction, string bits) => AssertResult(instruction, "%f1", bits);

    // Halves go to even numbers where PTX says rn, away from zero where it says rna; integers are clamped.
    [Theory]
    [InlineData("cvt.rn.f32.f64 %r1, 0d3FF0000010000000", "3F800000")]
    [InlineData("cvt.rn.f32.f64 %r1, 0d3FF0000030000000", "3F800002")]
    [InlineData("cvt.rn.f32.f64 %r1, 0d3FF0000010000001", "3F800001")]
    [InlineData("cvt.rn.f32.f64 %r1, 0d7FF8000000000001", Canonical)]
    [InlineData("cvt.rn.f32.s32 %r1, 16777217", "4B800000")]
    [InlineData("cvt.rn.f32.s32 %r1, 16777219", "4B800002")]
    [InlineData("cvt.rn.f32.s32 %r1, -1", "BF800000")]
    [InlineData("cvt.rzi.s32.f32 %r1, 0f402CCCCD", "00000002")]
    [InlineData("cvt.rzi.s32.f32 %r1, 0fC02CCCCD", "FFFFFFFE")]
    [InlineData("cvt.rzi.s32.f32 %r1, 0f4F32D05E", "7FFFFFFF")]
    [InlineData("cvt.rzi.s32.f32 %r1, 0fFF800000", "80000000")]
    [InlineData("cvt.rzi.s32.f32 %r1, " + NaN, "00000000")]
    [InlineData("cvt.rzi.s32.f64 %r1, 0d4005999999999999", "00000002")]
    [InlineData("cvt.rzi.s32.f64 %r1, 0dC1F0000000000000", "80000000")]
    [InlineData("cvt.rzi.s32.f64 %r1, 0d7FF8000000000001", "80000000")]
    [InlineData("cvt.rn.bf16x2.f32 %r1, 0f3F808000, 0f3F818000", "3F803F82")]
    [InlineData("cvt.rn.bf16x2.f32 %r1, 0f3F808001, 0fBF807FFF", "3F81BF80")]
    [InlineData("cvt.rn.bf16x2.f32 %r1, 0f7F7FFFFF, 0fFF800000", "7F80FF80")]
    [InlineData("cvt.rn.bf16x2.f32 %r1, " + NaN + ", 0f00000000", "7FFF0000")]
    public void Conversions(string instruction, string bits) => AssertResult(instruction, "%r1", bits);

    // As the kernels round: half a unit is added, and the last 13 bits mean nothing. NaN is what arithmetic makes it.
    [Theory]
    [InlineData("0f3F801000", "3F802000")]
    [InlineData("0f3F803000", "3F804000")]
    [InlineData("0f3F800FFF", "3F800000")]
    [InlineData("0fBF801000", "BF802000")]
    [InlineData("0f7F7FFFFF", "7F800000")]
    [InlineData("0f7F800000", "7F800000")]
    [InlineData("0fFF800000", "FF800000")]
    [InlineData("0f7FFFFFFF", "7FFFE000")]
    [InlineData("0fFFFFFFFF", "7FFFE000")]
    public void Tf32_numbers(string value, string bits) =>
        AssertResult($"mov.f32 %f1, {value}; and.b32 %r2, %f1, 0xFF800000; fma.rn.f32 %f2, %r2, 0f3A000000, %f1; and.b32 %r1, %f2, 0xFFFFE000", "%r1", bits);

    [Theory]
    [InlineData("shl.b32 %r1, 1, 31", "80000000")]
    [InlineData("shl.b32 %r1, 1, 32", "00000000")]
    [InlineData("shr.s32 %r1, -8, 1", "FFFFFFFC")]
    [InlineData("shr.s32 %r1, -8, 40", "FFFFFFFF")]
    [InlineData("shr.u32 %r1, -8, 40", "00000000")]
    [InlineData("div.s32 %r1, -7, 2", "FFFFFFFD")]
    [InlineData("div.u32 %r1, -7, 2", "7FFFFFFC")]
    [InlineData("rem.s32 %r1, -7, 2", "FFFFFFFF")]
    [InlineData("rem.s32 %r1, 7, -2", "00000001")]
    [InlineData("rem.s32 %r1, -2147483648, -1", "00000000")]
    [InlineData("mul.lo.s32 %r1, 65537, 65536", "00010000")]
    [InlineData("min.s32 %r1, -1, 1", "FFFFFFFF")]
    [InlineData("max.s32 %r1, -1, 1", "00000001")]
    [InlineData("mul.wide.u32 %rd3, -1, -1; shr.u64 %rd4, %rd3, 32; cvt.u32.u64 %r1, %rd4", "FFFFFFFE")]
    [InlineData("cvt.s64.s32 %rd3, -1; shr.u64 %rd4, %rd3, 32; cvt.u32.u64 %r1, %rd4", "FFFFFFFF")]
    [InlineData("cvt.u64.u32 %rd3, -1; shr.u64 %rd4, %rd3, 32; cvt.u32.u64 %r1, %rd4", "00000000")]
    [InlineData("shl.b64 %rd3, 1, 64; cvt.u32.u64 %r1, %rd3", "00000000")]
    [InlineData("mad.lo.u64 %rd3, 3, 5, 7; cvt.u32.u64 %r1, %rd3", "00000016")]
    public void Integers(string instruction, string bits) => AssertResult(instruction, "%r1", bits);

    [Theory]
    [InlineData("setp.lt.f32 %p1, " + NaN + ", 0f00000000", false)]
    [InlineData("setp.gt.f32 %p1, " + NaN + ", 0f00000000", false)]
    [InlineData("setp.eq.f32 %p1, " + NaN + ", " + NaN, false)]
    [InlineData("setp.eq.f32 %p1, 0f80000000, 0f00000000", true)]
    [InlineData("setp.ge.f64 %p1, 0d7FF8000000000001, 0d0000000000000000", false)]
    [InlineData("testp.notanumber.f32 %p1, " + NaN, true)]
    [InlineData("testp.notanumber.f32 %p1, 0f7F800000", false)]
    [InlineData("setp.hi.u32 %p1, -1, 1", true)]
    [InlineData("setp.gt.s32 %p1, -1, 1", false)]
    [InlineData("setp.lo.u32 %p1, 1, -1", true)]
    [InlineData("setp.ne.s32 %p1, 1, 1", false)]
    [InlineData("mov.pred %p2, 0; mov.pred %p3, 1; or.pred %p1, %p2, %p3", true)]
    [InlineData("mov.pred %p2, 0; mov.pred %p3, 1; and.pred %p1, %p2, %p3", false)]
    public void Comparisons(string instruction, bool holds) => AssertResult(instruction + "; selp.b32 %r1, 1, 0, %p1", "%r1", holds ? "00000001" : "00000000");

    [Fact]
    public void A_division_by_zero_is_a_fault() => Assert.Contains("by zero", PtxProgram.Fault("rem.s32 %r1, %r0, 0;"), StringComparison.OrdinalIgnoreCase);

    private static void AssertResult(string instruction, string register, string bits) =>
        Assert.All(PtxProgram.Run($"{instruction}; st.global.b32 [%rd1], {register};"), word => Assert.Equal(bits, word.ToString("X8", CultureInfo.InvariantCulture)));
}
