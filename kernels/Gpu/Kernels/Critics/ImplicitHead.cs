namespace EDA.Kernels.Gpu;

/// <summary>The output layers of equal networks of one output, and the way back through them.</summary>
public struct CriticHead
{
    /// <summary>The second hidden layer [n×H] each.</summary>
    public ModelView Hidden;

    /// <summary>W₃ [H] each; not always aligned.</summary>
    public ModelView Weight;

    /// <summary>b₃ [1] each.</summary>
    public ModelView Bias;

    /// <summary>∂L/∂output, overwritten [n] each.</summary>
    public ModelView Seed;

    /// <summary>The adjoint of the second hidden layer before its ReLU, overwritten [n×H] each.</summary>
    public ModelView Adjoint;

    /// <summary>This lane's share of W₃.</summary>
    /// <param name="network">The network.</param>
    /// <returns>The share.</returns>
    public readonly RowShare Weights(int network) => RowShare.Elements(Weight.Of(network), 0);

    /// <summary>This lane's part of W₃·hidden.</summary>
    /// <param name="network">The network.</param>
    /// <param name="row">The row.</param>
    /// <param name="width">H.</param>
    /// <returns>The part.</returns>
    public readonly float Part(int network, int row, int width)
    {
        float total = 0f;
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
            total += Hidden.Of(network)[(row * width) + h] * Weight.Of(network)[h];
        return total;
    }

    /// <summary>Back through W₃ and the ReLU.</summary>
    /// <param name="network">The network.</param>
    /// <param name="row">The row.</param>
    /// <param name="width">H.</param>
    /// <param name="seed">∂L/∂output.</param>
    public readonly void Back(int network, int row, int width, float seed)
    {
        for (int h = WarpRow.Lane; h < width; h += WarpRow.WarpSize)
        {
            int at = (row * width) + h;
            float gradient = seed * Weight.Of(network)[h];
            Adjoint.Of(network)[at] = Hidden.Of(network)[at] > 0f ? gradient : 0f;
        }
    }
}

/// <summary>The arguments of <see cref="ImplicitHead"/>.</summary>
public struct ImplicitHeadArguments
{
    /// <summary>V of s, then of s' [2n].</summary>
    public CriticHead Value;

    /// <summary>Q̄₁ and Q̄₂ of (s, a); nothing goes back through them.</summary>
    public CriticHead Target;

    /// <summary>Q₁ and Q₂ of (s, a).</summary>
    public CriticHead Twin;

    /// <summary>r and γ(1 − d) [n×2].</summary>
    public ArrayView<float> Returns;

    /// <summary>Each row's losses, at the places of <see cref="CriticLosses"/>, overwritten [n×4].</summary>
    public ArrayView<float> Losses;

    /// <summary>n, of this part of the batch.</summary>
    public int Rows;

    /// <summary>n of the whole batch, by which gradients are divided.</summary>
    public int BatchRows;

    /// <summary>H.</summary>
    public int Width;

    /// <summary>τ.</summary>
    public float Expectile;
}

/// <summary>The slopes of a row's losses.</summary>
public struct ImplicitSlopes
{
    /// <summary>∂L/∂V(s).</summary>
    public float Value;

    /// <summary>∂L/∂Q₁.</summary>
    public float First;

    /// <summary>∂L/∂Q₂.</summary>
    public float Second;
}

/// <summary>
/// Implicit Q-learning from the second hidden layers to their adjoints: the output layers of V, the target twins and the
/// twins, V's expectile loss and the twins' squared errors, and back through the output layers and the ReLU before them. A
/// warp a row: 18H FLOP and 36H bytes.
/// </summary>
public static class ImplicitHead
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ImplicitHeadArguments a)
    {
        int row = WarpRow.Index;
        if (row >= a.Rows)
            return;
        if (a.Width == RowShare.Width)
            Whole(a, row);
        else
            AnyWidth(a, row);
    }

    private static void Whole(ImplicitHeadArguments a, int row)
    {
        RowShare value = RowShare.Load(a.Value.Hidden.QuadsOf(0), row), next = RowShare.Load(a.Value.Hidden.QuadsOf(0), a.Rows + row);
        RowShare target1 = RowShare.Load(a.Target.Hidden.QuadsOf(0), row), target2 = RowShare.Load(a.Target.Hidden.QuadsOf(1), row);
        RowShare twin1 = RowShare.Load(a.Twin.Hidden.QuadsOf(0), row), twin2 = RowShare.Load(a.Twin.Hidden.QuadsOf(1), row);
        RowShare valueWeight = a.Value.Weights(0), weight1 = a.Twin.Weights(0), weight2 = a.Twin.Weights(1);
        float q1 = (twin1 * weight1).Total, q2 = (twin2 * weight2).Total;
        var slopes = Slopes(
            a, row,
            Float4.Of((value * valueWeight).Total, (next * valueWeight).Total, (target1 * a.Target.Weights(0)).Total, (target2 * a.Target.Weights(1)).Total),
            q1, q2);
        (valueWeight * slopes.Value).WherePositive(value).Store(a.Value.Adjoint.QuadsOf(0), row);
        (weight1 * slopes.First).WherePositive(twin1).Store(a.Twin.Adjoint.QuadsOf(0), row);
        (weight2 * slopes.Second).WherePositive(twin2).Store(a.Twin.Adjoint.QuadsOf(1), row);
    }

    private static void AnyWidth(ImplicitHeadArguments a, int row)
    {
        var slopes = Slopes(
            a, row,
            Float4.Of(a.Value.Part(0, row, a.Width), a.Value.Part(0, a.Rows + row, a.Width), a.Target.Part(0, row, a.Width), a.Target.Part(1, row, a.Width)),
            a.Twin.Part(0, row, a.Width), a.Twin.Part(1, row, a.Width));
        a.Value.Back(0, row, a.Width, slopes.Value);
        a.Twin.Back(0, row, a.Width, slopes.First);
        a.Twin.Back(1, row, a.Width, slopes.Second);
    }

    // From the lanes' parts of V(s), V(s'), Q̄₁, Q̄₂, and of Q₁ and Q₂.
    private static ImplicitSlopes Slopes(ImplicitHeadArguments a, int row, Float4 parts, float first, float second)
    {
        float sums = WarpRow.SumOfFour(parts);
        WarpRow.Sum(ref first, ref second);
        float valueBias = a.Value.Bias.Of(0)[0];
        float value = Warp.Shuffle(sums, 0) + valueBias, next = Warp.Shuffle(sums, 1) + valueBias;
        float target = Ieee.Minimum(Warp.Shuffle(sums, 2) + a.Target.Bias.Of(0)[0], Warp.Shuffle(sums, 3) + a.Target.Bias.Of(1)[0]);
        float error = target - value;
        float weight = error < 0f ? 1f - a.Expectile : a.Expectile;
        float wanted = a.Returns[2 * row] + (a.Returns[(2 * row) + 1] * next);
        first += a.Twin.Bias.Of(0)[0] - wanted;
        second += a.Twin.Bias.Of(1)[0] - wanted;
        ImplicitSlopes slopes = default;
        slopes.Value = -2f * weight * error / a.BatchRows;
        slopes.First = first / a.BatchRows;
        slopes.Second = second / a.BatchRows;
        if (WarpRow.Lane == 0)
        {
            int at = CriticLosses.Count * row;
            a.Losses[at + CriticLosses.Q] = (0.5f * first * first) + (0.5f * second * second);
            a.Losses[at + CriticLosses.NextValue] = next;
            a.Losses[at + CriticLosses.Value] = weight * error * error;
            a.Value.Seed.Of(0)[row] = slopes.Value;
            a.Twin.Seed.Of(0)[row] = slopes.First;
            a.Twin.Seed.Of(1)[row] = slopes.Second;
        }

        return slopes;
    }
}
