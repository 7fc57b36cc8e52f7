namespace EDA.Kernels.Gpu;

/// <summary>The arguments of the kernels at the output.</summary>
public struct OutputArguments
{
    /// <summary>x after the last block [n×H].</summary>
    public ModelView Stream;

    /// <summary>ẋ after the last block [n×H].</summary>
    public ModelView Tangent;

    /// <summary>Σ_j O_jh, and after it Σ_j o_j [H+1].</summary>
    public ModelView OutputSum;

    /// <summary>∂L/∂f of each row, read where HasRowWeight [n].</summary>
    public ModelView RowWeight;

    /// <summary>f, overwritten [n].</summary>
    public ModelView Density;

    /// <summary>The adjoint of x, overwritten [n×H].</summary>
    public ModelView Adjoint;

    /// <summary>The row's share of ∂L/∂O_jh, overwritten where KeepsShare [n×H].</summary>
    public ModelView Share;

    /// <summary>n.</summary>
    public int Rows;

    /// <summary>H.</summary>
    public int Width;

    /// <summary>1 where rows have weights, 0 where each counts 1.</summary>
    public int HasRowWeight;

    /// <summary>1 where Share is wanted.</summary>
    public int KeepsShare;
}

/// <summary>f = Σ_h (Σ_j O_jh)·SiLU(x_h) + Σ_j o_j. A warp a row; about 25 FLOP and 4 bytes an element.</summary>
public static class DensityHead
{
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(OutputArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        float total = 0f;
        for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
            total += a.OutputSum.Mine[h] * Silu.Invoke(a.Stream.Mine[(row * a.Width) + h]);
        total = WarpRow.Sum(total);
        if (WarpRow.Lane == 0)
            a.Density.Mine[row] = total + a.OutputSum.Mine[a.Width];
    }
}

/// <summary>
/// Where the backward pass begins: p_h = w·(Σ_j O_jh)·SiLU'(x_h), w the row's weight; and the row's share of ∂L/∂O,
/// w·SiLU(x_h). About 25 FLOP and 8 to 12 bytes an element.
/// </summary>
public static class OutputSeed
{
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(OutputArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        float weight = a.HasRowWeight != 0 ? a.RowWeight.Mine[row] : 1f;
        for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
        {
            int at = (row * a.Width) + h;
            float x = a.Stream.Mine[at];
            float sigma = Silu.Sigmoid(x);
            a.Adjoint.Mine[at] = weight * a.OutputSum.Mine[h] * Silu.FirstDerivative(x, sigma);
            if (a.KeepsShare != 0)
                a.Share.Mine[at] = weight * x * sigma;
        }
    }
}

/// <summary>
/// Where the adjoint of the directional derivative ḟ = Σ_h (Σ_j O_jh)·SiLU'(x_h)·ẋ_h begins: q_h =
/// (Σ_j O_jh)·SiLU''(x_h)·ẋ_h, and the row's share of ∂ḟ/∂O, SiLU'(x_h)·ẋ_h. About 30 FLOP and 16 bytes an element.
/// </summary>
public static class SecondOrderSeed
{
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(OutputArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
        {
            int at = (row * a.Width) + h;
            float x = a.Stream.Mine[at], tangent = a.Tangent.Mine[at];
            float sigma = Silu.Sigmoid(x);
            a.Adjoint.Mine[at] = a.OutputSum.Mine[h] * Silu.SecondDerivative(x, sigma) * tangent;
            a.Share.Mine[at] = Silu.FirstDerivative(x, sigma) * tangent;
        }
    }
}
