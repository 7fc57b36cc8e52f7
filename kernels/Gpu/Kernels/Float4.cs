using System.Runtime.InteropServices;

namespace EDA.Kernels.Gpu;

/// <summary>Four floats that are loaded and stored by one 128-bit instruction where they are aligned.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public struct Float4
{
    /// <summary>The first.</summary>
    public float X;

    /// <summary>The second.</summary>
    public float Y;

    /// <summary>The third.</summary>
    public float Z;

    /// <summary>The fourth.</summary>
    public float W;

    /// <summary>Puts four floats together.</summary>
    /// <param name="x">The first.</param>
    /// <param name="y">The second.</param>
    /// <param name="z">The third.</param>
    /// <param name="w">The fourth.</param>
    /// <returns>The four.</returns>
    public static Float4 Of(float x, float y, float z, float w)
    {
        Float4 values = default;
        values.X = x;
        values.Y = y;
        values.Z = z;
        values.W = w;
        return values;
    }

    /// <summary>sum += factor·values; a multiply-add each on the GPU.</summary>
    /// <param name="sum">Added to.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="values">The values.</param>
    public static void AddProduct(ref Float4 sum, float factor, Float4 values)
    {
        sum.X += factor * values.X;
        sum.Y += factor * values.Y;
        sum.Z += factor * values.Z;
        sum.W += factor * values.W;
    }

    /// <summary>Sums, element by element.</summary>
    /// <param name="left">Four summands.</param>
    /// <param name="right">The other four.</param>
    /// <returns>The four sums.</returns>
    public static Float4 Sum(Float4 left, Float4 right) => Of(left.X + right.X, left.Y + right.Y, left.Z + right.Z, left.W + right.W);

    /// <summary>Products, element by element.</summary>
    /// <param name="left">Four factors.</param>
    /// <param name="right">The other four.</param>
    /// <returns>The four products.</returns>
    public static Float4 Product(Float4 left, Float4 right) => Of(left.X * right.X, left.Y * right.Y, left.Z * right.Z, left.W * right.W);
}
