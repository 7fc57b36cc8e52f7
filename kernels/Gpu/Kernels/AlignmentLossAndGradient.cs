namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="GapDifference"/> and <see cref="AlignmentLossAndGradient"/>.</summary>
public struct ObjectiveArguments
{
    /// <summary>f_θ [b×K].</summary>
    public ModelView Policy;

    /// <summary>f_φ [b×K].</summary>
    public ModelView Behavior;

    /// <summary>Δ [b×K]: read where they are given, else overwritten.</summary>
    public ModelView Gaps;

    /// <summary>Q [b×K], unscaled.</summary>
    public ModelView Labels;

    /// <summary>∂L/∂Δ, overwritten [b×K].</summary>
    public ModelView Gradient;

    /// <summary>Each state's loss, overwritten [b].</summary>
    public ModelView Losses;

    /// <summary>b, of this part of the batch.</summary>
    public int States;

    /// <summary>b of the whole batch, by which the gradient is divided.</summary>
    public int BatchStates;

    /// <summary>K.</summary>
    public int Candidates;

    /// <summary>β.</summary>
    public float Temperature;

    /// <summary>q.</summary>
    public float LabelScale;

    /// <summary>1 for the value objective, 0 for preference.</summary>
    public int IsValue;

    /// <summary>1 where Δ is given, 0 where it is f_θ − f_φ.</summary>
    public int GapsAreGiven;
}

/// <summary>Δ = f_θ − f_φ. An item an element; 12 bytes each.</summary>
public static class GapDifference
{
    /// <summary>The kernel: a grid of ⌈bK/128⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(ObjectiveArguments a)
    {
        int i = VectorKernel.Index;
        if (i < a.States * a.Candidates)
            a.Gaps.Mine[i] = a.Policy.Mine[i] - a.Behavior.Mine[i];
    }
}

/// <summary>
/// From the two densities to the alignment loss and its gradient, in one kernel: Δ, softmax and log-softmax of βΔ,
/// softmax of qQ or its winner, cross-entropy, and ∂L/∂Δ = β(softmax(βΔ) − target)/b (Eq. 14-16). A warp a state, in
/// double precision; about 300 FLOP and 16 bytes a candidate.
/// </summary>
public static class AlignmentLossAndGradient
{
    /// <summary>The kernel: a grid of ⌈b/8⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ObjectiveArguments a)
    {
        int state = WarpRow.Index, lane = WarpRow.Lane;
        if (state >= a.States)
            return;
        int start = state * a.Candidates;
        double beta = a.Temperature, labelScale = a.IsValue != 0 ? a.LabelScale : 1.0;
        double largest = -1e300, labelLargest = -1e300;
        for (int k = lane; k < a.Candidates; k += WarpRow.WarpSize)
        {
            if (a.GapsAreGiven == 0)
                a.Gaps.Mine[start + k] = a.Policy.Mine[start + k] - a.Behavior.Mine[start + k];
            largest = Ieee.Maximum(largest, beta * a.Gaps.Mine[start + k]);
            labelLargest = Ieee.Maximum(labelLargest, labelScale * a.Labels.Mine[start + k]);
        }

        largest = WarpRow.Maximum(largest);
        labelLargest = WarpRow.Maximum(labelLargest);

        // The first of equal labels wins: the largest of −k among the best.
        double total = 0, labelTotal = 0, winner = -1e300;
        for (int k = lane; k < a.Candidates; k += WarpRow.WarpSize)
        {
            total += Precise.Exp((beta * a.Gaps.Mine[start + k]) - largest);
            double label = labelScale * a.Labels.Mine[start + k];
            labelTotal += Precise.Exp(label - labelLargest);
            if (label >= labelLargest)
                winner = Ieee.Maximum(winner, -k);
        }

        double logTotal = largest + Precise.Log(WarpRow.Sum(total));
        labelTotal = WarpRow.Sum(labelTotal);
        winner = -WarpRow.Maximum(winner);

        // Labels with NaN among them have no winner: the loss shall be NaN too.
        double others = winner < 1e300 ? 0.0 : double.NaN;
        double loss = 0;
        for (int k = lane; k < a.Candidates; k += WarpRow.WarpSize)
        {
            double logShare = (beta * a.Gaps.Mine[start + k]) - logTotal;
            double target = k == winner ? 1.0 : others;
            if (a.IsValue != 0)
                target = Precise.Exp((labelScale * a.Labels.Mine[start + k]) - labelLargest) / labelTotal;
            loss -= target * logShare;
            a.Gradient.Mine[start + k] = (float)(beta * (Precise.Exp(logShare) - target) / a.BatchStates);
        }

        loss = WarpRow.Sum(loss);
        if (lane == 0)
            a.Losses.Mine[state] = (float)loss;
    }
}
