namespace EDA.Kernels.Gpu;

/// <summary>How the two factors of a product of <see cref="HalfTile{TLayout}"/> stand in memory: along the depth, or along its rows (columns).</summary>
public interface IHalfLayout
{
    /// <summary>Whether neighbours of the left matrix are neighbours of the depth.</summary>
    bool LeftIsAlongDepth { get; }

    /// <summary>The same of the right matrix.</summary>
    bool RightIsAlongDepth { get; }

    /// <summary>Sums += left · right, a panel, by <see cref="HalfCores"/>.</summary>
    void Multiply();
}

/// <summary>A layer: activations [row][depth], weights [column][depth].</summary>
public readonly struct StraightLayout : IHalfLayout
{
    /// <inheritdoc/>
    public bool LeftIsAlongDepth => true;

    /// <inheritdoc/>
    public bool RightIsAlongDepth => true;

    /// <inheritdoc/>
    public void Multiply() => HalfCores.MultiplyAlongAlong();
}

/// <summary>A transposed layer: activations [row][depth], weights [depth][column].</summary>
public readonly struct TransposedLayout : IHalfLayout
{
    /// <inheritdoc/>
    public bool LeftIsAlongDepth => true;

    /// <inheritdoc/>
    public bool RightIsAlongDepth => false;

    /// <inheritdoc/>
    public void Multiply() => HalfCores.MultiplyAlongAcross();
}

/// <summary>A weight's gradient: both factors [depth][row], the depth being the batch.</summary>
public readonly struct GradientLayout : IHalfLayout
{
    /// <inheritdoc/>
    public bool LeftIsAlongDepth => false;

    /// <inheritdoc/>
    public bool RightIsAlongDepth => false;

    /// <inheritdoc/>
    public void Multiply() => HalfCores.MultiplyAcrossAcross();
}
