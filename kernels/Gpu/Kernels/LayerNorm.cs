namespace EDA.Kernels.Gpu;

/// <summary>What the layer norm kernels share. n rows of H features; where a pass does not use an array, it is not looked at.</summary>
public struct LayerNormArguments
{
    /// <summary>The stream x, or its tangent ẋ [n×H]; read.</summary>
    public ModelView Stream;

    /// <summary>γ [H].</summary>
    public ModelView Gamma;

    /// <summary>β [H].</summary>
    public ModelView Beta;

    /// <summary>x̂ [n×H].</summary>
    public ModelView Normalized;

    /// <summary>y, or ẏ [n×H]; where HasHalves with 16 bits a number.</summary>
    public ModelView Output;

    /// <summary>Jẋ [n×H].</summary>
    public ModelView NormalizedTangent;

    /// <summary>p_y, the adjoint of y for the density (of ẏ for its directional derivative) [n×H].</summary>
    public ModelView TangentAdjoint;

    /// <summary>q_y, the adjoint of y for the directional derivative [n×H].</summary>
    public ModelView OutputAdjoint;

    /// <summary>The stream's adjoint above the block [n×H].</summary>
    public ModelView StreamAdjoint;

    /// <summary>The stream's adjoint below the block, overwritten [n×H]; it may be StreamAdjoint itself.</summary>
    public ModelView InputAdjoint;

    /// <summary>The same with 16 bits a number, overwritten where HasHalves: the factor of a product [n×H].</summary>
    public ModelView InputFactor;

    /// <summary>Four numbers a row: rsd, mean(p̂), mean(p̂x̂), mean(ẋx̂) [n×4].</summary>
    public ModelView RowValues;

    /// <summary>
    /// Sums over a group's rows, of what becomes ∂L/∂β, ∂L/∂γ and the bias's gradient of the layer below the stream's adjoint;
    /// overwritten where KeepsSums [⌈n/8⌉×3H].
    /// </summary>
    public ModelView Sums;

    /// <summary>The dropout factors, 0 or 1/(1 − rate) [n×H].</summary>
    public ModelView Mask;

    /// <summary>1 where a feature is kept, as the user gave it [n×blocks×H].</summary>
    public ModelView GivenMask;

    /// <summary>The stream that dropout is drawn from.</summary>
    public DrawView Draw;

    /// <summary>n.</summary>
    public int Rows;

    /// <summary>H.</summary>
    public int Width;

    /// <summary>1 where the factors of products are stored with 16 bits a number: y, ẏ, and beside it the stream's adjoint.</summary>
    public int HasHalves;

    /// <summary>1 where Sums are wanted.</summary>
    public int KeepsSums;

    /// <summary>Where the mask comes from: a <see cref="MaskSource"/>.</summary>
    public int MaskFrom;

    /// <summary>The block, for drawn and given masks.</summary>
    public int Block;

    /// <summary>The number of blocks.</summary>
    public int Blocks;

    /// <summary>A feature is dropped where its random word is below this.</summary>
    public uint DropThreshold;

    /// <summary>1/(1 − rate).</summary>
    public float KeepScale;

    /// <summary>The batch's row that row 0 is.</summary>
    public long FirstRow;

    /// <summary>Whether a warp holds a row as a <see cref="RowShare"/> a lane; the workspace's arrays always are aligned.</summary>
    public readonly bool IsWhole => Width == RowShare.Width;

    /// <summary>Factor of a feature of a row.</summary>
    /// <param name="at">Its index, row·H + h.</param>
    /// <returns>Its dropout factor, 1 without dropout.</returns>
    public readonly float MaskAt(int at) => MaskFrom == MaskSource.None ? 1f : Mask.Mine[at];

    /// <summary>Stores y or ẏ.</summary>
    /// <param name="share">This lane's share.</param>
    /// <param name="row">The row.</param>
    public readonly void StoreOutput(RowShare share, int row)
    {
        if (HasHalves != 0)
            share.StoreHalves(Output, row);
        else
            share.Store(Output, row);
    }

    /// <summary>The same, an element.</summary>
    /// <param name="at">Its index, row·H + h.</param>
    /// <param name="value">Its value.</param>
    public readonly void StoreOutput(int at, float value)
    {
        if (HasHalves != 0)
            Output.StoreHalf(at, value);
        else
            Output.Mine[at] = value;
    }

    /// <summary>Stores the stream's adjoint below the block.</summary>
    /// <param name="share">This lane's share.</param>
    /// <param name="row">The row.</param>
    public readonly void StoreAdjoint(RowShare share, int row)
    {
        share.Store(InputAdjoint, row);
        if (HasHalves != 0)
            share.StoreHalves(InputFactor, row);
    }

    /// <summary>The same, an element.</summary>
    /// <param name="at">Its index, row·H + h.</param>
    /// <param name="value">Its value.</param>
    public readonly void StoreAdjoint(int at, float value)
    {
        InputAdjoint.Mine[at] = value;
        if (HasHalves != 0)
            InputFactor.StoreHalf(at, value);
    }

    /// <summary>A row times its stored dropout factors.</summary>
    /// <param name="share">This lane's share.</param>
    /// <param name="row">The row.</param>
    /// <returns>The product; the share itself without dropout.</returns>
    public readonly RowShare Masked(RowShare share, int row) => MaskFrom == MaskSource.None ? share : share * RowShare.Load(Mask, row);

    /// <summary>The sums over a group's rows where they are no <see cref="RowShare"/>: an item a column.</summary>
    /// <param name="adjoint">The adjoint of y: q_y, or p_y where it is the only one.</param>
    /// <param name="hasTangent">Whether γ has p_y∘Jẋ in its gradient as well.</param>
    public readonly void SumColumns(ModelView adjoint, bool hasTangent)
    {
        int first = Grid.IdxX * WarpRow.RowsPerGroup, end = XMath.Min(first + WarpRow.RowsPerGroup, Rows);
        for (int h = Group.IdxX; h < Width; h += WarpRow.GroupSize)
        {
            float bias = 0f, weight = 0f, above = 0f;
            for (int row = first; row < end; row++)
            {
                int at = (row * Width) + h;
                float q = adjoint.Mine[at];
                bias += q;
                weight += q * Normalized.Mine[at];
                if (hasTangent)
                    weight += TangentAdjoint.Mine[at] * NormalizedTangent.Mine[at];
                above += StreamAdjoint.Mine[at];
            }

            int result = (Grid.IdxX * 3 * Width) + h;
            Sums.Mine[result] = bias;
            Sums.Mine[result + Width] = weight;
            Sums.Mine[result + (2 * Width)] = above;
        }
    }
}

/// <summary>Where the dropout factors come from.</summary>
public static class MaskSource
{
    /// <summary>Nothing is dropped.</summary>
    public const int None = 0;

    /// <summary>They were stored by the forward pass.</summary>
    public const int Stored = 1;

    /// <summary>They are drawn, and stored.</summary>
    public const int Drawn = 2;

    /// <summary>They are given as ones and zeros, and stored with their scale.</summary>
    public const int Given = 3;
}

/// <summary>
/// Layer norm forward, dropout included: x̂ = (m∘x − mean)·rsd, y = γx̂ + β, rsd = 1/sqrt(variance + 1e-5), the variance
/// from the centred values. A warp a row. About 8 FLOP an element; 12nH bytes, 4nH more for a mask: bound by memory.
/// Reads x; overwrites x̂, y, rsd and, where dropout is drawn or given, the mask.
/// </summary>
public static class LayerNormForward
{
    private const float Epsilon = 1e-5f;

    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(LayerNormArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        float rsd = a.IsWhole ? Whole(a, row) : AnyWidth(a, row);
        if (WarpRow.Lane == 0)
            a.RowValues.Mine[4 * row] = rsd;
    }

    private static float Whole(LayerNormArguments a, int row)
    {
        RowShare x = RowShare.Load(a.Stream, row), gamma = RowShare.LoadAnywhere(a.Gamma, 0), beta = RowShare.LoadAnywhere(a.Beta, 0);
        if (a.MaskFrom != MaskSource.None)
        {
            RowShare mask = a.MaskFrom == MaskSource.Drawn ? Drawn(a, row) : RowShare.LoadAnywhere(a.GivenMask, (row * a.Blocks) + a.Block) * a.KeepScale;
            mask.Store(a.Mask, row);
            x *= mask;
        }

        x += -(WarpRow.Sum(x.Total) * RowShare.Share);
        float rsd = 1f / XMath.Sqrt((WarpRow.Sum((x * x).Total) * RowShare.Share) + Epsilon);
        x *= rsd;
        x.Store(a.Normalized, row);
        a.StoreOutput((gamma * x) + beta, row);
        return rsd;
    }

    private static float AnyWidth(LayerNormArguments a, int row)
    {
        int width = a.Width, start = row * width;
        float total = 0f;
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            if (a.MaskFrom == MaskSource.Drawn)
                a.Mask.Mine[start + h] = Factor(a, a.Draw.Word((uint)RandomPurpose.Dropout, FirstElement(a, row) + (ulong)h));
            else if (a.MaskFrom == MaskSource.Given)
                a.Mask.Mine[start + h] = a.GivenMask.Mine[(((row * a.Blocks) + a.Block) * width) + h] * a.KeepScale;
            total += a.Stream.Mine[start + h] * a.MaskAt(start + h);
        }

        float mean = WarpRow.Sum(total) / width;
        float squares = 0f;
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float centred = (a.Stream.Mine[start + h] * a.MaskAt(start + h)) - mean;
            squares += centred * centred;
        }

        float rsd = 1f / XMath.Sqrt((WarpRow.Sum(squares) / width) + Epsilon);
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float value = ((a.Stream.Mine[start + h] * a.MaskAt(start + h)) - mean) * rsd;
            a.Normalized.Mine[start + h] = value;
            a.StoreOutput(start + h, (a.Gamma.Mine[h] * value) + a.Beta.Mine[h]);
        }

        return rsd;
    }

    private static RowShare Drawn(LayerNormArguments a, int row)
    {
        ulong element = FirstElement(a, row) + (ulong)(4 * WarpRow.Lane);
        return RowShare.Of(Factors(a, element), Factors(a, element + (RowShare.Width / 2)));
    }

    private static Float4 Factors(LayerNormArguments a, ulong element)
    {
        var words = a.Draw.FourWords((uint)RandomPurpose.Dropout, element);
        return Float4.Of(Factor(a, words.W0), Factor(a, words.W1), Factor(a, words.W2), Factor(a, words.W3));
    }

    private static float Factor(LayerNormArguments a, uint word) => word < a.DropThreshold ? 0f : a.KeepScale;

    private static ulong FirstElement(LayerNormArguments a, int row) =>
        (((ulong)(a.FirstRow + row) * (ulong)a.Blocks) + (ulong)a.Block) * (ulong)a.Width;
}

/// <summary>
/// Layer norm backward with the residual connection: with p̂ = γ∘p_y and J = rsd·(I − 11ᵀ/H − x̂x̂ᵀ/H),
/// input adjoint = stream adjoint + m∘Jp̂. A warp a row. Reads p_y, x̂, the stream's adjoint (and the mask); overwrites
/// the input's adjoint and the row's mean(p̂), mean(p̂x̂); where they are wanted, the sums of p_y, p_y∘x̂ and the stream's
/// adjoint over each group. About 10 FLOP and 16 bytes an element.
/// </summary>
public static class LayerNormBackward
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(LayerNormArguments a)
    {
        int row = WarpRow.Index;
        if (a.IsWhole)
        {
            Whole(a, row);
            return;
        }

        if (row < a.Rows)
            AnyWidth(a, row);
        if (a.KeepsSums != 0)
            a.SumColumns(a.TangentAdjoint, false);
    }

    private static void Whole(LayerNormArguments a, int row)
    {
        RowShare adjoint = default, x = default, above = default;
        if (row < a.Rows)
        {
            adjoint = RowShare.Load(a.TangentAdjoint, row);
            x = RowShare.Load(a.Normalized, row);
            above = RowShare.Load(a.StreamAdjoint, row);
            float rsd = a.RowValues.Mine[4 * row];
            RowShare p = adjoint * RowShare.LoadAnywhere(a.Gamma, 0);
            float mean = p.Total, slope = (p * x).Total;
            WarpRow.Sum(ref mean, ref slope);
            mean *= RowShare.Share;
            slope *= RowShare.Share;
            RowShare result = a.Masked((p + (x * -slope) + -mean) * rsd, row);
            a.StoreAdjoint(above + result, row);
            if (WarpRow.Lane == 0)
            {
                a.RowValues.Mine[(4 * row) + 1] = mean;
                a.RowValues.Mine[(4 * row) + 2] = slope;
            }
        }

        if (a.KeepsSums != 0)
            GroupSums.Store(a.Sums, adjoint, adjoint * x, above);
    }

    private static void AnyWidth(LayerNormArguments a, int row)
    {
        int width = a.Width, start = row * width;
        float total = 0f, product = 0f;
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float p = a.TangentAdjoint.Mine[start + h] * a.Gamma.Mine[h];
            total += p;
            product += p * a.Normalized.Mine[start + h];
        }

        float mean = WarpRow.Sum(total) / width, slope = WarpRow.Sum(product) / width;
        float rsd = a.RowValues.Mine[4 * row];
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float p = a.TangentAdjoint.Mine[start + h] * a.Gamma.Mine[h];
            float result = (p - mean - (a.Normalized.Mine[start + h] * slope)) * rsd;
            a.StoreAdjoint(start + h, a.StreamAdjoint.Mine[start + h] + (result * a.MaskAt(start + h)));
        }

        if (WarpRow.Lane == 0)
        {
            a.RowValues.Mine[(4 * row) + 1] = mean;
            a.RowValues.Mine[(4 * row) + 2] = slope;
        }
    }
}

/// <summary>
/// Layer norm's tangent along ẋ: Jẋ and ẏ = γ∘Jẋ, with ẋ masked. A warp a row. Reads ẋ, x̂ (and the mask); overwrites
/// Jẋ, ẏ and the row's mean(ẋx̂). About 10 FLOP and 16 bytes an element.
/// </summary>
public static class LayerNormTangent
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(LayerNormArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        float slope = a.IsWhole ? Whole(a, row) : AnyWidth(a, row);
        if (WarpRow.Lane == 0)
            a.RowValues.Mine[(4 * row) + 3] = slope;
    }

    private static float Whole(LayerNormArguments a, int row)
    {
        RowShare tangent = RowShare.Load(a.Stream, row), x = RowShare.Load(a.Normalized, row);
        float rsd = a.RowValues.Mine[4 * row];
        RowShare gamma = RowShare.LoadAnywhere(a.Gamma, 0);
        tangent = a.Masked(tangent, row);
        float mean = tangent.Total, slope = (tangent * x).Total;
        WarpRow.Sum(ref mean, ref slope);
        slope *= RowShare.Share;
        RowShare result = (tangent + (x * -slope) + -(mean * RowShare.Share)) * rsd;
        result.Store(a.NormalizedTangent, row);
        a.StoreOutput(result * gamma, row);
        return slope;
    }

    private static float AnyWidth(LayerNormArguments a, int row)
    {
        int width = a.Width, start = row * width;
        float total = 0f, product = 0f;
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float x = a.Stream.Mine[start + h] * a.MaskAt(start + h);
            total += x;
            product += x * a.Normalized.Mine[start + h];
        }

        float mean = WarpRow.Sum(total) / width, slope = WarpRow.Sum(product) / width;
        float rsd = a.RowValues.Mine[4 * row];
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float x = a.Stream.Mine[start + h] * a.MaskAt(start + h);
            float result = (x - mean - (a.Normalized.Mine[start + h] * slope)) * rsd;
            a.NormalizedTangent.Mine[start + h] = result;
            a.StoreOutput(start + h, result * a.Gamma.Mine[h]);
        }

        return slope;
    }
}

/// <summary>
/// The adjoint of layer norm's forward and tangent together, with the residual connection. ẏ = γ∘Jẋ has the adjoint p_y
/// and y has q_y; with p̂ = γ∘p_y and q̂ = γ∘q_y the input's adjoint is the stream's + m∘[Jq̂ −
/// rsd·(mean(ẋx̂)·Jp̂ + mean(p̂x̂)·Jẋ + x̂·mean(p̂∘Jẋ))]. Written out over rsd, the bracket is q̂ − mean(q̂) − n·rsd·(p̂ − mean(p̂)) −
/// m·Jẋ + x̂·[n·rsd·m − mean(q̂x̂) − mean(p̂∘Jẋ)], m = mean(p̂x̂), n = mean(ẋx̂). A warp a row. Reads q_y, p_y, x̂, Jẋ, the
/// stream's adjoint, the row's four numbers (and the mask); overwrites the input's adjoint and, where they are wanted, the
/// sums of q_y, q_y∘x̂ + p_y∘Jẋ and the stream's adjoint over each group. About 18 FLOP and 24 bytes an element.
/// </summary>
public static class LayerNormAdjoint
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(LayerNormArguments a)
    {
        int row = WarpRow.Index;
        if (a.IsWhole)
        {
            Whole(a, row);
            return;
        }

        if (row < a.Rows)
            AnyWidth(a, row);
        if (a.KeepsSums != 0)
            a.SumColumns(a.OutputAdjoint, true);
    }

    private static void Whole(LayerNormArguments a, int row)
    {
        RowShare adjoint = default, weight = default, above = default;
        if (row < a.Rows)
        {
            adjoint = RowShare.Load(a.OutputAdjoint, row);
            RowShare p = RowShare.Load(a.TangentAdjoint, row), x = RowShare.Load(a.Normalized, row), tangent = RowShare.Load(a.NormalizedTangent, row);
            above = RowShare.Load(a.StreamAdjoint, row);
            Float4 values = a.RowValues.Quads[row];
            RowShare gamma = RowShare.LoadAnywhere(a.Gamma, 0);
            RowShare q = adjoint * gamma;
            weight = (adjoint * x) + (p * tangent);
            p *= gamma;

            // mean(q̂x̂) and mean(p̂∘Jẋ) are wanted as a sum alone: γ∘weight's mean.
            float mean = q.Total, product = (gamma * weight).Total;
            WarpRow.Sum(ref mean, ref product);
            float share = values.W * values.X;
            float constant = (share * values.Y) - (mean * RowShare.Share);
            float slope = (share * values.Z) - (product * RowShare.Share);
            RowShare result = q + (p * -share) + (tangent * -values.Z) + (x * slope) + constant;
            a.StoreAdjoint(above + a.Masked(result * values.X, row), row);
        }

        if (a.KeepsSums != 0)
            GroupSums.Store(a.Sums, adjoint, weight, above);
    }

    private static void AnyWidth(LayerNormArguments a, int row)
    {
        int width = a.Width, start = row * width;
        float total = 0f, product = 0f;
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float gamma = a.Gamma.Mine[h];
            float q = a.OutputAdjoint.Mine[start + h] * gamma;
            total += q;
            product += q * a.Normalized.Mine[start + h];
            product += a.TangentAdjoint.Mine[start + h] * gamma * a.NormalizedTangent.Mine[start + h];
        }

        float rsd = a.RowValues.Mine[4 * row], adjointMean = a.RowValues.Mine[(4 * row) + 1];
        float adjointSlope = a.RowValues.Mine[(4 * row) + 2], tangentSlope = a.RowValues.Mine[(4 * row) + 3];
        float share = tangentSlope * rsd;
        float constant = (share * adjointMean) - (WarpRow.Sum(total) / width);
        float slope = (share * adjointSlope) - (WarpRow.Sum(product) / width);
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float gamma = a.Gamma.Mine[h];
            float result = (a.OutputAdjoint.Mine[start + h] * gamma) + constant;
            result -= a.TangentAdjoint.Mine[start + h] * gamma * share;
            result -= a.NormalizedTangent.Mine[start + h] * adjointSlope;
            result += a.Normalized.Mine[start + h] * slope;
            a.StoreAdjoint(start + h, a.StreamAdjoint.Mine[start + h] + (result * rsd * a.MaskAt(start + h)));
        }
    }
}
