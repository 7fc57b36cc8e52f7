namespace EDA.Kernels.Gpu;

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
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(SolverArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Gradient.Rows)
            return;
        for (int first = 0; first < a.Gradient.ActionSize; first += 4)
        {
            float derivative = a.Gradient.Derivative(row, first);
            int i = first + WarpRow.Lane;
            if (WarpRow.Lane >= 4 || i >= a.Gradient.ActionSize)
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
