namespace EDA.Kernels.Gpu;

/// <summary>z = sum + bias; output = the activation of z, and its slope where it is wanted. Overwrites 4nM bytes each.</summary>
public struct LayerEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Output;

    /// <summary>Overwritten [n×M] where HasSlope.</summary>
    public ModelView Slope;

    /// <summary>[M].</summary>
    public ModelView Bias;

    /// <summary>An <see cref="ActivationKind"/>.</summary>
    public int Activation;

    /// <summary>1 where the slope is wanted.</summary>
    public int HasSlope;

    /// <inheritdoc/>
    public readonly bool IsAligned => Output.IsAligned != 0 && Bias.IsAligned != 0 && (HasSlope == 0 || Slope.IsAligned != 0);

    /// <inheritdoc/>
    public void Begin()
    {
        Output.All = Output.Mine;
        Slope.All = Slope.Mine;
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
        Activated x = Gpu.Activation.Invoke(Activation, z.X);
        Activated y = Gpu.Activation.Invoke(Activation, z.Y);
        Activated u = Gpu.Activation.Invoke(Activation, z.Z);
        Activated v = Gpu.Activation.Invoke(Activation, z.W);
        quad.Store(Output.All, Float4.Of(x.Value, y.Value, u.Value, v.Value));
        if (HasSlope != 0)
            quad.Store(Slope.All, Float4.Of(x.Slope, y.Slope, u.Slope, v.Slope));
    }
}
