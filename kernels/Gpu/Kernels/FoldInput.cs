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
/// enters only through its column sums. A warp an element of N, its lanes along the features of u, four each; an item a sum
/// of O. Once a step: about 2H²(A + 32 + S) FLOP at most, 4H² bytes from the cache again and again.
/// </summary>
public static class FoldInput
{
    /// <summary>The kernel: a grid of ⌈H/8⌉ × (A + 32 + S + 2) × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(FoldInputArguments a)
    {
        int column = Grid.IdxY, inputs = a.Action.Size + a.Embedding.Size + a.State.Size;
        if (column > inputs)
        {
            SumOutput(a, (Grid.IdxX * WarpRow.GroupSize) + Group.IdxX);
            return;
        }

        int h = WarpRow.Index;
        if (h >= a.Width)
            return;
        float value = WarpRow.Sum(column < inputs ? Column(a, column, h) : Constant(a, h));
        if (WarpRow.Lane != 0)
            return;
        if (column < inputs)
            a.Folded.Mine[(column * a.Width) + h] = value;
        else
            a.FoldedBias.Mine[h] = value + a.InputBias.Mine[h];
    }

    private static float Column(FoldInputArguments a, int column, int h)
    {
        int afterAction = a.Action.Size, afterEmbedding = afterAction + a.Embedding.Size;
        if (column < afterAction)
            return Product(a.Action, a.Action.Weight, a.Action.Size, column, a, h);
        if (column < afterEmbedding)
            return Product(a.Embedding, a.Embedding.Weight, a.Embedding.Size, column - afterAction, a, h);
        return Product(a.State, a.State.Weight, a.State.Size, column - afterEmbedding, a, h);
    }

    private static float Constant(FoldInputArguments a, int h)
    {
        float total = Product(a.Action, a.Action.Bias, 1, 0, a, h) + Product(a.Embedding, a.Embedding.Bias, 1, 0, a, h);
        return a.State.Size > 0 ? total + Product(a.State, a.State.Bias, 1, 0, a, h) : total;
    }

    // This lane's part of F's row h times a column of a dense layer, or its bias. A layer's features are a multiple of four.
    private static float Product(DenseView dense, ModelView matrix, int stride, int column, FoldInputArguments a, int h)
    {
        float total = 0f;
        for (int u = 4 * WarpRow.Lane; u < dense.Features; u += 4 * WarpRow.WarpSize)
        {
            var values = matrix.Mine;
            int at = (u * stride) + column;
            Float4 factors = Float4.Of(values[at], values[at + stride], values[at + (2 * stride)], values[at + (3 * stride)]);
            total += (a.InputWeight.Four((h * a.Width) + dense.FirstFeature + u) * factors).Total;
        }

        return total;
    }

    private static void SumOutput(FoldInputArguments a, int h)
    {
        if (h > a.Width)
            return;
        float total = 0f;
        for (int j = 0; j < a.Action.Size; j++)
            total += h < a.Width ? a.OutputWeight.Mine[(j * a.Width) + h] : a.OutputBias.Mine[j];
        a.OutputSum.Mine[h] = total;
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
/// move. Three kinds of groups: a row h of ∂F = ∂N·Dᵀ, an item an element; 32 features u and one column of ∂D = Fᵀ∂N, a
/// lane a feature, warps taking turns at F's rows; a row j of ∂O. Once a step: about 4H²(A + 32 + S) FLOP at most.
/// </summary>
public static class UnfoldGradient
{
    /// <summary>The kernel: a grid of <see cref="Groups"/> × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(UnfoldGradientArguments a)
    {
        var memory = SharedMemory.Allocate<float>(WarpRow.GroupSize);
        int group = Grid.IdxX;
        if (group < a.Width)
        {
            RowOfInput(a, group);
            return;
        }

        group -= a.Width;
        int action = Tiles(a.Action.Features, a.Action.Size), embedding = Tiles(a.Embedding.Features, a.Embedding.Size), state = Tiles(a.State.Features, a.State.Size);
        if (group < action)
            TileOfDense(a, memory, a.Action, 0, group, a.ActionAt, a.ActionBiasAt);
        else if (group < action + embedding)
            TileOfDense(a, memory, a.Embedding, a.Action.Size, group - action, a.EmbeddingAt, a.EmbeddingBiasAt);
        else if (group < action + embedding + state)
            TileOfDense(a, memory, a.State, a.Action.Size + a.Embedding.Size, group - action - embedding, a.StateAt, a.StateBiasAt);
        else
            RowOfOutput(a, group - action - embedding - state);
    }

    /// <summary>The groups of the grid.</summary>
    /// <param name="shape">The network.</param>
    /// <returns>How many they are.</returns>
    public static int Groups(BdmShape shape)
    {
        int dense = Tiles(shape.ActionFeatures, shape.ActionSize) + Tiles(shape.EmbeddingFeatures, BdmShape.TimeFeatures) + Tiles(shape.StateFeatures, shape.StateSize);
        return shape.Width + dense + shape.ActionSize;
    }

    // 32 features of each column, and of the bias.
    private static int Tiles(int features, int size) => ((features + WarpRow.WarpSize - 1) >> 5) * (size + 1);

    // ∂F[h, u] = Σ_c ∂N[h, c]·D[u, c] + ∂n₀[h]·d[u]
    private static void RowOfInput(UnfoldGradientArguments a, int h)
    {
        float bias = a.FoldedBiasGradient.Mine[h];
        int afterAction = a.Action.Features, afterEmbedding = afterAction + a.Embedding.Features;
        for (int u = Group.IdxX; u < a.Width; u += WarpRow.GroupSize)
        {
            float total;
            if (u < afterAction)
                total = Product(a, a.Action, 0, h, u, bias);
            else if (u < afterEmbedding)
                total = Product(a, a.Embedding, a.Action.Size, h, u - afterAction, bias);
            else
                total = Product(a, a.State, a.Action.Size + a.Embedding.Size, h, u - afterEmbedding, bias);
            a.Gradient.Mine[a.InputWeightAt + (h * a.Width) + u] = total;
        }

        if (Group.IdxX == 0)
            a.Gradient.Mine[a.InputBiasAt + h] = bias;
    }

    private static float Product(UnfoldGradientArguments a, DenseView dense, int firstColumn, int h, int u, float bias)
    {
        var gradient = a.FoldedGradient.Mine;
        var weight = dense.Weight.Mine;
        float total = bias * dense.Bias.Mine[u];
        int g = (firstColumn * a.Width) + h, w = u * dense.Size, next = a.Width, c = 0;
        for (; c + 3 < dense.Size; c += 4)
        {
            Float4 gradients = Float4.Of(gradient[g], gradient[g + next], gradient[g + (2 * next)], gradient[g + (3 * next)]);
            total += (gradients * Float4.Of(weight[w], weight[w + 1], weight[w + 2], weight[w + 3])).Total;
            g += 4 * next;
            w += 4;
        }

        for (; c < dense.Size; c++)
        {
            total += gradient[g] * weight[w];
            g += next;
            w++;
        }

        return total;
    }

    // ∂D[u, c] = Σ_h F[h, u]·∂N[h, c] and ∂d[u] = Σ_h F[h, u]·∂n₀[h]
    private static void TileOfDense(UnfoldGradientArguments a, ArrayView<float> memory, DenseView dense, int firstColumn, int tile, int weightAt, int biasAt)
    {
        int columns = dense.Size + 1, block = tile / columns, c = tile - (block * columns);
        int u = (block * WarpRow.WarpSize) + WarpRow.Lane;
        var gradient = c < dense.Size ? a.FoldedGradient : a.FoldedBiasGradient;
        int first = c < dense.Size ? (firstColumn + c) * a.Width : 0;
        float total = 0f;
        if (u < dense.Features)
        {
            // Four rows a step: a width is a multiple of 32.
            for (int h = 4 * WarpRow.InGroup; h < a.Width; h += 4 * WarpRow.RowsPerGroup)
            {
                var weight = a.InputWeight.Mine;
                int at = (h * a.Width) + dense.FirstFeature + u;
                Float4 weights = Float4.Of(weight[at], weight[at + a.Width], weight[at + (2 * a.Width)], weight[at + (3 * a.Width)]);
                total += (weights * gradient.Quads[(first + h) >> 2]).Total;
            }
        }

        memory[Group.IdxX] = total;
        Group.Barrier();
        if (WarpRow.InGroup != 0 || u >= dense.Features)
            return;
        for (int warp = 1; warp < WarpRow.RowsPerGroup; warp++)
            total += memory[(warp * WarpRow.WarpSize) + WarpRow.Lane];
        a.Gradient.Mine[c < dense.Size ? weightAt + (u * dense.Size) + c : biasAt + u] = total;
    }

    private static void RowOfOutput(UnfoldGradientArguments a, int j)
    {
        for (int h = Group.IdxX; h < a.Width; h += WarpRow.GroupSize)
            a.Gradient.Mine[a.OutputAt + (j * a.Width) + h] = a.OutputGradient.Mine[h];
        if (Group.IdxX == 0)
            a.Gradient.Mine[a.OutputBiasAt + j] = 0f;
        if (j == 0 && Group.IdxX < 16)
            a.Gradient.Mine[a.FrequenciesAt + Group.IdxX] = 0f;
    }
}
