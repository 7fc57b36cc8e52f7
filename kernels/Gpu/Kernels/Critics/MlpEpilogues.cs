namespace EDA.Kernels.Gpu;

/// <summary>hidden = max(0, sum + bias). Overwrites 4nM bytes.</summary>
public struct ReluEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Hidden;

    /// <summary>[M].</summary>
    public ModelView Bias;

    /// <inheritdoc/>
    public readonly bool IsAligned => Hidden.IsAligned != 0 && Bias.IsAligned != 0;

    /// <inheritdoc/>
    public void Begin()
    {
        Hidden.All = Hidden.Mine;
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
        quad.Store(Hidden.All, Float4.Of(Ieee.Maximum(z.X, 0f), Ieee.Maximum(z.Y, 0f), Ieee.Maximum(z.Z, 0f), Ieee.Maximum(z.W, 0f)));
    }
}

/// <summary>Backward through ReLU: output = sum where hidden is positive, else 0. 8nM bytes.</summary>
public struct ReluBackwardEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Output;

    /// <summary>What the layer gave [n×M].</summary>
    public ModelView Hidden;

    /// <inheritdoc/>
    public readonly bool IsAligned => Output.IsAligned != 0 && Hidden.IsAligned != 0;

    /// <inheritdoc/>
    public void Begin()
    {
        Output.All = Output.Mine;
        Hidden.All = Hidden.Mine;
    }

    /// <inheritdoc/>
    public readonly EpilogueInputs Load(Quad quad)
    {
        EpilogueInputs inputs = default;
        inputs.First = quad.Load(Hidden.All);
        return inputs;
    }

    /// <inheritdoc/>
    public readonly void Store(Quad quad, Float4 sums, EpilogueInputs inputs)
    {
        Float4 hidden = inputs.First;
        quad.Store(
            Output.All,
            Float4.Of(hidden.X > 0f ? sums.X : 0f, hidden.Y > 0f ? sums.Y : 0f, hidden.Z > 0f ? sums.Z : 0f, hidden.W > 0f ? sums.W : 0f));
    }
}
