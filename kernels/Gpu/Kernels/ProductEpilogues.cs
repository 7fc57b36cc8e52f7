namespace EDA.Kernels.Gpu;

/// <summary>output = sum (+ bias).</summary>
public struct StoreEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Output;

    /// <summary>[M]; not looked at unless <see cref="HasBias"/>.</summary>
    public ModelView Bias;

    /// <summary>1 where there is a bias, 0 where there is none.</summary>
    public int HasBias;

    /// <inheritdoc/>
    public readonly bool IsAligned => Output.IsAligned != 0 && (HasBias == 0 || Bias.IsAligned != 0);

    /// <inheritdoc/>
    public void Begin()
    {
        Output.All = Output.Mine;
        Bias.All = Bias.Mine;
    }

    /// <inheritdoc/>
    public readonly EpilogueInputs Load(Quad quad)
    {
        EpilogueInputs inputs = default;
        if (HasBias != 0)
            inputs.First = quad.LoadColumns(Bias.All);
        return inputs;
    }

    /// <inheritdoc/>
    public readonly void Store(Quad quad, Float4 sums, EpilogueInputs inputs) => quad.Store(Output.All, sums + inputs.First);
}

/// <summary>stream += sum (+ bias): the residual connection. Reads and overwrites the stream, 8nM bytes.</summary>
public struct ResidualEpilogue : IEpilogue
{
    /// <summary>Added to [n×M].</summary>
    public ModelView Stream;

    /// <summary>[M]; not looked at unless <see cref="HasBias"/>.</summary>
    public ModelView Bias;

    /// <summary>1 where there is a bias, 0 where there is none.</summary>
    public int HasBias;

    /// <inheritdoc/>
    public readonly bool IsAligned => Stream.IsAligned != 0 && (HasBias == 0 || Bias.IsAligned != 0);

    /// <inheritdoc/>
    public void Begin()
    {
        Stream.All = Stream.Mine;
        Bias.All = Bias.Mine;
    }

    /// <inheritdoc/>
    public readonly EpilogueInputs Load(Quad quad)
    {
        EpilogueInputs inputs = default;
        inputs.First = quad.Load(Stream.All);
        if (HasBias != 0)
            inputs.Second = quad.LoadColumns(Bias.All);
        return inputs;
    }

    /// <inheritdoc/>
    public readonly void Store(Quad quad, Float4 sums, EpilogueInputs inputs) =>
        quad.Store(Stream.All, inputs.First + (sums + inputs.Second));
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

    /// <summary>How many derivatives are kept: 0, 1 or 2.</summary>
    public int Derivatives;

    /// <inheritdoc/>
    public readonly bool IsAligned =>
        Hidden.IsAligned != 0 && Bias.IsAligned != 0 && (Derivatives < 1 || Slope.IsAligned != 0) && (Derivatives < 2 || Curvature.IsAligned != 0);

    /// <inheritdoc/>
    public void Begin()
    {
        Hidden.All = Hidden.Mine;
        Slope.All = Slope.Mine;
        Curvature.All = Curvature.Mine;
        Bias.All = Bias.Mine;
    }

    /// <inheritdoc/>
    public readonly EpilogueInputs Load(Quad quad)
    {
        EpilogueInputs inputs = default;
        inputs.First = quad.LoadColumns(Bias.All);
        return inputs;
    }

    /// <inheritdoc/>
    public readonly void Store(Quad quad, Float4 sums, EpilogueInputs inputs)
    {
        Float4 z = sums + inputs.First;
        Float4 sigma = Float4.Of(Silu.Sigmoid(z.X), Silu.Sigmoid(z.Y), Silu.Sigmoid(z.Z), Silu.Sigmoid(z.W));
        quad.Store(Hidden.All, z * sigma);
        if (Derivatives > 0)
        {
            quad.Store(
                Slope.All,
                Float4.Of(
                    Silu.FirstDerivative(z.X, sigma.X), Silu.FirstDerivative(z.Y, sigma.Y), Silu.FirstDerivative(z.Z, sigma.Z), Silu.FirstDerivative(z.W, sigma.W)));
        }

        if (Derivatives > 1)
        {
            quad.Store(
                Curvature.All,
                Float4.Of(
                    Silu.SecondDerivative(z.X, sigma.X), Silu.SecondDerivative(z.Y, sigma.Y), Silu.SecondDerivative(z.Z, sigma.Z), Silu.SecondDerivative(z.W, sigma.W)));
        }
    }
}

/// <summary>
/// Backward or tangent through SiLU: output = slope·sum; with a curvature, curvature ← curvature·sum, which after both
/// passes is SiLU''·p·ż, the second-order term of the adjoint pass. 8nM bytes, 16nM with a curvature.
/// </summary>
public struct SlopeEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M]; may be the slope's array.</summary>
    public ModelView Output;

    /// <summary>SiLU'(z) [n×M].</summary>
    public ModelView Slope;

    /// <summary>Multiplied by the sum [n×M] where HasCurvature.</summary>
    public ModelView Curvature;

    /// <summary>1 where there is a curvature, 0 where there is none.</summary>
    public int HasCurvature;

    /// <inheritdoc/>
    public readonly bool IsAligned => Output.IsAligned != 0 && Slope.IsAligned != 0 && (HasCurvature == 0 || Curvature.IsAligned != 0);

    /// <inheritdoc/>
    public void Begin()
    {
        Output.All = Output.Mine;
        Slope.All = Slope.Mine;
        Curvature.All = Curvature.Mine;
    }

    /// <inheritdoc/>
    public readonly EpilogueInputs Load(Quad quad)
    {
        EpilogueInputs inputs = default;
        inputs.First = quad.Load(Slope.All);
        if (HasCurvature != 0)
            inputs.Second = quad.Load(Curvature.All);
        return inputs;
    }

    /// <inheritdoc/>
    public readonly void Store(Quad quad, Float4 sums, EpilogueInputs inputs)
    {
        quad.Store(Output.All, inputs.First * sums);
        if (HasCurvature != 0)
            quad.Store(Curvature.All, inputs.Second * sums);
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

    /// <inheritdoc/>
    public readonly bool IsAligned => Output.IsAligned != 0 && Slope.IsAligned != 0 && Curvature.IsAligned != 0;

    /// <inheritdoc/>
    public void Begin()
    {
        Output.All = Output.Mine;
        Slope.All = Slope.Mine;
        Curvature.All = Curvature.Mine;
    }

    /// <inheritdoc/>
    public readonly EpilogueInputs Load(Quad quad)
    {
        EpilogueInputs inputs = default;
        inputs.First = quad.Load(Slope.All);
        inputs.Second = quad.Load(Curvature.All);
        return inputs;
    }

    /// <inheritdoc/>
    public readonly void Store(Quad quad, Float4 sums, EpilogueInputs inputs) =>
        quad.Store(Output.All, (inputs.First * sums) + inputs.Second);
}
