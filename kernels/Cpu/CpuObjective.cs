namespace EDA.Kernels.Cpu;

/// <summary>The alignment losses of one state and their gradient with respect to its gaps.</summary>
internal static unsafe class CpuObjective
{
    /// <summary>
    /// With s = softmax(βΔ): value loss −Σ_k π_k log s_k, π = softmax(qQ), gradient β(s − π)/b; preference loss
    /// −log s_w, gradient β(s − 1_w)/b.
    /// </summary>
    /// <param name="objective">The loss and its constants.</param>
    /// <param name="gaps">Δ [K].</param>
    /// <param name="labels">Q [K].</param>
    /// <param name="count">K.</param>
    /// <param name="states">b, by which the gradient is divided.</param>
    /// <param name="gradient">∂L/∂Δ [K].</param>
    /// <returns>The state's loss, not divided by b.</returns>
    public static double State(in AlignmentObjective objective, float* gaps, float* labels, int count, int states, float* gradient)
    {
        double beta = objective.Temperature;
        bool value = objective.Loss == AlignmentLoss.Value;
        double labelScale = value ? objective.LabelScale : 1;
        int winner = 0;
        double unknown = 0;
        double largest = double.NegativeInfinity;
        for (int k = 0; k < count; k++)
        {
            largest = Math.Max(largest, beta * gaps[k]);
            if (labels[k] > labels[winner])
                winner = k;

            // Of labels with NaN among them none is the highest: the loss shall be NaN too.
            if (float.IsNaN(labels[k]))
                unknown = double.NaN;
        }

        double total = 0, labelTotal = 0, labelLargest = labelScale * labels[winner];
        for (int k = 0; k < count; k++)
        {
            total += Math.Exp((beta * gaps[k]) - largest);
            if (value)
                labelTotal += Math.Exp((labelScale * labels[k]) - labelLargest);
        }

        double logTotal = largest + Math.Log(total);
        double loss = 0;
        for (int k = 0; k < count; k++)
        {
            double logShare = (beta * gaps[k]) - logTotal;
            double target = value ? Math.Exp((labelScale * labels[k]) - labelLargest) / labelTotal : unknown + (k == winner ? 1 : 0);
            loss -= target * logShare;
            gradient[k] = (float)(beta * (Math.Exp(logShare) - target) / states);
        }

        return loss;
    }
}
