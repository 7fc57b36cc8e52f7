namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="MlpHead"/> and <see cref="MlpHeadBackward"/>. The grid's layer is a network of equal ones.</summary>
public struct MlpHeadArguments
{
    /// <summary>The second hidden layer [n×H].</summary>
    public ModelView Hidden;

    /// <summary>W₃ [out×H].</summary>
    public ModelView Weight;

    /// <summary>b₃ [out].</summary>
    public ModelView Bias;

    /// <summary>The output, overwritten [n×out].</summary>
    public ModelView Output;

    /// <summary>∂L/∂output [n×out].</summary>
    public ModelView Seed;

    /// <summary>The adjoint of the second hidden layer before its ReLU, overwritten [n×H].</summary>
    public ModelView Adjoint;

    /// <summary>n.</summary>
    public int Rows;

    /// <summary>H.</summary>
    public int Width;

    /// <summary>out.</summary>
    public int Outputs;

    /// <summary>1 where the output goes through tanh.</summary>
    public int HasTanh;
}

/// <summary>The output layer of a critic's network, with the policy's tanh. A warp a row; 2·out·H FLOP and 4H bytes a row.</summary>
public static class MlpHead
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × networks groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(MlpHeadArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        for (int o = 0; o < a.Outputs; o++)
        {
            float total = 0f;
            for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
                total += a.Hidden.Mine[(row * a.Width) + h] * a.Weight.Mine[(o * a.Width) + h];
            total = WarpRow.Sum(total) + a.Bias.Mine[o];
            if (a.HasTanh != 0)
                total = Precise.Tanh(total);
            if (WarpRow.Lane == 0)
                a.Output.Mine[(row * a.Outputs) + o] = total;
        }
    }
}

/// <summary>Back through the output layer and the second ReLU. A warp a row; 2·out·H FLOP and 8H bytes a row.</summary>
public static class MlpHeadBackward
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ × 1 × networks groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(MlpHeadArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        for (int h = WarpRow.Lane; h < a.Width; h += WarpRow.WarpSize)
        {
            float total = 0f;
            for (int o = 0; o < a.Outputs; o++)
                total += a.Seed.Mine[(row * a.Outputs) + o] * a.Weight.Mine[(o * a.Width) + h];
            a.Adjoint.Mine[(row * a.Width) + h] = a.Hidden.Mine[(row * a.Width) + h] > 0f ? total : 0f;
        }
    }
}
