namespace EDA.Kernels.Gpu;

/// <summary>One of the dense layers before F: where it stands in u and in the network's input.</summary>
public struct DenseView
{
    /// <summary>D [features×size].</summary>
    public ModelView Weight;

    /// <summary>d [features].</summary>
    public ModelView Bias;

    /// <summary>Its first feature in u.</summary>
    public int FirstFeature;

    /// <summary>Its features.</summary>
    public int Features;

    /// <summary>Its inputs; 0 where the network has none of the kind.</summary>
    public int Size;
}

/// <summary>The arguments of <see cref="FoldInput"/>.</summary>
public struct FoldInputArguments
{
    /// <summary>F [H×H].</summary>
    public ModelView InputWeight;

    /// <summary>f₀ [H].</summary>
    public ModelView InputBias;

    /// <summary>D2, for actions.</summary>
    public DenseView Action;

    /// <summary>D1, for the time embedding.</summary>
    public DenseView Embedding;

    /// <summary>D3, for states.</summary>
    public DenseView State;

    /// <summary>O [A×H].</summary>
    public ModelView OutputWeight;

    /// <summary>o [A].</summary>
    public ModelView OutputBias;

    /// <summary>N transposed, rows of action, embedding and state, overwritten [(A+32+S)×H].</summary>
    public ModelView Folded;

    /// <summary>n₀, overwritten [H].</summary>
    public ModelView FoldedBias;

    /// <summary>Σ_j O_jh, and after it Σ_j o_j, overwritten [H+1].</summary>
    public ModelView OutputSum;

    /// <summary>H.</summary>
    public int Width;
}

/// <summary>
/// What depends on the weights alone: the dense layers and F compose to x₀ = N [a; e; s] + n₀ (method: section 2), and O
/// enters only through its column sums. A warp an element, its lanes along the features of u. Once a step: about 2H²(A +
/// 32 + S) FLOP at most, 4H² bytes from the cache again and again.
/// </summary>
public static class FoldInput
{
    /// <summary>The kernel: a grid of ⌈H/4⌉ × (A + 32 + S + 2) × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(FoldInputArguments a)
    {
        int h = WarpRow.Index, column = Grid.IdxY, lane = WarpRow.Lane;
        if (h >= a.Width)
            return;
        int afterAction = a.Action.Size, afterEmbedding = afterAction + a.Embedding.Size, inputs = afterEmbedding + a.State.Size;
        if (column < inputs)
        {
            float value;
            if (column < afterAction)
                value = Column(a.Action, a.InputWeight, column, h, a.Width);
            else if (column < afterEmbedding)
                value = Column(a.Embedding, a.InputWeight, column - afterAction, h, a.Width);
            else
                value = Column(a.State, a.InputWeight, column - afterEmbedding, h, a.Width);
            if (lane == 0)
                a.Folded.Mine[(column * a.Width) + h] = value;
        }
        else if (column == inputs)
        {
            float value = Constant(a.Action, a.InputWeight, h, a.Width) + Constant(a.Embedding, a.InputWeight, h, a.Width);
            if (a.State.Size > 0)
                value += Constant(a.State, a.InputWeight, h, a.Width);
            if (lane == 0)
                a.FoldedBias.Mine[h] = value + a.InputBias.Mine[h];
        }
        else if (lane == 0)
        {
            float total = 0f;
            for (int j = 0; j < a.Action.Size; j++)
                total += a.OutputWeight.Mine[(j * a.Width) + h];
            a.OutputSum.Mine[h] = total;
            if (h == 0)
            {
                total = 0f;
                for (int j = 0; j < a.Action.Size; j++)
                    total += a.OutputBias.Mine[j];
                a.OutputSum.Mine[a.Width] = total;
            }
        }
    }

    private static float Column(DenseView dense, ModelView inputWeight, int column, int h, int width)
    {
        float total = 0f;
        for (int u = WarpRow.Lane; u < dense.Features; u += WarpRow.WarpSize)
            total += inputWeight.Mine[(h * width) + dense.FirstFeature + u] * dense.Weight.Mine[(u * dense.Size) + column];
        return WarpRow.Sum(total);
    }

    private static float Constant(DenseView dense, ModelView inputWeight, int h, int width)
    {
        float total = 0f;
        for (int u = WarpRow.Lane; u < dense.Features; u += WarpRow.WarpSize)
            total += inputWeight.Mine[(h * width) + dense.FirstFeature + u] * dense.Bias.Mine[u];
        return WarpRow.Sum(total);
    }
}

/// <summary>The arguments of <see cref="UnfoldGradient"/>.</summary>
public struct UnfoldGradientArguments
{
    /// <summary>The flat gradient, overwritten where it comes from N's [P].</summary>
    public ModelView Gradient;

    /// <summary>F [H×H].</summary>
    public ModelView InputWeight;

    /// <summary>D2, for actions; its views are the parameters.</summary>
    public DenseView Action;

    /// <summary>D1, for the time embedding.</summary>
    public DenseView Embedding;

    /// <summary>D3, for states.</summary>
    public DenseView State;

    /// <summary>∂L/∂Nᵀ [(A+32+S)×H].</summary>
    public ModelView FoldedGradient;

    /// <summary>∂L/∂n₀ [H].</summary>
    public ModelView FoldedBiasGradient;

    /// <summary>∂L/∂O_jh, the same for every j [H].</summary>
    public ModelView OutputGradient;

    /// <summary>H.</summary>
    public int Width;

    /// <summary>Where ∂L/∂w, which is zero, stands [16].</summary>
    public int FrequenciesAt;

    /// <summary>Where ∂L/∂F stands.</summary>
    public int InputWeightAt;

    /// <summary>Where ∂L/∂f₀ stands.</summary>
    public int InputBiasAt;

    /// <summary>Where ∂L/∂D2 and ∂L/∂d2 stand.</summary>
    public int ActionAt;

    /// <summary>Where ∂L/∂d2 stands.</summary>
    public int ActionBiasAt;

    /// <summary>Where ∂L/∂D1 stands.</summary>
    public int EmbeddingAt;

    /// <summary>Where ∂L/∂d1 stands.</summary>
    public int EmbeddingBiasAt;

    /// <summary>Where ∂L/∂D3 stands.</summary>
    public int StateAt;

    /// <summary>Where ∂L/∂d3 stands.</summary>
    public int StateBiasAt;

    /// <summary>Where ∂L/∂O stands.</summary>
    public int OutputAt;

    /// <summary>Where ∂L/∂o, which is zero, stands [A].</summary>
    public int OutputBiasAt;
}

/// <summary>
/// From N's gradient to those of F, f₀ and the dense layers, O's row for every action, and exact zeros for what does not
/// move. Three kinds of rows, a warp each: a row h of ∂F = ∂N·Dᵀ; a feature u of ∂D = Fᵀ∂N; a row j of ∂O. Once a step:
/// about 4H²(A + 32 + S) FLOP at most.
/// </summary>
public static class UnfoldGradient
{
    /// <summary>The kernel: a grid of ⌈(2H + A + 1)/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(UnfoldGradientArguments a)
    {
        int index = WarpRow.Index, lane = WarpRow.Lane, width = a.Width;
        if (index < width)
        {
            RowOfInput(a, a.Action, 0, index);
            RowOfInput(a, a.Embedding, a.Action.Size, index);
            if (a.State.Size > 0)
                RowOfInput(a, a.State, a.Action.Size + a.Embedding.Size, index);
            if (lane == 0)
                a.Gradient.Mine[a.InputBiasAt + index] = a.FoldedBiasGradient.Mine[index];
        }
        else if (index < 2 * width)
        {
            int u = index - width;
            if (u < a.Embedding.FirstFeature)
                RowOfDense(a, a.Action, 0, u, a.ActionAt, a.ActionBiasAt);
            else if (u < a.Embedding.FirstFeature + a.Embedding.Features)
                RowOfDense(a, a.Embedding, a.Action.Size, u, a.EmbeddingAt, a.EmbeddingBiasAt);
            else
                RowOfDense(a, a.State, a.Action.Size + a.Embedding.Size, u, a.StateAt, a.StateBiasAt);
        }
        else if (index < (2 * width) + a.Action.Size)
        {
            int j = index - (2 * width);
            for (int h = lane; h < width; h += WarpRow.WarpSize)
                a.Gradient.Mine[a.OutputAt + (j * width) + h] = a.OutputGradient.Mine[h];
            if (lane == 0)
                a.Gradient.Mine[a.OutputBiasAt + j] = 0f;
        }
        else if (index == (2 * width) + a.Action.Size && lane < 16)
        {
            a.Gradient.Mine[a.FrequenciesAt + lane] = 0f;
        }
    }

    // ∂F[h, u] = Σ_c ∂N[h, c]·D[u, c] + ∂n₀[h]·d[u]
    private static void RowOfInput(UnfoldGradientArguments a, DenseView dense, int firstColumn, int h)
    {
        for (int u = WarpRow.Lane; u < dense.Features; u += WarpRow.WarpSize)
        {
            float total = a.FoldedBiasGradient.Mine[h] * dense.Bias.Mine[u];
            for (int c = 0; c < dense.Size; c++)
                total += a.FoldedGradient.Mine[((firstColumn + c) * a.Width) + h] * dense.Weight.Mine[(u * dense.Size) + c];
            a.Gradient.Mine[a.InputWeightAt + (h * a.Width) + dense.FirstFeature + u] = total;
        }
    }

    // ∂D[u, c] = Σ_h F[h, u]·∂N[h, c] and ∂d[u] = Σ_h F[h, u]·∂n₀[h]
    private static void RowOfDense(UnfoldGradientArguments a, DenseView dense, int firstColumn, int u, int weightAt, int biasAt)
    {
        for (int c = 0; c <= dense.Size; c++)
        {
            float total = 0f;
            for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
            {
                float gradient = c < dense.Size ? a.FoldedGradient.Mine[((firstColumn + c) * a.Width) + h] : a.FoldedBiasGradient.Mine[h];
                total += a.InputWeight.Mine[(h * a.Width) + u] * gradient;
            }

            total = WarpRow.Sum(total);
            if (WarpRow.Lane != 0)
                continue;
            if (c < dense.Size)
                a.Gradient.Mine[weightAt + ((u - dense.FirstFeature) * dense.Size) + c] = total;
            else
                a.Gradient.Mine[biasAt + u - dense.FirstFeature] = total;
        }
    }
}
