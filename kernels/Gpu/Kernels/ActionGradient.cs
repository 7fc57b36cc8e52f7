namespace EDA.Kernels.Gpu;

/// <summary>The arguments of the kernels that end a backward pass at the action.</summary>
public struct ActionGradientArguments
{
    /// <summary>The adjoint of x₀ [n×H].</summary>
    public ModelView Adjoint;

    /// <summary>The action's rows of N, transposed [A×H].</summary>
    public ModelView ActionInput;

    /// <summary>α_t and σ_t of each condition [b×2].</summary>
    public ModelView Coefficients;

    /// <summary>ε [n×A].</summary>
    public ModelView Noise;

    /// <summary>ε̂ or v, overwritten [n×A].</summary>
    public ModelView Result;

    /// <summary>ẋ₀ = N_a v, overwritten [n×H].</summary>
    public ModelView Tangent;

    /// <summary>The loss of each row, overwritten [n].</summary>
    public ModelView Losses;

    /// <summary>n.</summary>
    public int Rows;

    /// <summary>K, the rows of a condition.</summary>
    public int Candidates;

    /// <summary>A.</summary>
    public int ActionSize;

    /// <summary>H.</summary>
    public int Width;

    /// <summary>The rows of the whole batch, which the mean goes over.</summary>
    public int BatchRows;

    /// <summary>∂f/∂a_i = Σ_h N_hi·p_h; all lanes of the row's warp must call it.</summary>
    /// <param name="row">The row.</param>
    /// <param name="i">i.</param>
    /// <returns>The derivative, the same bits in every lane.</returns>
    public readonly float Derivative(int row, int i)
    {
        float total = 0f;
        for (int h = WarpRow.Lane; h < Width; h += WarpRow.WarpSize)
            total += Adjoint.Mine[(row * Width) + h] * ActionInput.Mine[(i * Width) + h];
        return WarpRow.Sum(total);
    }
}

/// <summary>The predicted noise ε̂ = −σ_t ∇f (Eq. 9). A warp a row; 2AH FLOP and 4(H + A) bytes a row.</summary>
public static class ScoreHead
{
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ActionGradientArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        float sigma = a.Coefficients.Mine[(2 * (row / a.Candidates)) + 1];
        for (int i = 0; i < a.ActionSize; i++)
        {
            float derivative = a.Derivative(row, i);
            if (WarpRow.Lane == 0)
                a.Result.Mine[(row * a.ActionSize) + i] = -sigma * derivative;
        }
    }
}

/// <summary>
/// The pretraining loss and the way back into the network (Eq. 10): each row's ‖σ∇f + ε‖², v = (2σ/n)(σ∇f + ε), and
/// ẋ₀ = N_a v, where the tangent pass begins. A warp a row; 4AH FLOP and 4(2H + 2A) bytes a row.
/// </summary>
public static class DenoisingDirection
{
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ActionGradientArguments a)
    {
        int row = WarpRow.Index, lane = WarpRow.Lane;
        if (row >= a.Rows)
            return;
        int start = row * a.ActionSize;
        float sigma = a.Coefficients.Mine[(2 * row) + 1];
        float scale = 2f * sigma / a.BatchRows;
        float loss = 0f;
        for (int i = 0; i < a.ActionSize; i++)
        {
            float residual = (sigma * a.Derivative(row, i)) + a.Noise.Mine[start + i];
            loss += residual * residual;
            if (lane == 0)
                a.Result.Mine[start + i] = scale * residual;
        }

        if (lane == 0)
            a.Losses.Mine[row] = loss;
        // Every lane reads what the first wrote.
        Warp.Barrier();
        for (int h = lane; h < a.Width; h += WarpRow.WarpSize)
        {
            float tangent = 0f;
            for (int i = 0; i < a.ActionSize; i++)
                tangent += a.ActionInput.Mine[(i * a.Width) + h] * a.Result.Mine[start + i];
            a.Tangent.Mine[(row * a.Width) + h] = tangent;
        }
    }
}

/// <summary>The arguments of <see cref="SolverAdvance"/>.</summary>
public struct SolverArguments
{
    /// <summary>The adjoint of x₀ [n×H], and N.</summary>
    public ActionGradientArguments Gradient;

    /// <summary>The solver's point, moved on [n×A].</summary>
    public ModelView Point;

    /// <summary>The point where the current solver step began [n×A].</summary>
    public ModelView Anchor;

    /// <summary>This evaluation's data prediction, overwritten [n×A].</summary>
    public ModelView Current;

    /// <summary>The previous one's [n×A].</summary>
    public ModelView Previous;

    /// <summary>The one's before that [n×A].</summary>
    public ModelView BeforePrevious;

    /// <summary>α_t.</summary>
    public float Alpha;

    /// <summary>σ_t.</summary>
    public float Sigma;

    /// <summary>The weight of the anchor.</summary>
    public float AnchorWeight;

    /// <summary>The weight of this evaluation's data prediction.</summary>
    public float Weight0;

    /// <summary>The weight of the previous one.</summary>
    public float Weight1;

    /// <summary>The weight of the one before that.</summary>
    public float Weight2;

    /// <summary>1 where the next point becomes the anchor.</summary>
    public int MovesAnchor;
}

/// <summary>
/// One evaluation of the solver, from the adjoint of x₀ to the next point: x̂ = (x + σ²∇f)/α, then the table's combination
/// of anchor and data predictions. A warp a row; 2AH FLOP and 4(H + 6A) bytes a row.
/// </summary>
public static class SolverAdvance
{
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(SolverArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Gradient.Rows)
            return;
        for (int i = 0; i < a.Gradient.ActionSize; i++)
        {
            float derivative = a.Gradient.Derivative(row, i);
            if (WarpRow.Lane != 0)
                continue;
            int at = (row * a.Gradient.ActionSize) + i;
            float data = (a.Point.Mine[at] + (a.Sigma * a.Sigma * derivative)) / a.Alpha;
            float next = (a.AnchorWeight * a.Anchor.Mine[at]) + (a.Weight2 * a.BeforePrevious.Mine[at]);
            next += a.Weight1 * a.Previous.Mine[at];
            next += a.Weight0 * data;
            a.Current.Mine[at] = data;
            a.Point.Mine[at] = next;
            if (a.MovesAnchor != 0)
                a.Anchor.Mine[at] = next;
        }
    }
}

/// <summary>The arguments of <see cref="SolverStart"/>.</summary>
public struct SolverStartArguments
{
    /// <summary>The starting points x₁; read where they are given [n×A].</summary>
    public ModelView Start;

    /// <summary>The solver's point, overwritten [n×A].</summary>
    public ModelView Point;

    /// <summary>The anchor, overwritten [n×A].</summary>
    public ModelView Anchor;

    /// <summary>The three data predictions, overwritten with zeros [3×n×A].</summary>
    public ModelView Predictions;

    /// <summary>The stream that starting points are drawn from.</summary>
    public DrawView Draw;

    /// <summary>The states' numbers in the stream; read where they are given [n/K].</summary>
    public ArrayView<int> Numbers;

    /// <summary>n·A.</summary>
    public int Elements;

    /// <summary>A.</summary>
    public int ActionSize;

    /// <summary>K.</summary>
    public int Candidates;

    /// <summary>How many candidates of a state the stream counts.</summary>
    public int Stride;

    /// <summary>1 where x₁ is drawn, 0 where it is given.</summary>
    public int Draws;

    /// <summary>1 where the states' numbers are given, 0 where they are 0, 1, ….</summary>
    public int IsNumbered;
}

/// <summary>Where the solver begins: x₁ drawn or given, which is the anchor too. An item an element; 24 bytes each.</summary>
public static class SolverStart
{
    /// <summary>The kernel: a grid of ⌈nA/128⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(SolverStartArguments a)
    {
        int i = VectorKernel.Index;
        if (i >= a.Elements)
            return;
        float value = a.Draws != 0 ? a.Draw.Normal((uint)RandomPurpose.SolverStart, Element(a, i)) : a.Start.Mine[i];
        a.Point.Mine[i] = value;
        a.Anchor.Mine[i] = value;
        a.Predictions.Mine[i] = 0f;
        a.Predictions.Mine[a.Elements + i] = 0f;
        a.Predictions.Mine[(2 * a.Elements) + i] = 0f;
    }

    private static ulong Element(SolverStartArguments a, int i)
    {
        int row = i / a.ActionSize, state = row / a.Candidates;
        long number = a.IsNumbered != 0 ? a.Numbers[state] : state;
        return (ulong)((((number * a.Stride) + (row - (state * a.Candidates))) * a.ActionSize) + (i - (row * a.ActionSize)));
    }
}
