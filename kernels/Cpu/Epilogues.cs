using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>What happens to a tile of a product while it is still in the first-level cache.</summary>
internal unsafe interface IEpilogue
{
    /// <summary>The most arrays that <see cref="Far"/> names.</summary>
    const int MostFar = 2;

    /// <summary>
    /// Names the arrays [features][32] that the epilogue reads and that have left the inner caches since they were
    /// written: the tile fetches them while it multiplies.
    /// </summary>
    /// <param name="feature">The first output feature of the tile.</param>
    /// <param name="panel">The activation panel, from 0.</param>
    /// <param name="arrays">Where the addresses go, that of the tile's first feature each.</param>
    /// <returns>How many they are.</returns>
    int Far(int feature, int panel, float** arrays);

    /// <summary>Takes in one tile.</summary>
    /// <param name="tile">The sums [count][32].</param>
    /// <param name="feature">The first output feature of the tile.</param>
    /// <param name="count">The number of features.</param>
    /// <param name="panel">The activation panel, from 0.</param>
    void Apply(float* tile, int feature, int count, int panel);
}

/// <summary>output = sum (+ bias).</summary>
internal readonly unsafe struct StoreEpilogue<TV, TS>(Panels output, float* bias) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
{
    public int Far(int feature, int panel, float** arrays) => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        float* to = output.At(panel, feature);
        for (int j = 0; j < count; j++)
        {
            TV shift = TS.Broadcast(bias == null ? 0f : bias[feature + j]);
            for (int r = 0; r < PanelRows; r += TS.Count, tile += TS.Count, to += TS.Count)
                TS.Store(TS.Add(TS.Load(tile), shift), to);
        }
    }
}

/// <summary>stream += sum (+ bias): the residual connection.</summary>
internal readonly unsafe struct ResidualEpilogue<TV, TS>(Panels stream, float* bias) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
{
    public int Far(int feature, int panel, float** arrays) => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        float* to = stream.At(panel, feature);
        for (int j = 0; j < count; j++)
        {
            TV shift = TS.Broadcast(bias == null ? 0f : bias[feature + j]);
            for (int r = 0; r < PanelRows; r += TS.Count, tile += TS.Count, to += TS.Count)
                TS.Store(TS.Add(TS.Load(to), TS.Add(TS.Load(tile), shift)), to);
        }
    }
}

/// <summary>
/// z = sum + bias; hidden = SiLU(z), slope = SiLU'(z), curvature = SiLU''(z), the last two where they are wanted.
/// </summary>
internal readonly unsafe struct ActivationEpilogue<TV, TS>(Panels hidden, Panels slope, Panels curvature, float* bias) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
{
    public int Far(int feature, int panel, float** arrays) => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        long at = ((long)feature * PanelRows) + (panel * hidden.Stride);
        long slopeAt = ((long)feature * PanelRows) + (panel * slope.Stride);
        for (int j = 0; j < count; j++)
        {
            TV shift = TS.Broadcast(bias[feature + j]);
            for (int r = 0; r < PanelRows; r += TS.Count, tile += TS.Count, at += TS.Count, slopeAt += TS.Count)
            {
                TV z = TS.Add(TS.Load(tile), shift);
                TV sigma = Sigmoid<TV, TS>.Invoke(z);
                TS.Store(TS.Multiply(z, sigma), hidden.Start + at);
                if (!slope.IsNull)
                    TS.Store(Sigmoid<TV, TS>.FirstDerivative(z, sigma), slope.Start + slopeAt);
                if (!curvature.IsNull)
                    TS.Store(Sigmoid<TV, TS>.SecondDerivative(z, sigma), curvature.Start + slopeAt);
            }
        }
    }
}

/// <summary>
/// The first block without dropout, whose layer norm is affine in the network's input: with sum = W_γ·N·input,
/// u = (sum + offset − mean·rowSum)·rsd is W_γ x̂ and z = u + bias; hidden = SiLU(z). Slope and u where they are wanted.
/// </summary>
internal readonly unsafe struct FirstBlockEpilogue<TV, TS>(
    Panels hidden,
    Panels slope,
    Panels normalizedProduct,
    Panels mean,
    Panels reciprocalDeviation,
    FirstBlock block) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
{
    public int Far(int feature, int panel, float** arrays) => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        float* to = hidden.At(panel, feature);
        float* slopeTo = slope.IsNull ? null : slope.At(panel, feature);
        float* productTo = normalizedProduct.IsNull ? null : normalizedProduct.At(panel, feature);
        float* mu = mean.At(panel);
        float* rsd = reciprocalDeviation.At(panel);
        for (int j = 0; j < count; j++)
        {
            TV shift = TS.Broadcast(block.Bias[feature + j]);
            TV offset = TS.Broadcast(block.Offset[feature + j]);
            TV rowSum = TS.Broadcast(-block.RowSum[feature + j]);
            for (int r = 0; r < PanelRows; r += TS.Count, tile += TS.Count, to += TS.Count)
            {
                TV u = TS.Add(TS.Load(tile), offset);
                u = TS.Multiply(TS.MultiplyAdd(TS.Load(mu + r), rowSum, u), TS.Load(rsd + r));
                TV z = TS.Add(u, shift);
                TV sigma = Sigmoid<TV, TS>.Invoke(z);
                TS.Store(TS.Multiply(z, sigma), to);
                if (slopeTo != null)
                {
                    TS.Store(Sigmoid<TV, TS>.FirstDerivative(z, sigma), slopeTo);
                    TS.Store(u, productTo);
                    slopeTo += TS.Count;
                    productTo += TS.Count;
                }
            }
        }
    }
}

/// <summary>
/// Backward or tangent through SiLU: output = slope·sum; where there is a curvature, curvature ← curvature·sum, which
/// after both passes is SiLU''·p·ż, the second-order term of the reverse pass.
/// </summary>
internal readonly unsafe struct SlopeEpilogue<TV, TS>(Panels output, Panels slope, Panels curvature) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
{
    public int Far(int feature, int panel, float** arrays)
    {
        arrays[0] = slope.At(panel, feature);
        if (curvature.IsNull)
            return 1;
        arrays[1] = curvature.At(panel, feature);
        return 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        float* to = output.At(panel, feature);
        float* first = slope.At(panel, feature);
        float* second = curvature.IsNull ? null : curvature.At(panel, feature);
        for (int i = 0; i < count * PanelRows; i += TS.Count)
        {
            TV sum = TS.Load(tile + i);
            TS.Store(TS.Multiply(TS.Load(first + i), sum), to + i);
            if (second != null)
                TS.Store(TS.Multiply(TS.Load(second + i), sum), second + i);
        }
    }
}

/// <summary>
/// Reverse pass of a training step through SiLU: adjoint = slope·sum (+ second-order term); the sum over rows goes to
/// the bias gradient.
/// </summary>
internal readonly unsafe struct TrainingSlopeEpilogue<TV, TS>(Panels adjoint, Panels slope, Panels secondOrder, Panels biasGradient) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
{
    public int Far(int feature, int panel, float** arrays)
    {
        arrays[0] = slope.At(panel, feature);
        if (secondOrder.IsNull)
            return 1;
        arrays[1] = secondOrder.At(panel, feature);
        return 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        float* to = adjoint.At(panel, feature);
        float* first = slope.At(panel, feature);
        float* second = secondOrder.IsNull ? null : secondOrder.At(panel, feature);
        float* bias = biasGradient.At(panel) + feature;
        for (int j = 0; j < count; j++)
        {
            TV total = TS.Broadcast(0f);
            for (int r = 0; r < PanelRows; r += TS.Count)
            {
                int i = (j * PanelRows) + r;
                TV value = TS.Multiply(TS.Load(first + i), TS.Load(tile + i));
                if (second != null)
                    value = TS.Add(value, TS.Load(second + i));
                TS.Store(value, to + i);
                total = TS.Add(total, value);
            }

            bias[j] = TS.Sum(total);
        }
    }
}

/// <summary>
/// Backward through SiLU of the first block without dropout: adjoint = slope·sum, and the two sums over features that
/// the layer norm's backward needs: against the row sums of W_γ and against u = W_γ x̂. In training also the bias
/// gradient Σ adjoint over rows.
/// </summary>
internal readonly unsafe struct FirstBlockSlopeEpilogue<TV, TS>(
    Panels adjoint,
    Panels slope,
    Panels normalizedProduct,
    Panels rowSumProduct,
    Panels normalizedSum,
    FirstBlock block,
    Panels biasGradient) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
{
    public int Far(int feature, int panel, float** arrays)
    {
        arrays[0] = slope.At(panel, feature);
        arrays[1] = normalizedProduct.At(panel, feature);
        return 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        float* to = adjoint.At(panel, feature);
        float* first = slope.At(panel, feature);
        float* u = normalizedProduct.At(panel, feature);
        float* sum1 = rowSumProduct.At(panel);
        float* sum2 = normalizedSum.At(panel);
        float* bias = biasGradient.IsNull ? null : biasGradient.At(panel) + feature;
        for (int r = 0; r < PanelRows; r += TS.Count)
        {
            TV total1 = TS.Load(sum1 + r), total2 = TS.Load(sum2 + r);
            for (int j = 0; j < count; j++)
            {
                int i = (j * PanelRows) + r;
                TV value = TS.Multiply(TS.Load(first + i), TS.Load(tile + i));
                TS.Store(value, to + i);
                total1 = TS.MultiplyAdd(value, TS.Broadcast(block.RowSum[feature + j]), total1);
                total2 = TS.MultiplyAdd(value, TS.Load(u + i), total2);
            }

            TS.Store(total1, sum1 + r);
            TS.Store(total2, sum2 + r);
        }

        if (bias == null)
            return;
        for (int j = 0; j < count; j++)
            bias[j] = PanelSum<TV, TS>.Row(to + (j * PanelRows));
    }
}
