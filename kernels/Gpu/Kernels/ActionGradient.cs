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

    /// <summary>2/n, n the rows of the whole batch, which the mean goes over; where adjoints are halves, times their scale.</summary>
    public float Scale;

    /// <summary>Whether a warp holds a row as a <see cref="RowShare"/> a lane; what was folded and the workspace always are aligned.</summary>
    public readonly bool IsWhole => Width == RowShare.Width;

    /// <summary>A row of N; the last one for those past it.</summary>
    /// <param name="action">The action's component.</param>
    /// <returns>This lane's share.</returns>
    public readonly RowShare Input(int action) => RowShare.Load(ActionInput, XMath.Min(action, ActionSize - 1));

    /// <summary>Four derivatives ∂f/∂a_j = Σ_h N_hj·p_h, one of them for each lane; all lanes of the row's warp must call it.</summary>
    /// <param name="row">The row.</param>
    /// <param name="first">The first j.</param>
    /// <returns>That of j = first + lane mod 4; of the last component past it.</returns>
    public readonly float Derivative(int row, int first)
    {
        Float4 sums = default;
        if (IsWhole)
        {
            RowShare p = RowShare.Load(Adjoint, row);
            sums = Float4.Of((p * Input(first)).Total, (p * Input(first + 1)).Total, (p * Input(first + 2)).Total, (p * Input(first + 3)).Total);
        }
        else
        {
            for (int h = WarpRow.Lane; h < Width; h += WarpRow.WarpSize)
                Float4.AddProduct(ref sums, Adjoint.Mine[(row * Width) + h], Inputs(first, h));
        }

        return WarpRow.SumOfFour(sums);
    }

    /// <summary>N_hj for four j.</summary>
    /// <param name="first">The first j; the last component counts for those past it.</param>
    /// <param name="h">h.</param>
    /// <returns>The four.</returns>
    public readonly Float4 Inputs(int first, int h)
    {
        int last = ActionSize - 1;
        return Float4.Of(
            ActionInput.Mine[(XMath.Min(first, last) * Width) + h], ActionInput.Mine[(XMath.Min(first + 1, last) * Width) + h],
            ActionInput.Mine[(XMath.Min(first + 2, last) * Width) + h], ActionInput.Mine[(XMath.Min(first + 3, last) * Width) + h]);
    }
}

/// <summary>The predicted noise ε̂ = −σ_t ∇f (Eq. 9). A warp a row; 2AH FLOP and 4(H + A) bytes a row.</summary>
public static class ScoreHead
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ActionGradientArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        float sigma = a.Coefficients.Mine[(2 * (int)((uint)row / (uint)a.Candidates)) + 1];
        for (int first = 0; first < a.ActionSize; first += 4)
        {
            float derivative = a.Derivative(row, first);
            int i = first + WarpRow.Lane;
            if (WarpRow.Lane < 4 && i < a.ActionSize)
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
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ActionGradientArguments a)
    {
        int row = WarpRow.Index, lane = WarpRow.Lane;
        if (row >= a.Rows)
            return;
        float loss = a.IsWhole ? Whole(a, row) : AnyWidth(a, row);
        loss += Warp.ShuffleXor(loss, 1);
        loss += Warp.ShuffleXor(loss, 2);
        if (lane == 0)
            a.Losses.Mine[row] = loss;
    }

    private static float Whole(ActionGradientArguments a, int row)
    {
        RowShare p = RowShare.Load(a.Adjoint, row), tangent = default;
        float loss = 0f;
        for (int first = 0; first < a.ActionSize; first += 4)
        {
            RowShare n0 = a.Input(first), n1 = a.Input(first + 1), n2 = a.Input(first + 2), n3 = a.Input(first + 3);
            float derivative = WarpRow.SumOfFour(Float4.Of((p * n0).Total, (p * n1).Total, (p * n2).Total, (p * n3).Total));
            float v = Direction(a, row, first, derivative, ref loss);
            tangent = tangent + (n0 * Warp.Shuffle(v, 0)) + (n1 * Warp.Shuffle(v, 1)) + (n2 * Warp.Shuffle(v, 2)) + (n3 * Warp.Shuffle(v, 3));
        }

        tangent.Store(a.Tangent, row);
        return loss;
    }

    private static float AnyWidth(ActionGradientArguments a, int row)
    {
        float loss = 0f;
        for (int first = 0; first < a.ActionSize; first += 4)
        {
            float v = Direction(a, row, first, a.Derivative(row, first), ref loss);
            Float4 all = Float4.Of(Warp.Shuffle(v, 0), Warp.Shuffle(v, 1), Warp.Shuffle(v, 2), Warp.Shuffle(v, 3));
            for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
            {
                int at = (row * a.Width) + h;
                float before = first > 0 ? a.Tangent.Mine[at] : 0f;
                a.Tangent.Mine[at] = before + (a.Inputs(first, h) * all).Total;
            }
        }

        return loss;
    }

    // The component of v that the lane has a derivative of, and its part of the loss; nothing past the last.
    private static float Direction(ActionGradientArguments a, int row, int first, float derivative, ref float loss)
    {
        int i = first + (WarpRow.Lane & 3), at = (row * a.ActionSize) + i;
        if (i >= a.ActionSize)
            return 0f;
        float sigma = a.Coefficients.Mine[(2 * row) + 1];
        float residual = (sigma * derivative) + a.Noise.Mine[at];
        float v = a.Scale * sigma * residual;
        loss += residual * residual;
        if (WarpRow.Lane < 4)
            a.Result.Mine[at] = v;
        return v;
    }
}
