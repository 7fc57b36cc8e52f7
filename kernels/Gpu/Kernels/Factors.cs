namespace EDA.Kernels.Gpu;

/// <summary>
/// One matrix product left·rightᵀ, both addressed by (row of the product, depth) and (column of the product, depth). Of
/// each one's two strides one is 1: a matrix used as it stands has DepthStride 1, a transposed one RowStride 1.
/// </summary>
public struct Factors
{
    /// <summary>The left matrix; element (i, k) stands at i·LeftRowStride + k·LeftDepthStride.</summary>
    public ArrayView<float> Left;

    /// <summary>The right matrix; element (j, k) stands at j·RightRowStride + k·RightDepthStride.</summary>
    public ArrayView<float> Right;

    /// <summary>From one row of the product to the next.</summary>
    public int LeftRowStride;

    /// <summary>From one k to the next in the left matrix.</summary>
    public int LeftDepthStride;

    /// <summary>From one column of the product to the next.</summary>
    public int RightRowStride;

    /// <summary>From one k to the next in the right matrix.</summary>
    public int RightDepthStride;

    /// <summary>1 where LeftDepthStride is 1, 0 where LeftRowStride is; a constant of the kernel, so that it holds one way only.</summary>
    public int LeftIsAlongDepth;

    /// <summary>The same for the right matrix; a constant where the kernel knows.</summary>
    public int RightIsAlongDepth;

    /// <summary>1 where every fourth element of a row (or column) of the left matrix stands at a multiple of 16 bytes.</summary>
    public int LeftIsAligned;

    /// <summary>The same for the right matrix.</summary>
    public int RightIsAligned;

    /// <summary>The number of products in a sum; 0 for an empty sum.</summary>
    public int Depth;
}
