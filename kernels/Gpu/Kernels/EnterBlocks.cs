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
    /// <summary>The kernel: a grid of ⌈n/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(EnterArguments a)
    {
        int row = WarpRow.Index, lane = WarpRow.Lane;
        if (row >= a.Rows)
            return;
        int condition = row / a.Candidates, start = row * a.ActionSize;
        for (int i = lane; i < a.ActionSize; i += WarpRow.WarpSize)
        {
            float action = a.Actions.Mine[start + i];
            if (a.Diffusion != Gpu.Diffusion.Done)
            {
                float noise;
                if (a.Diffusion == Gpu.Diffusion.DrawnNoise)
                {
                    noise = a.Draw.Normal((uint)RandomPurpose.Noise, ((ulong)(a.FirstRow + row) * (ulong)a.ActionSize) + (ulong)i);
                    a.Noise.Mine[start + i] = noise;
                }
                else
                {
                    noise = a.Noise.Mine[start + i];
                }

                action = (a.Coefficients.Mine[2 * condition] * action) + (a.Coefficients.Mine[(2 * condition) + 1] * noise);
            }

            a.Diffused.Mine[start + i] = action;
        }

        // Every lane reads what the others wrote.
        Warp.Barrier();
        for (int h = lane; h < a.Width; h += WarpRow.WarpSize)
        {
            float x = a.Base.Mine[(condition * a.Width) + h];
            if (a.HasShared != 0)
                x += a.Shared.Mine[h];
            for (int i = 0; i < a.ActionSize; i++)
                x += a.ActionInput.Mine[(i * a.Width) + h] * a.Diffused.Mine[start + i];
            a.Stream.Mine[(row * a.Width) + h] = x;
        }
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

/// <summary>The way back of <see cref="EnterBlocks"/>'s base: the adjoint of a condition's part of x₀ is the sum of its K candidates'. 4(K + 1)H bytes a condition.</summary>
public static class SumCandidates
{
    /// <summary>The kernel: a grid of ⌈b/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(SumCandidatesArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
        {
            float total = 0f;
            for (int k = 0; k < a.Candidates; k++)
                total += a.Adjoint.Mine[(((row * a.Candidates) + k) * a.Width) + h];
            a.BaseAdjoint.Mine[(row * a.Width) + h] = total;
        }
    }
}
