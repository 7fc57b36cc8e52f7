namespace EDA.Kernels.Gpu;

/// <summary>hidden = max(0, sum + bias). Overwrites 4nM bytes.</summary>
public struct ReluEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Hidden;

    /// <summary>[M].</summary>
    public ModelView Bias;

    /// <summary>M.</summary>
    public int Columns;

    /// <inheritdoc/>
    public readonly void Store(int row, int column, float sum) =>
        Hidden.Mine[(row * Columns) + column] = Ieee.Maximum(sum + Bias.Mine[column], 0f);
}

/// <summary>Backward through ReLU: output = sum where hidden is positive, else 0. 8nM bytes.</summary>
public struct ReluBackwardEpilogue : IEpilogue
{
    /// <summary>Overwritten [n×M].</summary>
    public ModelView Output;

    /// <summary>What the layer gave [n×M].</summary>
    public ModelView Hidden;

    /// <summary>M.</summary>
    public int Columns;

    /// <inheritdoc/>
    public readonly void Store(int row, int column, float sum)
    {
        int at = (row * Columns) + column;
        Output.Mine[at] = Hidden.Mine[at] > 0f ? sum : 0f;
    }
}
