namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="ConditionRows"/>.</summary>
public struct ConditionArguments
{
    /// <summary>t [b]; read where they are given.</summary>
    public ModelView Times;

    /// <summary>s [b×S].</summary>
    public ModelView States;

    /// <summary>w [16].</summary>
    public ModelView Frequencies;

    /// <summary>C [32×32].</summary>
    public ModelView ConditionWeight;

    /// <summary>c [32].</summary>
    public ModelView ConditionBias;

    /// <summary>[e; s], overwritten [b×(32+S)].</summary>
    public ModelView Condition;

    /// <summary>φ(t), overwritten [b×32].</summary>
    public ModelView Waves;

    /// <summary>SiLU'(Cφ + c), overwritten [b×32].</summary>
    public ModelView Slope;

    /// <summary>α_t and σ_t, overwritten [b×2].</summary>
    public ModelView Coefficients;

    /// <summary>The stream that times are drawn from.</summary>
    public DrawView Draw;

    /// <summary>b.</summary>
    public int Rows;

    /// <summary>S.</summary>
    public int StateSize;

    /// <summary>1 where t is drawn, 0 where it is given.</summary>
    public int DrawsTimes;

    /// <summary>The batch's condition row that row 0 is.</summary>
    public long FirstRow;

    /// <summary>β₀ of the noise schedule.</summary>
    public double BetaMin;

    /// <summary>β₁ of the noise schedule.</summary>
    public double BetaMax;

    /// <summary>The smallest diffusion time.</summary>
    public double TimeMin;
}

/// <summary>
/// What a row's K candidates share: diffusion time (drawn or given), α_t and σ_t, the time embedding
/// e = SiLU(C φ(t) + c), φ = [sin 2πwt; cos 2πwt], and the state, side by side as the condition's input to the network. A
/// warp a row, a lane a feature of the embedding; C's product goes over the lanes by shuffles. 2·32² FLOP and about
/// 4(100 + 2S) bytes a row.
/// </summary>
public static class ConditionRows
{
    /// <summary>The kernel: a grid of ⌈b/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ConditionArguments a)
    {
        int row = WarpRow.Index, lane = WarpRow.Lane;
        if (row >= a.Rows)
            return;
        float t = a.DrawsTimes != 0
            ? Time(a.Draw.Uniform((uint)RandomPurpose.DiffusionTime, (ulong)(a.FirstRow + row)), a.TimeMin)
            : a.Times.Mine[row];
        double turns = (double)a.Frequencies.Mine[lane & 15] * t;
        float wave = (float)(lane < 16 ? Precise.SinTurns(turns) : Precise.CosTurns(turns));
        float z = a.ConditionBias.Mine[lane];
        for (int j = 0; j < WarpRow.WarpSize; j++)
            z += a.ConditionWeight.Mine[(lane * WarpRow.WarpSize) + j] * Warp.Shuffle(wave, j);
        float sigmoid = Silu.Sigmoid(z);
        int at = (row * WarpRow.WarpSize) + lane, start = row * (WarpRow.WarpSize + a.StateSize);
        a.Waves.Mine[at] = wave;
        a.Slope.Mine[at] = Silu.FirstDerivative(z, sigmoid);
        a.Condition.Mine[start + lane] = z * sigmoid;
        for (int i = lane; i < a.StateSize; i += WarpRow.WarpSize)
            a.Condition.Mine[start + WarpRow.WarpSize + i] = a.States.Mine[(row * a.StateSize) + i];
        if (lane == 0)
        {
            double log = LogAlpha(t, a.BetaMin, a.BetaMax);
            a.Coefficients.Mine[2 * row] = (float)Precise.Exp(log);
            a.Coefficients.Mine[(2 * row) + 1] = (float)XMath.Sqrt(-Precise.ExpMinusOne(2.0 * log));
        }
    }

    private static float Time(float uniform, double timeMin) => (float)(timeMin + ((1.0 - timeMin) * uniform));

    private static double LogAlpha(double t, double betaMin, double betaMax) => (-0.25 * t * t * (betaMax - betaMin)) - (0.5 * t * betaMin);
}

/// <summary>The arguments of <see cref="ConditionAdjoint"/>.</summary>
public struct ConditionAdjointArguments
{
    /// <summary>The adjoint of the condition's part of x₀ [b×H].</summary>
    public ModelView BaseAdjoint;

    /// <summary>The embedding's rows of N, transposed [32×H].</summary>
    public ModelView EmbeddingInput;

    /// <summary>SiLU'(Cφ + c) [b×32].</summary>
    public ModelView Slope;

    /// <summary>The adjoint of Cφ + c, overwritten [b×32].</summary>
    public ModelView Adjoint;

    /// <summary>b.</summary>
    public int Rows;

    /// <summary>H.</summary>
    public int Width;
}

/// <summary>
/// From the adjoint of x₀ back through the embedding: SiLU'(Cφ + c)∘(N_eᵀ q). A warp a row, a sum over its lanes for each
/// of the 32 features. 2·32·H FLOP and 4(H + 64) bytes a row.
/// </summary>
public static class ConditionAdjoint
{
    /// <summary>The kernel: a grid of ⌈b/4⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ConditionAdjointArguments a)
    {
        int row = WarpRow.Index, lane = WarpRow.Lane;
        if (row >= a.Rows)
            return;
        float mine = 0f;
        for (int j = 0; j < WarpRow.WarpSize; j++)
        {
            float total = 0f;
            for (int h = lane; h < a.Width; h += WarpRow.WarpSize)
                total += a.BaseAdjoint.Mine[(row * a.Width) + h] * a.EmbeddingInput.Mine[(j * a.Width) + h];
            total = WarpRow.Sum(total);
            if (lane == j)
                mine = total;
        }

        int at = (row * WarpRow.WarpSize) + lane;
        a.Adjoint.Mine[at] = a.Slope.Mine[at] * mine;
    }
}
