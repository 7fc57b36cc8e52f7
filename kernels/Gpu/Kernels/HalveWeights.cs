namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="HalveWeights"/>.</summary>
public struct HalveWeightsArguments
{
    /// <summary>The flat parameters.</summary>
    public ModelView Parameters;

    /// <summary>Overwritten, two numbers a word: fc1's and fc2's weights of each block, one after the other.</summary>
    public ModelView Halves;

    /// <summary>Where the first block's fc1 begins among the parameters.</summary>
    public int First;

    /// <summary>Where its fc2 begins.</summary>
    public int Second;

    /// <summary>From one block to the next.</summary>
    public int Step;

    /// <summary>The numbers of a matrix, a multiple of 4.</summary>
    public int Count;
}

/// <summary>The blocks' weights rounded to 16 bits, once for all products that read them. 6 bytes a weight.</summary>
public static class HalveWeights
{
    /// <summary>Weights of an item.</summary>
    public const int WeightsPerItem = 4;

    /// <summary>The kernel: a grid of ⌈Count/512⌉ × (2·blocks) × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(HalveWeightsArguments a)
    {
        int at = WeightsPerItem * VectorKernel.Index;
        if (at >= a.Count)
            return;
        int start = ((Grid.IdxY & 1) == 0 ? a.First : a.Second) + ((Grid.IdxY >> 1) * a.Step);
        a.Halves.Mine.AsAligned(8).Cast<Half4>()[((Grid.IdxY * a.Count) + at) >> 2] = Half4.Of(a.Parameters.Four(start + at));
    }
}
