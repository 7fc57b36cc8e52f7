namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="EnterBlocks"/>.</summary>
public struct EnterArguments
{
    /// <summary>The actions: as they are, or to be diffused [n×A].</summary>
    public ModelView Actions;

    /// <summary>ε: read where it is given, overwritten where it is drawn [n×A].</summary>
    public ModelView Noise;

    /// <summary>a_t, overwritten [n×A].</summary>
    public ModelView Diffused;

    /// <summary>α_t and σ_t of each condition [b×2].</summary>
    public ModelView Coefficients;

    /// <summary>The condition's part of x₀ [b×H].</summary>
    public ModelView Base;

    /// <summary>A part that all rows share, the time's [H]; read where HasShared.</summary>
    public ModelView Shared;

    /// <summary>The action's rows of N, transposed [A×H].</summary>
    public ModelView ActionInput;

    /// <summary>x₀, overwritten [n×H].</summary>
    public ModelView Stream;

    /// <summary>The stream that ε is drawn from.</summary>
    public DrawView Draw;

    /// <summary>n.</summary>
    public int Rows;

    /// <summary>K, the rows of a condition.</summary>
    public int Candidates;

    /// <summary>A.</summary>
    public int ActionSize;

    /// <summary>H.</summary>
    public int Width;

    /// <summary>1 where Shared counts.</summary>
    public int HasShared;

    /// <summary>What happens to the actions: a <see cref="Diffusion"/>.</summary>
    public int Diffusion;

    /// <summary>The batch's row that row 0 is.</summary>
    public long FirstRow;
}

/// <summary>What happens to actions on their way in.</summary>
public static class Diffusion
{
    /// <summary>They are a_t already.</summary>
    public const int Done = 0;

    /// <summary>a_t = α_t a + σ_t ε with ε given.</summary>
    public const int GivenNoise = 1;

    /// <summary>a_t = α_t a + σ_t ε with ε drawn.</summary>
    public const int DrawnNoise = 2;
}

/// <summary>
/// The way in: diffuses an action and adds its part to its condition's, x₀ = base + N_a a_t, so that state and time are
/// worked on once for all K candidates. A warp a row. 2AH FLOP and 4(2H + 3A) bytes a row.
/// </summary>
public static class EnterBlocks
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(EnterArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        int condition = (int)((uint)row / (uint)a.Candidates);
        bool isWhole = a.Width == RowShare.Width;
        RowShare x = default;
        if (isWhole)
        {
            x = RowShare.Load(a.Base, condition);
            if (a.HasShared != 0)
                x += RowShare.Load(a.Shared, 0);
        }

        for (int first = 0; first < a.ActionSize; first += WarpRow.WarpSize)
        {
            int count = XMath.Min(a.ActionSize - first, WarpRow.WarpSize);
            float action = WarpRow.Lane < count ? Diffused(a, row, condition, first + WarpRow.Lane) : 0f;
            if (!isWhole)
            {
                AnyWidth(a, row, condition, first, count, action);
                continue;
            }

            for (int i = 0; i < count; i += 4)
            {
                RowShare n0 = Input(a, first + i), n1 = Input(a, first + i + 1), n2 = Input(a, first + i + 2), n3 = Input(a, first + i + 3);
                x = x + (n0 * Warp.Shuffle(action, i)) + (n1 * Warp.Shuffle(action, i + 1)) + (n2 * Warp.Shuffle(action, i + 2)) + (n3 * Warp.Shuffle(action, i + 3));
            }
        }

        if (isWhole)
            x.Store(a.Stream, row);
    }

    // All lanes have as many features: a width is a multiple of 32.
    private static void AnyWidth(EnterArguments a, int row, int condition, int first, int count, float action)
    {
        for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
        {
            float x;
            if (first > 0)
                x = a.Stream.Mine[(row * a.Width) + h];
            else
                x = a.Base.Mine[(condition * a.Width) + h] + (a.HasShared != 0 ? a.Shared.Mine[h] : 0f);
            for (int i = 0; i < count; i++)
                x += a.ActionInput.Mine[((first + i) * a.Width) + h] * Warp.Shuffle(action, i);
            a.Stream.Mine[(row * a.Width) + h] = x;
        }
    }

    // Past the last component the last row of N, times a zero.
    private static RowShare Input(EnterArguments a, int action) => RowShare.Load(a.ActionInput, XMath.Min(action, a.ActionSize - 1));

    private static float Diffused(EnterArguments a, int row, int condition, int i)
    {
        int at = (row * a.ActionSize) + i;
        float action = a.Actions.Mine[at];
        if (a.Diffusion != Gpu.Diffusion.Done)
        {
            float alpha = a.Coefficients.Mine[2 * condition], sigma = a.Coefficients.Mine[(2 * condition) + 1];
            float noise;
            if (a.Diffusion == Gpu.Diffusion.DrawnNoise)
            {
                noise = a.Draw.Normal((uint)RandomPurpose.Noise, ((ulong)(a.FirstRow + row) * (ulong)a.ActionSize) + (ulong)i);
                a.Noise.Mine[at] = noise;
            }
            else
            {
                noise = a.Noise.Mine[at];
            }

            action = (alpha * action) + (sigma * noise);
        }

        a.Diffused.Mine[at] = action;
        return action;
    }
}

/// <summary>The arguments of <see cref="SumCandidates"/>.</summary>
public struct SumCandidatesArguments
{
    /// <summary>The candidates' adjoints of x₀ [b·K×H].</summary>
    public ModelView Adjoint;

    /// <summary>Their sums, overwritten [b×H].</summary>
    public ModelView BaseAdjoint;

    /// <summary>b.</summary>
    public int Rows;

    /// <summary>K.</summary>
    public int Candidates;

    /// <summary>H.</summary>
    public int Width;
}

/// <summary>
/// The way back of <see cref="EnterBlocks"/>'s base: the adjoint of a condition's part of x₀ is the sum of its K candidates'.
/// A group a condition, an item four features. 4(K + 1)H bytes a condition.
/// </summary>
public static class SumCandidates
{
    /// <summary>The number of items in a group: four features each of 256.</summary>
    public const int GroupSize = 64;

    /// <summary>The kernel: a grid of b × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(GroupSize)]
    public static void Run(SumCandidatesArguments a)
    {
        int row = Grid.IdxX, first = row * a.Candidates, end = first + a.Candidates;
        int quads = a.Width >> 2;
        for (int h = Group.IdxX; h < quads; h += GroupSize)
            a.BaseAdjoint.Quads[(row * quads) + h] = ColumnSums.Rows(a.Adjoint.Quads, h, quads, first, end, 1);
    }
}
