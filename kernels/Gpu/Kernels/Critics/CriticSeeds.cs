namespace EDA.Kernels.Gpu;

/// <summary>The arguments of the kernels that turn a critic's outputs into losses and ∂L/∂outputs.</summary>
public struct CriticSeedArguments
{
    /// <summary>r and γ(1 − d) [n×2].</summary>
    public ArrayView<float> Returns;

    /// <summary>V(s) [n].</summary>
    public ArrayView<float> Values;

    /// <summary>Q̄₁, then Q̄₂, of (s, a), or of the sampled next actions [2×].</summary>
    public ArrayView<float> Targets;

    /// <summary>Q₁(s, a), then Q₂(s, a) [2×].</summary>
    public ArrayView<float> Twins;

    /// <summary>The policy's outputs before tanh [n×A].</summary>
    public ArrayView<float> Outputs;

    /// <summary>[a; s], for the actions [n×(A+S)].</summary>
    public ArrayView<float> Inputs;

    /// <summary>∂L/∂Q₁ and ∂L/∂Q₂, overwritten [2×].</summary>
    public ArrayView<float> TwinSeed;

    /// <summary>∂L/∂outputs, overwritten [n×A].</summary>
    public ArrayView<float> OutputSeed;

    /// <summary>Each row's losses, at the places of <see cref="CriticLosses"/>, overwritten [n×4].</summary>
    public ArrayView<float> Losses;

    /// <summary>From the first twin's numbers to the second's in Twins and TwinSeed.</summary>
    public int TwinStride;

    /// <summary>The same in Targets.</summary>
    public int TargetStride;

    /// <summary>n, of this part of the batch.</summary>
    public int Rows;

    /// <summary>n of the whole batch, by which gradients are divided.</summary>
    public int BatchRows;

    /// <summary>K.</summary>
    public int Candidates;

    /// <summary>A.</summary>
    public int ActionSize;

    /// <summary>S.</summary>
    public int StateSize;

    /// <summary>α of the softmax backup.</summary>
    public float InverseTemperature;

    /// <summary>The factor on the advantage.</summary>
    public float Temperature;

    /// <summary>The largest weight.</summary>
    public float Cap;

    /// <summary>The twins' losses and seeds against r + γ(1 − d)V(s').</summary>
    /// <param name="row">The row.</param>
    /// <param name="next">V(s').</param>
    public readonly void SeedTwins(int row, float next)
    {
        float wanted = Returns[2 * row] + (Returns[(2 * row) + 1] * next);
        float first = Twins[row] - wanted, second = Twins[TwinStride + row] - wanted;
        Losses[(CriticLosses.Count * row) + CriticLosses.Q] = (0.5f * first * first) + (0.5f * second * second);
        Losses[(CriticLosses.Count * row) + CriticLosses.NextValue] = next;
        TwinSeed[row] = first / BatchRows;
        TwinSeed[TwinStride + row] = second / BatchRows;
    }
}

/// <summary>
/// A backup over K sampled next actions, V(s') = Σ_k softmax_k(αQ̄)Q̄ in double precision, and the twins' squared errors with
/// their slopes. An item a row; about 40K FLOP and 8K + 36 bytes each.
/// </summary>
public static class SampledSeed
{
    /// <summary>The kernel: a grid of ⌈n/128⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(CriticSeedArguments a)
    {
        int row = VectorKernel.Index;
        if (row >= a.Rows)
            return;
        float largest = Label(a, row, 0);
        for (int k = 1; k < a.Candidates; k++)
            largest = Ieee.Maximum(largest, Label(a, row, k));
        double total = 0, weighted = 0;
        for (int k = 0; k < a.Candidates; k++)
        {
            float label = Label(a, row, k);
            double weight = Precise.Exp(a.InverseTemperature * ((double)label - largest));
            total += weight;
            weighted += weight * label;
        }

        a.SeedTwins(row, (float)(weighted / total));
    }

    private static float Label(CriticSeedArguments a, int row, int k)
    {
        int at = (row * a.Candidates) + k;
        return Ieee.Minimum(a.Targets[at], a.Targets[a.TargetStride + at]);
    }
}

/// <summary>
/// Advantage-weighted regression: w = min(e^{temperature·(Q̄ − V)}, cap), loss w‖π − a‖², and with π = tanh(o) its slope
/// 2w(π − a)(1 − π²)/n. An item a row; about 60A FLOP and 12A + 20 bytes each.
/// </summary>
public static class AdvantageSeed
{
    /// <summary>The kernel: a grid of ⌈n/128⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(CriticSeedArguments a)
    {
        int row = VectorKernel.Index;
        if (row >= a.Rows)
            return;
        double advantage = (double)Ieee.Minimum(a.Targets[row], a.Targets[a.TargetStride + row]) - a.Values[row];
        // Beyond 700 the exponential would overflow; the cap holds long before.
        float weight = (float)Ieee.Minimum(Precise.Exp(Ieee.Minimum(a.Temperature * advantage, 700.0)), (double)a.Cap);
        float distance = 0f;
        for (int i = 0; i < a.ActionSize; i++)
        {
            float action = Precise.Tanh(a.Outputs[(row * a.ActionSize) + i]);
            float error = action - a.Inputs[(row * (a.ActionSize + a.StateSize)) + i];
            distance += error * error;
            a.OutputSeed[(row * a.ActionSize) + i] = 2f * weight * error * (1f - (action * action)) / a.BatchRows;
        }

        a.Losses[(CriticLosses.Count * row) + CriticLosses.Policy] = weight * distance;
    }
}
