namespace EDA.Kernels.Gpu;

/// <summary>
/// Layer norm, forward: x̂ = (x − mean)·rsd, y = γx̂ + β, rsd = 1/sqrt(variance + 1e-5).
/// Reads x [n×H], γ [H], β [H]; overwrites x̂ [n×H], y [n×H], rsd [n]. One group a row; two sums over the group (the
/// variance from the centred values), so 3 reads of x, which the cache serves after the first.
/// About 8 FLOP and 12 bytes an element: bound by memory.
/// </summary>
public static class LayerNormForward
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    private const float Epsilon = 1e-5f;

    /// <summary>The kernel: a grid of n groups.</summary>
    /// <param name="input">x [n×H].</param>
    /// <param name="gamma">γ [H].</param>
    /// <param name="beta">β [H].</param>
    /// <param name="normalized">x̂ [n×H].</param>
    /// <param name="output">y [n×H].</param>
    /// <param name="reciprocalDeviation">rsd [n].</param>
    /// <param name="width">H.</param>
    [GpuKernel(GroupSize)]
    public static void Run(
        ArrayView<float> input,
        ArrayView<float> gamma,
        ArrayView<float> beta,
        ArrayView<float> normalized,
        ArrayView<float> output,
        ArrayView<float> reciprocalDeviation,
        int width)
    {
        var partial = SharedMemory.Allocate<float>(GroupSize / GroupSum.WarpSize);
        int row = Grid.IdxX;
        int start = row * width;
        float total = 0f;
        for (int h = Group.IdxX; h < width; h += GroupSize)
            total += input[start + h];
        total = GroupSum.Invoke(total, partial);
        float mean = total / width;
        float squares = 0f;
        for (int h = Group.IdxX; h < width; h += GroupSize)
        {
            float centred = input[start + h] - mean;
            squares += centred * centred;
        }

        squares = GroupSum.Invoke(squares, partial);
        float rsd = 1f / XMath.Sqrt((squares / width) + Epsilon);
        for (int h = Group.IdxX; h < width; h += GroupSize)
        {
            float value = (input[start + h] - mean) * rsd;
            normalized[start + h] = value;
            output[start + h] = (gamma[h] * value) + beta[h];
        }

        if (Group.IdxX == 0)
            reciprocalDeviation[row] = rsd;
    }
}
