namespace EDA.Kernels.Gpu;

/// <summary>How the right factor of a product of <see cref="HalfTile{TLayout}"/> stands in memory: along the depth, or along the product's columns.</summary>
public interface IHalfLayout
{
    /// <summary>Whether neighbours of the right matrix are neighbours of the depth; those of the left one are.</summary>
    bool RightIsAlongDepth { get; }

    /// <summary>Sums += left · right, a panel, by <see cref="HalfCores"/>.</summary>
    void Multiply();
}

/// <summary>A layer: activations [row][depth], weights [column][depth].</summary>
public readonly struct StraightLayout : IHalfLayout
{
    /// <inheritdoc/>
    public bool RightIsAlongDepth => true;

    /// <inheritdoc/>
    public void Multiply() => HalfCores.MultiplyAlongAlong();
}

/// <summary>A transposed layer: activations [row][depth], weights [depth][column].</summary>
public readonly struct TransposedLayout : IHalfLayout
{
    /// <inheritdoc/>
    public bool RightIsAlongDepth => false;

    /// <inheritdoc/>
    public void Multiply() => HalfCores.MultiplyAlongAcross();
}
