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

    /// <summary>M.</summary>
    public int Columns;

    /// <summary>An <see cref="ActivationKind"/>.</summary>
    public int Activation;

    /// <summary>1 where the slope is wanted.</summary>
    public int HasSlope;

    /// <inheritdoc/>
    public readonly void Store(int row, int column, float sum)
    {
        int at = (row * Columns) + column;
        Activated result = Gpu.Activation.Invoke(Activation, sum + Bias.Mine[column]);
        Output.Mine[at] = result.Value;
        if (HasSlope != 0)
            Slope.Mine[at] = result.Slope;
    }
}
