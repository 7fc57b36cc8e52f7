using EDA.Kernels.Gpu;

namespace EDA.Tests.Software;

/// <summary>
/// The tensor cores and the asynchronous copies of NVIDIA GPUs, with the lanes' places in a fragment as there: lane 4g + c of
/// a warp holds, of a left fragment, rows g and g + 8, of a right one column g, and of the sums rows g and g + 8 at columns
/// 2c and 2c + 1 (PTX ISA, mma.m16n8k8 with .tf32 and mma.m16n8k16 with .bf16). A lane that is given another's share makes
/// wrong sums, and a copy is not there before its wait. A GPU's tensor cores round sums a little differently: here the
/// products of a step are added exactly, then rounded to float32.
/// </summary>
public static class TensorCores
{
    private static TensorRegisters Registers => (ItemContext.Registers ?? throw ItemContext.OutsideKernel("TensorCores")).Begun;

    private static AsyncCopies Copies => ItemContext.Copies ?? throw ItemContext.OutsideKernel("TensorCores");

    /// <summary>Makes the registers, and both 32 × 32 sums of the warp zero. Once in a kernel, before anything else.</summary>
    public static void Begin() => (ItemContext.Registers ?? throw ItemContext.OutsideKernel("TensorCores")).Begin(ItemContext.ItemX);

    /// <summary>Rows 0 to 15 of the left factor and 16 of the depth, rounded to TF32 (to nearest, halves away from zero).</summary>
    /// <param name="upper">Of row g: depths c and c + 4 of the first step of 8, then of the second.</param>
    /// <param name="lower">The same of row g + 8.</param>
    public static void Tf32Left0(Float4 upper, Float4 lower) => Registers.SetTf32Left(0, upper, lower);

    /// <summary>Rows 16 to 31 of the left factor and 16 of the depth, rounded to TF32 (to nearest, halves away from zero).</summary>
    /// <param name="upper">Of row g: depths c and c + 4 of the first step of 8, then of the second.</param>
    /// <param name="lower">The same of row g + 8.</param>
    public static void Tf32Left1(Float4 upper, Float4 lower) => Registers.SetTf32Left(1, upper, lower);

    /// <summary>Columns 0 to 7 of the right factor and 16 of the depth, rounded to TF32.</summary>
    /// <param name="values">Of column g: depths c and c + 4 of the first step of 8, then of the second.</param>
    public static void Tf32Right0(Float4 values) => Registers.SetTf32Right(0, values);

    /// <summary>Columns 8 to 15 of the right factor and 16 of the depth, rounded to TF32.</summary>
    /// <param name="values">Of column g: depths c and c + 4 of the first step of 8, then of the second.</param>
    public static void Tf32Right1(Float4 values) => Registers.SetTf32Right(1, values);

    /// <summary>Columns 16 to 23 of the right factor and 16 of the depth, rounded to TF32.</summary>
    /// <param name="values">Of column g: depths c and c + 4 of the first step of 8, then of the second.</param>
    public static void Tf32Right2(Float4 values) => Registers.SetTf32Right(2, values);

    /// <summary>Columns 24 to 31 of the right factor and 16 of the depth, rounded to TF32.</summary>
    /// <param name="values">Of column g: depths c and c + 4 of the first step of 8, then of the second.</param>
    public static void Tf32Right3(Float4 values) => Registers.SetTf32Right(3, values);

    /// <summary>The first 32 × 32 sums += left · right, 16 of the depth in two steps. All lanes of the warp must call it.</summary>
    [Suspends(SuspensionKind.Tf32Multiply0)]
    public static void Tf32Multiply0() => throw ItemContext.OutsideKernel("TensorCores.Tf32Multiply0");

    /// <summary>The second 32 × 32 sums += left · right, 16 of the depth in two steps. All lanes of the warp must call it.</summary>
    [Suspends(SuspensionKind.Tf32Multiply1)]
    public static void Tf32Multiply1() => throw ItemContext.OutsideKernel("TensorCores.Tf32Multiply1");

    /// <summary>Rows 0 to 15 of the left factor and 16 of the depth, rounded to bfloat16 (to nearest, halves to even).</summary>
    /// <param name="upper">Of row g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    /// <param name="lower">The same of row g + 8.</param>
    public static void Bf16Left0(Float4 upper, Float4 lower) => Registers.SetBf16Left(0, upper, lower);

    /// <summary>Rows 16 to 31 of the left factor and 16 of the depth, rounded to bfloat16 (to nearest, halves to even).</summary>
    /// <param name="upper">Of row g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    /// <param name="lower">The same of row g + 8.</param>
    public static void Bf16Left1(Float4 upper, Float4 lower) => Registers.SetBf16Left(1, upper, lower);

    /// <summary>Columns 0 to 7 of the right factor and 16 of the depth, rounded to bfloat16.</summary>
    /// <param name="values">Of column g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    public static void Bf16Right0(Float4 values) => Registers.SetBf16Right(0, values);

    /// <summary>Columns 8 to 15 of the right factor and 16 of the depth, rounded to bfloat16.</summary>
    /// <param name="values">Of column g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    public static void Bf16Right1(Float4 values) => Registers.SetBf16Right(1, values);

    /// <summary>Columns 16 to 23 of the right factor and 16 of the depth, rounded to bfloat16.</summary>
    /// <param name="values">Of column g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    public static void Bf16Right2(Float4 values) => Registers.SetBf16Right(2, values);

    /// <summary>Columns 24 to 31 of the right factor and 16 of the depth, rounded to bfloat16.</summary>
    /// <param name="values">Of column g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    public static void Bf16Right3(Float4 values) => Registers.SetBf16Right(3, values);

    /// <summary>The first 32 × 32 sums += left · right, 16 of the depth in one step. All lanes of the warp must call it.</summary>
    [Suspends(SuspensionKind.Bf16Multiply0)]
    public static void Bf16Multiply0() => throw ItemContext.OutsideKernel("TensorCores.Bf16Multiply0");

    /// <summary>The second 32 × 32 sums += left · right, 16 of the depth in one step. All lanes of the warp must call it.</summary>
    [Suspends(SuspensionKind.Bf16Multiply1)]
    public static void Bf16Multiply1() => throw ItemContext.OutsideKernel("TensorCores.Bf16Multiply1");

    /// <summary>
    /// Puts this lane's first sums into shared memory, as quads: quad 2i + h at at + (2i + h)·step. Of the left factor's rows
    /// it is g, g + 8, g + 16, g + 24 for i = 0 to 3; of the right one's, column 2c + h of each 8.
    /// </summary>
    /// <param name="memory">Shared memory.</param>
    /// <param name="at">Where the first goes.</param>
    /// <param name="step">From one to the next.</param>
    public static void Put0(ArrayView<Float4> memory, int at, int step) => Put(0, memory, at, step);

    /// <summary>Puts this lane's second sums into shared memory, as <see cref="Put0"/> does the first.</summary>
    /// <param name="memory">Shared memory.</param>
    /// <param name="at">Where the first goes.</param>
    /// <param name="step">From one to the next.</param>
    public static void Put1(ArrayView<Float4> memory, int at, int step) => Put(1, memory, at, step);

    /// <summary>Sends for four floats, to be there when a wait says so, or for nothing; without a branch.</summary>
    /// <param name="isWanted">0 for nothing.</param>
    /// <param name="destination">Shared memory.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="source">Global memory.</param>
    /// <param name="from">Where they stand; at a multiple of 16 bytes.</param>
    /// <exception cref="InvalidOperationException">One of both does not stand at a multiple of 16 bytes.</exception>
    public static void CopyFourIf(int isWanted, ArrayView<Float4> destination, int to, ArrayView<float> source, int from)
    {
        if (isWanted != 0)
            CopyFour(destination, to, source, from, 4);
    }

    /// <summary>Sends for up to four floats.</summary>
    /// <param name="destination">Shared memory.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="source">Global memory.</param>
    /// <param name="from">Where they stand; at a multiple of 16 bytes.</param>
    /// <param name="count">How many are read; the others become zeros.</param>
    /// <exception cref="InvalidOperationException">One of both does not stand at a multiple of 16 bytes.</exception>
    public static void CopyFour(ArrayView<Float4> destination, int to, ArrayView<float> source, int from, int count) =>
        Copies.Send(ItemContext.ItemX, destination.SubView(to, 1).Cast<float>(), source, from, count);

    /// <summary>Sends for one float.</summary>
    /// <param name="destination">Shared memory.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="source">Global memory.</param>
    /// <param name="from">Where it stands.</param>
    /// <param name="count">1, or 0 for a zero instead.</param>
    public static void CopyOne(ArrayView<float> destination, int to, ArrayView<float> source, int from, int count) =>
        Copies.Send(ItemContext.ItemX, destination.SubView(to, 1), source, from, count);

    /// <summary>Makes a group of this item's copies since the last group; it may be empty.</summary>
    public static void CommitCopies() => Copies.Commit(ItemContext.ItemX);

    /// <summary>Waits for all of this item's groups of copies but the last. Other items see them behind the next barrier.</summary>
    public static void WaitForAllCopiesButOne() => Copies.WaitForAllBut(ItemContext.ItemX, 1);

    /// <summary>Waits for all of this item's groups of copies but the last four. Other items see them behind the next barrier.</summary>
    public static void WaitForAllCopiesButFour() => Copies.WaitForAllBut(ItemContext.ItemX, 4);

    private static void Put(int which, ArrayView<Float4> memory, int at, int step)
    {
        var registers = Registers;
        for (int n = 0; n < 8; n++)
        {
            int half = n / 4, i = n % 4;
            memory[at + (n * step)] = Float4.Of(
                registers.Sum(ItemContext.ItemX, which, half, 0, i),
                registers.Sum(ItemContext.ItemX, which, half, 1, i),
                registers.Sum(ItemContext.ItemX, which, half, 2, i),
                registers.Sum(ItemContext.ItemX, which, half, 3, i));
        }
    }
}
