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

    /// <summary>y, or ẏ [n×H].</summary>
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

    /// <summary>Four numbers a row: rsd, mean(p̂), mean(p̂x̂), mean(ẋx̂) [n×4].</summary>
    public ModelView RowValues;

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

    /// <summary>Factor of a feature of a row.</summary>
    /// <param name="at">Its index, row·H + h.</param>
    /// <returns>Its dropout factor, 1 without dropout.</returns>
    public readonly float MaskAt(int at) => MaskFrom == MaskSource.None ? 1f : Mask.Mine[at];
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

    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(LayerNormArguments a)
    {
        int row = WarpRow.Index, width = a.Width;
        if (row >= a.Rows)
            return;
        int start = row * width;
        float total = 0f;
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            if (a.MaskFrom == MaskSource.Drawn)
            {
                ulong element = (((ulong)(a.FirstRow + row) * (ulong)a.Blocks) + (ulong)a.Block) * (ulong)width;
                a.Mask.Mine[start + h] = a.Draw.Word((uint)RandomPurpose.Dropout, element + (ulong)h) < a.DropThreshold ? 0f : a.KeepScale;
            }
            else if (a.MaskFrom == MaskSource.Given)
            {
                a.Mask.Mine[start + h] = a.GivenMask.Mine[(((row * a.Blocks) + a.Block) * width) + h] * a.KeepScale;
            }

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
            a.Output.Mine[start + h] = (a.Gamma.Mine[h] * value) + a.Beta.Mine[h];
        }

        if (WarpRow.Lane == 0)
            a.RowValues.Mine[4 * row] = rsd;
    }
}

/// <summary>
/// Layer norm backward with the residual connection: with p̂ = γ∘p_y and J = rsd·(I − 11ᵀ/H − x̂x̂ᵀ/H),
/// input adjoint = stream adjoint + m∘Jp̂. A warp a row. Reads p_y, x̂, the stream's adjoint (and the mask); overwrites
/// the input's adjoint and the row's mean(p̂), mean(p̂x̂). About 10 FLOP and 20 bytes an element.
/// </summary>
public static class LayerNormBackward
{
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(LayerNormArguments a)
    {
        int row = WarpRow.Index, width = a.Width;
        if (row >= a.Rows)
            return;
        int start = row * width;
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
            a.InputAdjoint.Mine[start + h] = a.StreamAdjoint.Mine[start + h] + (result * a.MaskAt(start + h));
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
/// Jẋ, ẏ and the row's mean(ẋx̂). About 10 FLOP and 20 bytes an element.
/// </summary>
public static class LayerNormTangent
{
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(LayerNormArguments a)
    {
        int row = WarpRow.Index, width = a.Width;
        if (row >= a.Rows)
            return;
        int start = row * width;
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
            a.Output.Mine[start + h] = result * a.Gamma.Mine[h];
        }

        if (WarpRow.Lane == 0)
            a.RowValues.Mine[(4 * row) + 3] = slope;
    }
}

/// <summary>
/// The adjoint of layer norm's forward and tangent together, with the residual connection. ẏ = γ∘Jẋ has the adjoint p_y
/// and y has q_y; with p̂ = γ∘p_y and q̂ = γ∘q_y the input's adjoint is the stream's + m∘[Jq̂ −
/// rsd·(mean(ẋx̂)·Jp̂ + mean(p̂x̂)·Jẋ + x̂·mean(p̂∘Jẋ))]. A warp a row. Reads q_y, p_y, x̂, Jẋ, the stream's adjoint, the
/// row's four numbers (and the mask); overwrites the input's adjoint. About 18 FLOP and 36 bytes an element.
/// </summary>
public static class LayerNormAdjoint
{
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(LayerNormArguments a)
    {
        int row = WarpRow.Index, width = a.Width;
        if (row >= a.Rows)
            return;
        int start = row * width;
        float total = 0f, product = 0f, cross = 0f;
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float gamma = a.Gamma.Mine[h];
            float q = a.OutputAdjoint.Mine[start + h] * gamma;
            total += q;
            product += q * a.Normalized.Mine[start + h];
            cross += a.TangentAdjoint.Mine[start + h] * gamma * a.NormalizedTangent.Mine[start + h];
        }

        total = WarpRow.Sum(total) / width;
        product = WarpRow.Sum(product) / width;
        cross = WarpRow.Sum(cross) / width;
        float rsd = a.RowValues.Mine[4 * row], adjointMean = a.RowValues.Mine[(4 * row) + 1];
        float adjointSlope = a.RowValues.Mine[(4 * row) + 2], tangentSlope = a.RowValues.Mine[(4 * row) + 3];

        // The bracket over rsd, Jp̂ written out: q̂ − mean(q̂) − n·rsd·(p̂ − mean(p̂)) − m·Jẋ +
        // x̂·[n·rsd·m − mean(q̂x̂) − mean(p̂∘Jẋ)], m = mean(p̂x̂), n = mean(ẋx̂).
        float share = tangentSlope * rsd;
        float constant = (share * adjointMean) - total;
        float slope = (share * adjointSlope) - product - cross;
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            float gamma = a.Gamma.Mine[h];
            float result = (a.OutputAdjoint.Mine[start + h] * gamma) + constant;
            result -= a.TangentAdjoint.Mine[start + h] * gamma * share;
            result -= a.NormalizedTangent.Mine[start + h] * adjointSlope;
            result += a.Normalized.Mine[start + h] * slope;
            a.InputAdjoint.Mine[start + h] = a.StreamAdjoint.Mine[start + h] + (result * rsd * a.MaskAt(start + h));
        }
    }
}
