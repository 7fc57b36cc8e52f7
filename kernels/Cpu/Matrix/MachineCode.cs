namespace EDA.Kernels.Cpu.Matrix;

/// <summary>
/// The machine code of the matrix units, which .NET has no instructions for. The bytes are what the assembly programs of
/// tests/Kernels/MatrixPrograms.cs assemble to, and a test compares them.
/// </summary>
/// <remarks>
/// Every program begins by taking its one argument from the register of the calling convention; the rest is the same for
/// all. None calls anything, moves the stack, or touches a register that a callee must keep.
/// </remarks>
public static class MachineCode
{
    /// <summary>The first instruction, where arguments come as Windows has them or as everybody else has.</summary>
    /// <param name="windows">Whether it is Windows.</param>
    /// <returns><c>mov rax, rcx</c> or <c>mov rax, rdi</c>.</returns>
    public static ReadOnlySpan<byte> Argument(bool windows) => windows ? [0x48, 0x89, 0xC8] : [0x48, 0x89, 0xF8];

    /// <summary>A program without its first instruction.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The bytes.</returns>
    public static byte[] Body(string name) => Convert.FromHexString(name switch
    {
        nameof(ReadFeatures) => ReadFeatures,
        nameof(Configure) => Configure,
        nameof(Release) => Release,
        nameof(TileProduct) => TileProduct,
        nameof(TileSplitProduct) => TileSplitProduct,
        nameof(DotProduct) => DotProduct,
        _ => throw new ArgumentException($"there is no program {name}", nameof(name)),
    });

    /// <summary>The names of the programs.</summary>
    public static IReadOnlyList<string> Names { get; } = [nameof(ReadFeatures), nameof(Configure), nameof(Release), nameof(TileProduct), nameof(TileSplitProduct), nameof(DotProduct)];

    // XCR0, the state that the system saves.
    private const string ReadFeatures = "31C90F01D048C1E2204809D0C3";

    // Ldtilecfg of the argument.
    private const string Configure = "C4E2784900C3";

    // Tilerelease.
    private const string Release = "C4E27849C0C3";

    // 32 × 32 sums over bf16 blocks by AMX tiles.
    private const string TileProduct =
        "488B08488B50104C8B40204C8B482841BA4000000041BB8000000048837830007423C4827B4B0418C4827B4B4C1840C4827B4B941800080000C4827B4B9C1840" +
        "080000EB14C4E27B49C0C4E27B49C8C4E27B49D0C4E27B49D8C4A27B4B2411C4A27B4BAC1100040000C4A27B4B341AC4A27B4B7C1A40C4E24A5CC4C4E2425CCC" +
        "C4E24A5CD5C4E2425CDD480348084881C20008000049FFC975BFC4827A4B0418C4827A4B4C1840C4827A4B941800080000C4827A4B9C1840080000C3";

    // The same of factors in two parts.
    private const string TileSplitProduct =
        "488B08488B50104C8B40204C8B482841BA4000000041BB800000004883783000488B40187423C4827B4B0418C4827B4B4C1840C4827B4B941800080000C4827B" +
        "4B9C1840080000EB14C4E27B49C0C4E27B49C8C4E27B49D0C4E27B49D8C4A27B4B2411C4A27B4BAC1100040000C4A27B4B3418C4A27B4B7C1840C4E24A5CC4C4" +
        "E2425CCCC4E24A5CD5C4E2425CDDC4A27B4B341AC4A27B4B7C1A40C4E24A5CC4C4E2425CCCC4E24A5CD5C4E2425CDDC4A27B4BA41100080000C4A27B4BAC1100" +
        "0C0000C4E24A5CC4C4E2425CCCC4E24A5CD5C4E2425CDD4881C1001000004881C20008000048050008000049FFC90F8569FFFFFFC4827A4B0418C4827A4B4C18" +
        "40C4827A4B941800080000C4827A4B9C1840080000C3";

    // 32 × 32 sums over bf16 blocks by AVX512_BF16.
    private const string DotProduct =
        "488B084C8B4020488B50104C8B48284989CA4883783000747162C17C48100062C17C4810480162C17C4810500262C17C4810580362C17C4810600462C17C4810" +
        "680562C17C4810700662C17C4810780762417C4810400862417C4810480962417C4810500A62417C4810580B62417C4810600C62417C4810680D62417C481070" +
        "0E62417C4810780FEB6062A17D40EFC062A17540EFC962A16D40EFD262A16540EFDB62A15D40EFE462A15540EFED62A14D40EFF662A14540EFFF62013D40EFC0" +
        "62013540EFC962012D40EFD262012540EFDB62011D40EFE462011540EFED62010D40EFF662010540EFFF41BB1000000062F17C48100262F17C48104A0162D27D" +
        "48581262E27E4852C262E2764852CA62D27D48585A1062E27E4852D362E2764852DB62D27D4858522062E27E4852E262E2764852EA62D27D48585A3062E27E48" +
        "52F362E2764852FB62D27D4858524062627E4852C26262764852CA62D27D48585A5062627E4852D36262764852DB62D27D4858526062627E4852E26262764852" +
        "EA62D27D48585A7062627E4852F36262764852FB4881C2800000004983C20441FFCB0F8548FFFFFF4C0350084983EA4049FFC90F8531FFFFFF62C17C48110062" +
        "C17C4811480162C17C4811500262C17C4811580362C17C4811600462C17C4811680562C17C4811700662C17C4811780762417C4811400862417C481148096241" +
        "7C4811500A62417C4811580B62417C4811600C62417C4811680D62417C4811700E62417C4811780F4881C1000200004981C0000400004C8B58204981C3001000" +
        "004D39D80F82BDFDFFFFC5F877C3";
}
