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

    /// <summary>The same with 16 bits a number, overwritten where HasHalves: the factor of a product [n×H].</summary>
    public ModelView Factor;

    /// <summary>Each group's share of ∂L/∂O_jh, a sum over its rows, overwritten where KeepsShare [⌈n/8⌉×H].</summary>
    public ModelView Share;

    /// <summary>n.</summary>
    public int Rows;

    /// <summary>H.</summary>
    public int Width;

    /// <summary>1 where rows have weights, 0 where each counts 1.</summary>
    public int HasRowWeight;

    /// <summary>What rows' weights are multiplied by, a power of two.</summary>
    public float Scale;

    /// <summary>1 where Factor is wanted.</summary>
    public int HasHalves;

    /// <summary>1 where Share is wanted.</summary>
    public int KeepsShare;

    /// <summary>Whether a warp holds a row as a <see cref="RowShare"/> a lane; what was folded and the workspace always are aligned.</summary>
    public readonly bool IsWhole => Width == RowShare.Width;

    /// <summary>Stores the adjoint of x.</summary>
    /// <param name="share">This lane's share.</param>
    /// <param name="row">The row.</param>
    public readonly void StoreAdjoint(RowShare share, int row)
    {
        share.Store(Adjoint, row);
        if (HasHalves != 0)
            share.StoreHalves(Factor, row);
    }

    /// <summary>The same, an element.</summary>
    /// <param name="at">Its index, row·H + h.</param>
    /// <param name="value">Its value.</param>
    public readonly void StoreAdjoint(int at, float value)
    {
        Adjoint.Mine[at] = value;
        if (HasHalves != 0)
            Factor.StoreHalf(at, value);
    }
}

/// <summary>SiLU and its derivatives, by <see cref="Silu"/>'s formulas, of a lane's share of a row.</summary>
public struct SiluShare
{
    /// <summary>z.</summary>
    public RowShare Z;

    /// <summary>σ(z).</summary>
    public RowShare Sigma;

    /// <summary>1 − σ(z).</summary>
    public RowShare Rest;

    /// <summary>zσ.</summary>
    public readonly RowShare Value => Z * Sigma;

    /// <summary>σ(1 + z(1 − σ)).</summary>
    public readonly RowShare Slope => Sigma * ((Z * Rest) + 1f);

    /// <summary>σ(1 − σ)(2 + z(1 − 2σ)).</summary>
    public readonly RowShare Curvature => Sigma * Rest * ((Z * (Rest + (Sigma * -1f))) + 2f);

    /// <summary>Works out what they share.</summary>
    /// <param name="z">z.</param>
    /// <returns>The share.</returns>
    public static SiluShare Of(RowShare z)
    {
        SiluShare share = default;
        share.Z = z;
        share.Sigma = RowShare.Of(Sigmoids(z.Low), Sigmoids(z.High));
        share.Rest = (share.Sigma * -1f) + 1f;
        return share;
    }

    private static Float4 Sigmoids(Float4 z) => Float4.Of(Silu.Sigmoid(z.X), Silu.Sigmoid(z.Y), Silu.Sigmoid(z.Z), Silu.Sigmoid(z.W));
}

/// <summary>f = Σ_h (Σ_j O_jh)·SiLU(x_h) + Σ_j o_j. A warp a row; about 25 FLOP and 4 bytes an element.</summary>
public static class DensityHead
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(OutputArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        float total = 0f;
        if (a.IsWhole)
        {
            RowShare x = RowShare.Load(a.Stream, row), output = RowShare.Load(a.OutputSum, 0);
            total = (output * SiluShare.Of(x).Value).Total;
        }
        else
        {
            for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
                total += a.OutputSum.Mine[h] * Silu.Invoke(a.Stream.Mine[(row * a.Width) + h]);
        }

        total = WarpRow.Sum(total);
        if (WarpRow.Lane == 0)
            a.Density.Mine[row] = total + a.OutputSum.Mine[a.Width];
    }
}

/// <summary>
/// Where the backward pass begins: p_h = w·(Σ_j O_jh)·SiLU'(x_h), w the row's weight; and, summed over each group's rows,
/// their share of ∂L/∂O, w·SiLU(x_h). About 25 FLOP and 8 bytes an element.
/// </summary>
public static class OutputSeed
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(OutputArguments a)
    {
        int row = WarpRow.Index;
        if (!a.IsWhole)
        {
            AnyWidth(a, row);
            return;
        }

        RowShare share = default;
        if (row < a.Rows)
        {
            RowShare x = RowShare.Load(a.Stream, row), output = RowShare.Load(a.OutputSum, 0);
            float weight = Weight(a, row);
            SiluShare silu = SiluShare.Of(x);
            a.StoreAdjoint(output * silu.Slope * weight, row);
            share = silu.Value * weight;
        }

        if (a.KeepsShare != 0)
            GroupSums.Store(a.Share, share);
    }

    private static void AnyWidth(OutputArguments a, int row)
    {
        for (int h = WarpRow.Lane; h < a.Width && row < a.Rows; h += WarpRow.WarpSize)
        {
            int at = (row * a.Width) + h;
            float x = a.Stream.Mine[at];
            a.StoreAdjoint(at, Weight(a, row) * a.OutputSum.Mine[h] * Silu.FirstDerivative(x, Silu.Sigmoid(x)));
        }

        int first = Grid.IdxX * WarpRow.RowsPerGroup, end = XMath.Min(first + WarpRow.RowsPerGroup, a.Rows);
        for (int h = Group.IdxX; h < a.Width && a.KeepsShare != 0; h += WarpRow.GroupSize)
        {
            float total = 0f;
            for (int r = first; r < end; r++)
                total += Weight(a, r) * Silu.Invoke(a.Stream.Mine[(r * a.Width) + h]);
            a.Share.Mine[(Grid.IdxX * a.Width) + h] = total;
        }
    }

    private static float Weight(OutputArguments a, int row) => a.HasRowWeight != 0 ? a.RowWeight.Mine[row] * a.Scale : 1f;
}

/// <summary>
/// Where the adjoint of the directional derivative ḟ = Σ_h (Σ_j O_jh)·SiLU'(x_h)·ẋ_h begins: q_h =
/// (Σ_j O_jh)·SiLU''(x_h)·ẋ_h; and, summed over each group's rows, their share of ∂ḟ/∂O, SiLU'(x_h)·ẋ_h. About 30 FLOP and
/// 12 bytes an element.
/// </summary>
public static class SecondOrderSeed
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(OutputArguments a)
    {
        int row = WarpRow.Index;
        if (!a.IsWhole)
        {
            AnyWidth(a, row);
            return;
        }

        RowShare share = default;
        if (row < a.Rows)
        {
            RowShare x = RowShare.Load(a.Stream, row), tangent = RowShare.Load(a.Tangent, row), output = RowShare.Load(a.OutputSum, 0);
            SiluShare silu = SiluShare.Of(x);
            a.StoreAdjoint(output * silu.Curvature * tangent, row);
            share = silu.Slope * tangent;
        }

        GroupSums.Store(a.Share, share);
    }

    private static void AnyWidth(OutputArguments a, int row)
    {
        for (int h = WarpRow.Lane; h < a.Width && row < a.Rows; h += WarpRow.WarpSize)
        {
            int at = (row * a.Width) + h;
            float x = a.Stream.Mine[at];
            a.StoreAdjoint(at, a.OutputSum.Mine[h] * Silu.SecondDerivative(x, Silu.Sigmoid(x)) * a.Tangent.Mine[at]);
        }

        int first = Grid.IdxX * WarpRow.RowsPerGroup, end = XMath.Min(first + WarpRow.RowsPerGroup, a.Rows);
        for (int h = Group.IdxX; h < a.Width; h += WarpRow.GroupSize)
        {
            float total = 0f;
            for (int r = first; r < end; r++)
            {
                float x = a.Stream.Mine[(r * a.Width) + h];
                total += Silu.FirstDerivative(x, Silu.Sigmoid(x)) * a.Tangent.Mine[(r * a.Width) + h];
            }

            a.Share.Mine[(Grid.IdxX * a.Width) + h] = total;
        }
    }
}
