namespace EDA.Kernels.Gpu;

/// <summary><see cref="ActivationEpilogue"/> into arrays of 16 bits a number: 2nM bytes each.</summary>
public struct HalfActivationEpilogue : ISumsEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Hidden;

    /// <summary>Overwritten [n×M] where Derivatives is at least 1.</summary>
    public ModelView Slope;

    /// <summary>Overwritten [n×M] where Derivatives is 2.</summary>
    public ModelView Curvature;

    /// <summary>[M], in float32.</summary>
    public ModelView Bias;

    /// <summary>How many derivatives are kept: 0, 1 or 2.</summary>
    public int Derivatives;

    /// <inheritdoc/>
    public readonly bool IsAligned => Bias.IsAligned != 0;

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
        quad.StoreHalves(Hidden.All, z * sigma);
        if (Derivatives > 0)
        {
            quad.StoreHalves(
                Slope.All,
                Float4.Of(
                    Silu.FirstDerivative(z.X, sigma.X), Silu.FirstDerivative(z.Y, sigma.Y), Silu.FirstDerivative(z.Z, sigma.Z), Silu.FirstDerivative(z.W, sigma.W)));
        }

        if (Derivatives > 1)
        {
            quad.StoreHalves(
                Curvature.All,
                Float4.Of(
                    Silu.SecondDerivative(z.X, sigma.X), Silu.SecondDerivative(z.Y, sigma.Y), Silu.SecondDerivative(z.Z, sigma.Z), Silu.SecondDerivative(z.W, sigma.W)));
        }
    }
}

/// <summary><see cref="SlopeEpilogue"/> on arrays of 16 bits a number: 4nM bytes, 8nM with a curvature.</summary>
public struct HalfSlopeEpilogue : ISumsEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Output;

    /// <summary>SiLU'(z) [n×M].</summary>
    public ModelView Slope;

    /// <summary>Multiplied by the sum [n×M] where HasCurvature.</summary>
    public ModelView Curvature;

    /// <summary>1 where there is a curvature, 0 where there is none.</summary>
    public int HasCurvature;

    /// <inheritdoc/>
    public readonly bool IsAligned => true;

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
        inputs.First = quad.LoadHalves(Slope.All);
        if (HasCurvature != 0)
            inputs.Second = quad.LoadHalves(Curvature.All);
        return inputs;
    }

    /// <inheritdoc/>
    public readonly void Store(Quad quad, Float4 sums, EpilogueInputs inputs)
    {
        quad.StoreHalves(Output.All, inputs.First * sums);
        if (HasCurvature != 0)
            quad.StoreHalves(Curvature.All, inputs.Second * sums);
    }
}

/// <summary><see cref="AdjointSlopeEpilogue"/> on arrays of 16 bits a number: 6nM bytes.</summary>
public struct HalfAdjointSlopeEpilogue : ISumsEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Output;

    /// <summary>SiLU'(z) [n×M].</summary>
    public ModelView Slope;

    /// <summary>SiLU''·p·ż [n×M].</summary>
    public ModelView Curvature;

    /// <inheritdoc/>
    public readonly bool IsAligned => true;

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
        inputs.First = quad.LoadHalves(Slope.All);
        inputs.Second = quad.LoadHalves(Curvature.All);
        return inputs;
    }

    /// <inheritdoc/>
    public readonly void Store(Quad quad, Float4 sums, EpilogueInputs inputs) => quad.StoreHalves(Output.All, (inputs.First * sums) + inputs.Second);
}
