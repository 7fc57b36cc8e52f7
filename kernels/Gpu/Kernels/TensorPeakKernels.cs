namespace EDA.Kernels.Gpu;

/// <summary>
/// What the tensor cores give a warp at a time (mma.sync, without the warp groups of newer GPUs) when nothing else is in
/// the way: both factors stay in registers. 2·2·32·32·16 FLOP a round and a warp, no memory.
/// </summary>
/// <typeparam name="TPrecision">What the factors are rounded to.</typeparam>
internal static class TensorLoop<TPrecision>
    where TPrecision : struct, ITensorPrecision
{
    /// <summary>The loop.</summary>
    /// <param name="memory">Shared memory for the sums of the group's four warps, eight quads each item.</param>
    /// <param name="a">Its arguments.</param>
    public static void Run(ArrayView<Float4> memory, MultiplyAddArguments a)
    {
        TPrecision precision = default;
        Float4 left = default, right = default;
        left.X = a.Factor * WarpRow.Lane;
        left.Y = a.Factor;
        left.Z = a.Factor;
        left.W = a.Factor;
        right.X = 1f;
        right.Y = 2f;
        right.Z = 3f;
        right.W = 4f;
        TensorCores.Begin();
        precision.Left0(left, left);
        precision.Left1(left, left);
        precision.Right0(right);
        precision.Right1(right);
        precision.Right2(right);
        precision.Right3(right);
        for (int round = 0; round < a.Rounds; round++)
        {
            precision.Multiply0();
            precision.Multiply1();
        }

        // Sums go where only this item reads.
        TensorCores.Put0(memory, Group.IdxX, TensorLoop.GroupSize);
        float sum = Sum(memory);
        TensorCores.Put1(memory, Group.IdxX, TensorLoop.GroupSize);
        sum += Sum(memory);
        if (sum < 0f)
            a.Output[(Grid.IdxX * TensorLoop.GroupSize) + Group.IdxX] = sum;
    }

    private static float Sum(ArrayView<Float4> memory)
    {
        float sum = 0f;
        for (int n = 0; n < Product.QuadsPerPart; n++)
        {
            Float4 quad = memory[(n * TensorLoop.GroupSize) + Group.IdxX];
            sum += quad.X + quad.Y + quad.Z + quad.W;
        }

        return sum;
    }
}

/// <summary>What the loops of both precisions have in common.</summary>
public static class TensorLoop
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    /// <summary>Floating-point operations of a round, of a group.</summary>
    public const int FlopPerRound = GroupSize / WarpRow.WarpSize * 2 * 2 * 32 * 32 * 16;
}

/// <summary><see cref="TensorLoop{TPrecision}"/> in TF32.</summary>
public static class TensorLoopTf32
{
    /// <summary>The kernel: any grid of one dimension.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(TensorLoop.GroupSize)]
    public static void Run(MultiplyAddArguments a) => TensorLoop<Tf32Precision>.Run(SharedMemory.Allocate<Float4>(TensorLoop.GroupSize * Product.QuadsPerPart), a);
}

/// <summary><see cref="TensorLoop{TPrecision}"/> in bfloat16.</summary>
public static class TensorLoopBf16
{
    /// <summary>The kernel: any grid of one dimension.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(TensorLoop.GroupSize)]
    public static void Run(MultiplyAddArguments a) => TensorLoop<Bf16Precision>.Run(SharedMemory.Allocate<Float4>(TensorLoop.GroupSize * Product.QuadsPerPart), a);
}
