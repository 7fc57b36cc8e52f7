namespace EDA.Tests.Software;

/// <summary>
/// The tensor cores on factors of 16 bits in shared memory, with the lanes' places in a fragment as on NVIDIA GPUs, and rows of 8 × 8 matrices by
/// the addresses that lanes give (PTX ISA, ldmatrix and mma.m16n8k16 with .f16).
/// </summary>
public static class HalfCores
{
    private static HalfRegisters Registers => ItemContext.Halves ?? throw ItemContext.OutsideKernel("HalfCores");

    /// <summary>Makes the registers, and the warp's sums zero. Once in a kernel, before anything else.</summary>
    public static void Begin() => Registers.Begin(ItemContext.ItemX);

    /// <summary>Says where this lane's rows of four matrices stand in the first buffer's left panel.</summary>
    /// <param name="memory">Shared memory: three buffers of a left and a right panel, 4096 words.</param>
    /// <param name="at0">For the first 16 of the depth, or where it is [depth][row] for the first 16 rows; a multiple of 4.</param>
    /// <param name="at1">For the next 16 of the depth, or rows.</param>
    /// <param name="at2">For the third 16 of the depth.</param>
    /// <param name="at3">For the last.</param>
    public static void AimLeft(ArrayView<float> memory, int at0, int at1, int at2, int at3) => Registers.Aim(ItemContext.ItemX, memory, 0, [at0, at1, at2, at3]);

    /// <summary>The same of the right panel.</summary>
    /// <param name="memory">Shared memory, as above.</param>
    /// <param name="at0">For the first 16 of the depth, or where it is [depth][row] for the first 16 columns; a multiple of 4.</param>
    /// <param name="at1">For the next 16 of the depth, or columns.</param>
    /// <param name="at2">For the third 16 of the depth.</param>
    /// <param name="at3">For the last.</param>
    public static void AimRight(ArrayView<float> memory, int at0, int at1, int at2, int at3) => Registers.Aim(ItemContext.ItemX, memory, 1, [at0, at1, at2, at3]);

    /// <summary>Says where this item's copies go in the first buffer, four pieces of 16 bytes of each panel, 512 words apart, and how many of them there are.</summary>
    /// <param name="memory">Shared memory, as above.</param>
    /// <param name="left">The left panel's first piece, a multiple of 4.</param>
    /// <param name="right">The right panel's.</param>
    /// <param name="lefts">How many the left matrix has; the panel gets zeros for the others.</param>
    /// <param name="rights">How many the right matrix has.</param>
    public static void Expect(ArrayView<float> memory, int left, int right, int lefts, int rights) => Registers.Expect(ItemContext.ItemX, memory, [left, right], [lefts, rights]);

    /// <summary>Says where this item's copies of the left factor come from.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="from">The word that the first piece begins at, a multiple of 4.</param>
    /// <param name="between">From one piece to the next.</param>
    /// <param name="step">From one panel to the next.</param>
    public static void FromLeft(ArrayView<float> matrix, int from, int between, int step) => Registers.From(ItemContext.ItemX, 0, matrix, from, between, step);

    /// <summary>The same of the right factor.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="from">The word that the first piece begins at, a multiple of 4.</param>
    /// <param name="between">From one piece to the next.</param>
    /// <param name="step">From one panel to the next.</param>
    public static void FromRight(ArrayView<float> matrix, int from, int between, int step) => Registers.From(ItemContext.ItemX, 1, matrix, from, between, step);

    /// <summary>Sends for this item's pieces of the next panels, and goes on by one buffer. A piece is there where what is left for it is above 0.</summary>
    /// <param name="left">What is left of the depth for the left factor's first piece.</param>
    /// <param name="leftLess">How much less for each further one.</param>
    /// <param name="right">The same of the right factor.</param>
    /// <param name="rightLess">The same of the right factor.</param>
    public static void Fetch(int left, int leftLess, int right, int rightLess) =>
        Registers.Fetch(ItemContext.ItemX, 4, 512, [left, right], [leftLess, rightLess], ItemContext.Copies ?? throw ItemContext.OutsideKernel("HalfCores"));

    /// <summary>Sums += left · right, a panel, both [row][depth]; goes on by one buffer. All lanes of the warp must call it.</summary>
    [Suspends(SuspensionKind.HalfAlongAlong)]
    public static void MultiplyAlongAlong() => throw ItemContext.OutsideKernel("HalfCores.MultiplyAlongAlong");

    /// <summary>The same with the left panel [row][depth], the right one [depth][row].</summary>
    [Suspends(SuspensionKind.HalfAlongAcross)]
    public static void MultiplyAlongAcross() => throw ItemContext.OutsideKernel("HalfCores.MultiplyAlongAcross");

    /// <summary>Sends for this item's pieces of the next panels of a weight's gradient, the second of each factor 64 rows from the first and 1024 words there; goes on by one buffer.</summary>
    /// <param name="rest">They are there where this is above 0.</param>
    public static void FetchGradient(int rest) => Registers.Fetch(ItemContext.ItemX, 2, 1024, [rest, rest], [0, 0], ItemContext.Copies ?? throw ItemContext.OutsideKernel("HalfCores"));

    /// <summary>64 × 32 sums += left · right, both [depth][row], 32 of the depth; goes on by one buffer. All lanes of the warp must call it.</summary>
    [Suspends(SuspensionKind.HalfGradient)]
    public static void MultiplyGradient() => throw ItemContext.OutsideKernel("HalfCores.MultiplyGradient");

    /// <summary>Puts this lane's sums into shared memory: rows g, g + 8, g + 16 and g + 24, of each columns 2c and 2c + 1 of four times 8.</summary>
    /// <param name="memory">Shared memory.</param>
    /// <param name="at">The element for row g and column 2c; even.</param>
    /// <param name="step">From row g to row g + 8.</param>
    public static void Put(ArrayView<float> memory, int at, int step) => Put(memory, at, step, 4);

    /// <summary>The same of 64 × 32 sums: rows g, g + 8 and so on to g + 56.</summary>
    /// <param name="memory">Shared memory.</param>
    /// <param name="at">The element for row g and column 2c; even.</param>
    /// <param name="step">From row g to row g + 8.</param>
    public static void PutGradient(ArrayView<float> memory, int at, int step) => Put(memory, at, step, 8);

    private static void Put(ArrayView<float> memory, int at, int step, int rows)
    {
        var registers = Registers;
        for (int row = 0; row < rows; row++)
        {
            for (int quarter = 0; quarter < 4; quarter++)
            {
                for (int i = 0; i < 2; i++)
                    memory[at + (row * step) + (8 * quarter) + i] = registers.Sum(ItemContext.ItemX, row / 2, quarter, (2 * (row % 2)) + i);
            }
        }
    }
}
