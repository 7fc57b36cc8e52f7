namespace EDA.Kernels.Gpu;

/// <summary>output = sum (+ bias).</summary>
public struct StoreEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Output;

    /// <summary>[M]; not looked at unless <see cref="HasBias"/>.</summary>
    public ModelView Bias;

    /// <summary>M.</summary>
    public int Columns;

    /// <summary>1 where there is a bias, 0 where there is none.</summary>
    public int HasBias;

    /// <inheritdoc/>
    public readonly void Store(int row, int column, float sum)
    {
        if (HasBias != 0)
            sum += Bias.Mine[column];
        Output.Mine[(row * Columns) + column] = sum;
    }
}

/// <summary>stream += sum (+ bias): the residual connection. Reads and overwrites the stream, 8nM bytes.</summary>
public struct ResidualEpilogue : IEpilogue
{
    /// <summary>Added to [n×M].</summary>
    public ModelView Stream;

    /// <summary>[M]; not looked at unless <see cref="HasBias"/>.</summary>
    public ModelView Bias;

    /// <summary>M.</summary>
    public int Columns;

    /// <summary>1 where there is a bias, 0 where there is none.</summary>
    public int HasBias;

    /// <inheritdoc/>
    public readonly void Store(int row, int column, float sum)
    {
        if (HasBias != 0)
            sum += Bias.Mine[column];
        Stream.Mine[(row * Columns) + column] += sum;
    }
}

/// <summary>
/// z = sum + bias; hidden = SiLU(z), slope = SiLU'(z), curvature = SiLU''(z), the last two where they are wanted.
/// Overwrites 4nM bytes each.
/// </summary>
public struct ActivationEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Hidden;

    /// <summary>Overwritten [n×M] where Derivatives is at least 1.</summary>
    public ModelView Slope;

    /// <summary>Overwritten [n×M] where Derivatives is 2.</summary>
    public ModelView Curvature;

    /// <summary>[M].</summary>
    public ModelView Bias;

    /// <summary>M.</summary>
    public int Columns;

    /// <summary>How many derivatives are kept: 0, 1 or 2.</summary>
    public int Derivatives;

    /// <inheritdoc/>
    public readonly void Store(int row, int column, float sum)
    {
        int at = (row * Columns) + column;
        float z = sum + Bias.Mine[column];
        float sigma = Silu.Sigmoid(z);
        Hidden.Mine[at] = z * sigma;
        if (Derivatives > 0)
            Slope.Mine[at] = Silu.FirstDerivative(z, sigma);
        if (Derivatives > 1)
            Curvature.Mine[at] = Silu.SecondDerivative(z, sigma);
    }
}

/// <summary>
/// Backward or tangent through SiLU: output = slope·sum; with a curvature, curvature ← curvature·sum, which after both
/// passes is SiLU''·p·ż, the second-order term of the adjoint pass. 8nM bytes, 16nM with a curvature.
/// </summary>
public struct SlopeEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Output;

    /// <summary>SiLU'(z) [n×M].</summary>
    public ModelView Slope;

    /// <summary>Multiplied by the sum [n×M] where HasCurvature.</summary>
    public ModelView Curvature;

    /// <summary>M.</summary>
    public int Columns;

    /// <summary>1 where there is a curvature, 0 where there is none.</summary>
    public int HasCurvature;

    /// <inheritdoc/>
    public readonly void Store(int row, int column, float sum)
    {
        int at = (row * Columns) + column;
        Output.Mine[at] = Slope.Mine[at] * sum;
        if (HasCurvature != 0)
            Curvature.Mine[at] *= sum;
    }
}

/// <summary>The adjoint pass through SiLU: output = slope·sum + curvature, the latter as two slope epilogues left it. 12nM bytes.</summary>
public struct AdjointSlopeEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Output;

    /// <summary>SiLU'(z) [n×M].</summary>
    public ModelView Slope;

    /// <summary>SiLU''·p·ż [n×M].</summary>
    public ModelView Curvature;

    /// <summary>M.</summary>
    public int Columns;

    /// <inheritdoc/>
    public readonly void Store(int row, int column, float sum)
    {
        int at = (row * Columns) + column;
        Output.Mine[at] = (Slope.Mine[at] * sum) + Curvature.Mine[at];
    }
}
