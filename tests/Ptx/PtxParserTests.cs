using EDA.Bench.Ptx;

namespace EDA.Tests.Ptx;

/// <summary>What the parser does not know it refuses, with the line it stands in.</summary>
[Trait("Device", "ptx")]
public class PtxParserTests
{
    [Theory]
    [InlineData("fma.rz.f32 %f1, %f2, %f3, %f4;", "the instruction fma.rz.f32 is not known")]
    [InlineData("add.sat.s32 %r1, %r2, %r3;", "the instruction add.sat.s32 is not known")]
    [InlineData("add.s32 %r1, %r2, %r99;", "%r99 is not declared")]
    [InlineData("add.s32 %r1, %r2, %rd3;", "%rd3 is a Double, not a Word")]
    [InlineData("add.f64 %fd1, %fd2, 0f3F800000;", "0f3F800000 is no Double")]
    [InlineData("add.s32 %r1, %r2, 4294967296;", "4294967296 is no Word")]
    [InlineData("add.s32 %r1, %r2;", "; stands where , is expected")]
    [InlineData("add.s32 5, %r1, %r2;", "5 is not declared")]
    [InlineData("mov.b32 %r1, %clock;", "%clock is not declared")]
    [InlineData("ld.param.b32 %r1, [_a+16];", "reads 4 bytes at 16 of 16")]
    [InlineData("ld.param.b64 %rd3, [_a+4];", "reads 8 bytes at 4 of 16")]
    [InlineData("bra NOWHERE;", "there is no label NOWHERE")]
    [InlineData("HERE: HERE:", "a label stands twice")]
    [InlineData(".local .align 4 .b8 depot[16];", ".local")]
    [InlineData(".reg .b8 %h<4>;", "registers of type .b8 are not known")]
    [InlineData(".reg .b32 %r0;", "%r0 is declared twice")]
    [InlineData("call.uni function;", "the instruction call.uni is not known")]
    [InlineData("\"", "is no word of PTX")]
    [InlineData("} .func other(", ".func stands behind the entry point")]
    public void What_is_not_known_is_refused(string code, string message) => Assert.Contains(message, Assert.Throws<PtxFormatException>(() => PtxProgram.Run(code)).Message, StringComparison.Ordinal);

    [Fact]
    public void Names_in_braces_are_their_own()
    {
        const string Code = "mov.b32 %r1, 1; { .reg .b32 %r1, inner; mov.b32 %r1, 2; mov.b32 inner, %r1; } { .reg .b32 inner; mov.b32 inner, 3; } st.global.b32 [%rd1], %r1;";
        Assert.All(PtxProgram.Run(Code), word => Assert.Equal(1u, word));
    }
}
