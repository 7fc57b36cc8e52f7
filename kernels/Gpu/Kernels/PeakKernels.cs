namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="MultiplyAddLoop"/>.</summary>
public struct MultiplyAddArguments
{
    /// <summary>Written by items whose sums come out as a number that they cannot come out as [items].</summary>
    public ArrayView<float> Output;

    /// <summary>What every sum is multiplied by.</summary>
    public float Factor;

    /// <summary>Rounds of 128 multiply-adds an item.</summary>
    public int Rounds;
}

/// <summary>
/// What the multiply-adders give when nothing else is in the way: 32 sums an item in registers, four times a round. 256
/// FLOP a round and an item, no memory. Also how a stream is kept busy for a while.
/// </summary>
public static class MultiplyAddLoop
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    /// <summary>Floating-point operations of a round, of an item.</summary>
    public const int FlopPerRound = 256;

    /// <summary>The kernel: any grid of one dimension.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(GroupSize)]
    public static void Run(MultiplyAddArguments a)
    {
        Float4 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        c0.X = Group.IdxX;
        c0.Y = 1f;
        c0.Z = 2f;
        c0.W = 3f;
        Float4.AddProduct(ref c1, 2f, c0);
        Float4.AddProduct(ref c2, 3f, c0);
        Float4.AddProduct(ref c3, 4f, c0);
        Float4.AddProduct(ref c4, 5f, c0);
        Float4.AddProduct(ref c5, 6f, c0);
        Float4.AddProduct(ref c6, 7f, c0);
        Float4.AddProduct(ref c7, 8f, c0);
        for (int round = 0; round < a.Rounds; round++)
        {
            Turn(ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7, a.Factor);
            Turn(ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7, a.Factor);
            Turn(ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7, a.Factor);
            Turn(ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7, a.Factor);
        }

        float sum = Sum(c0) + Sum(c1) + (Sum(c2) + Sum(c3)) + (Sum(c4) + Sum(c5) + (Sum(c6) + Sum(c7)));
        if (sum < 0f)
            a.Output[(Grid.IdxX * GroupSize) + Group.IdxX] = sum;
    }

    private static void Turn(
        ref Float4 c0, ref Float4 c1, ref Float4 c2, ref Float4 c3, ref Float4 c4, ref Float4 c5, ref Float4 c6, ref Float4 c7, float factor)
    {
        Float4.AddProduct(ref c0, factor, c0);
        Float4.AddProduct(ref c1, factor, c1);
        Float4.AddProduct(ref c2, factor, c2);
        Float4.AddProduct(ref c3, factor, c3);
        Float4.AddProduct(ref c4, factor, c4);
        Float4.AddProduct(ref c5, factor, c5);
        Float4.AddProduct(ref c6, factor, c6);
        Float4.AddProduct(ref c7, factor, c7);
    }

    private static float Sum(Float4 values) => values.X + values.Y + (values.Z + values.W);
}

/// <summary>The arguments of <see cref="CopyLoop"/>.</summary>
public struct CopyLoopArguments
{
    /// <summary>What is copied.</summary>
    public ArrayView<Float4> Source;

    /// <summary>Overwritten.</summary>
    public ArrayView<Float4> Destination;
}

/// <summary>What the memory gives: a copy, 128 bits an item. 32 bytes an item, no arithmetic.</summary>
public static class CopyLoop
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 256;

    /// <summary>The kernel: a grid of ⌈elements/256⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(GroupSize)]
    public static void Run(CopyLoopArguments a)
    {
        int i = (Grid.IdxX * GroupSize) + Group.IdxX;
        if (i < a.Source.IntLength)
            a.Destination[i] = a.Source[i];
    }
}
