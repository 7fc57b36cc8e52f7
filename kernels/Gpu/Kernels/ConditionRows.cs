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
/// warp a row, a lane a feature of the embedding. 2·32² FLOP and about 4(100 + 2S) bytes a row.
/// </summary>
public static class ConditionRows
{
    /// <summary>The kernel: a grid of ⌈b/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ConditionArguments a)
    {
        int row = WarpRow.Index, lane = WarpRow.Lane;
        if (row >= a.Rows)
            return;
        float state = lane < a.StateSize ? a.States.Mine[(row * a.StateSize) + lane] : 0f;
        float t = a.DrawsTimes != 0
            ? Time(a.Draw.Uniform((uint)RandomPurpose.DiffusionTime, (ulong)(a.FirstRow + row)), a.TimeMin)
            : a.Times.Mine[row];
        double turns = (double)a.Frequencies.Mine[lane & 15] * t;
        float wave = (float)(lane < 16 ? Precise.SinTurns(turns) : Precise.CosTurns(turns));
        int at = row * WarpRow.WarpSize;
        a.Waves.Mine[at + lane] = wave;

        // Every lane works them out, rather than all waiting for one.
        double log = LogAlpha(t, a.BetaMin, a.BetaMax);
        float alpha = (float)Precise.Exp(log), sigma = (float)XMath.Sqrt(-Precise.ExpMinusOne(2.0 * log));
        if (lane == 0)
        {
            a.Coefficients.Mine[2 * row] = alpha;
            a.Coefficients.Mine[(2 * row) + 1] = sigma;
        }

        int feature = Feature(lane), start = row * (WarpRow.WarpSize + a.StateSize);
        float z = a.ConditionBias.Mine[feature] + Product(a.ConditionWeight, wave);
        float sigmoid = Silu.Sigmoid(z);
        a.Slope.Mine[at + feature] = Silu.FirstDerivative(z, sigmoid);
        a.Condition.Mine[start + feature] = z * sigmoid;
        for (int i = lane; i < a.StateSize; i += WarpRow.WarpSize)
        {
            a.Condition.Mine[start + WarpRow.WarpSize + i] = state;
            if (i + WarpRow.WarpSize < a.StateSize)
                state = a.States.Mine[(row * a.StateSize) + i + WarpRow.WarpSize];
        }
    }

    // Row Feature(lane) of C·φ. Eight lanes stand along a row of C, four columns each, so that a warp loads four rows on end;
    // the sums over the eight lanes are handed on as in WarpRow.SumOfFour. C is four times a row of 256.
    private static float Product(ModelView weight, float wave)
    {
        RowShare q01 = RowShare.LoadAnywhere(weight, 0), q23 = RowShare.LoadAnywhere(weight, 1);
        RowShare q45 = RowShare.LoadAnywhere(weight, 2), q67 = RowShare.LoadAnywhere(weight, 3);
        int quad = 4 * (WarpRow.Lane & 7);
        Float4 waves = Float4.Of(Warp.Shuffle(wave, quad), Warp.Shuffle(wave, quad + 1), Warp.Shuffle(wave, quad + 2), Warp.Shuffle(wave, quad + 3));
        float r01 = Hand(q01, waves), r23 = Hand(q23, waves), r45 = Hand(q45, waves), r67 = Hand(q67, waves);
        return Hand(Hand(r01, r23, 2), Hand(r45, r67, 2), 4);
    }

    private static float Hand(RowShare rows, Float4 waves) => Hand((rows.Low * waves).Total, (rows.High * waves).Total, 1);

    private static int Feature(int lane) => (4 * (lane & 7)) + (lane >> 3);

    // A lane with the bit keeps the second and hands on the first; the other way round without it.
    private static float Hand(float first, float second, int bit)
    {
        bool keepsSecond = (WarpRow.Lane & bit) != 0;
        return (keepsSecond ? second : first) + Warp.ShuffleXor(keepsSecond ? first : second, bit);
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
/// From the adjoint of x₀ back through the embedding: SiLU'(Cφ + c)∘(N_eᵀ q). A warp a row, sums over its lanes for four of
/// the 32 features at a time. 2·32·H FLOP and 4(H + 64) bytes a row.
/// </summary>
public static class ConditionAdjoint
{
    /// <summary>The kernel: a grid of ⌈b/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ConditionAdjointArguments a)
    {
        int row = WarpRow.Index, lane = WarpRow.Lane;
        if (row >= a.Rows)
            return;
        float mine = 0f;
        for (int j = 0; j < WarpRow.WarpSize; j += 4)
        {
            float sum = WarpRow.SumOfFour(Products(a, row, j));
            if ((lane & ~3) == j)
                mine = sum;
        }

        int at = (row * WarpRow.WarpSize) + lane;
        a.Adjoint.Mine[at] = a.Slope.Mine[at] * mine;
    }

    // This lane's part of q·N_j for four rows of N.
    private static Float4 Products(ConditionAdjointArguments a, int row, int j)
    {
        if (a.Width == RowShare.Width)
        {
            RowShare q = RowShare.Load(a.BaseAdjoint, row);
            RowShare n0 = RowShare.Load(a.EmbeddingInput, j), n1 = RowShare.Load(a.EmbeddingInput, j + 1);
            RowShare n2 = RowShare.Load(a.EmbeddingInput, j + 2), n3 = RowShare.Load(a.EmbeddingInput, j + 3);
            return Float4.Of((q * n0).Total, (q * n1).Total, (q * n2).Total, (q * n3).Total);
        }

        Float4 sums = default;
        for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
        {
            int at = (j * a.Width) + h;
            var input = a.EmbeddingInput.Mine;
            Float4.AddProduct(ref sums, a.BaseAdjoint.Mine[(row * a.Width) + h], Float4.Of(input[at], input[at + a.Width], input[at + (2 * a.Width)], input[at + (3 * a.Width)]));
        }

        return sums;
    }
}
