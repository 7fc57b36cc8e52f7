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

    /// <summary>Their sum.</summary>
    public readonly float Total => X + Y + (Z + W);

    /// <summary>Each plus each.</summary>
    public static Float4 operator +(Float4 a, Float4 b) => Of(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    /// <summary>Each times each.</summary>
    public static Float4 operator *(Float4 a, Float4 b) => Of(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    /// <summary>Each plus a number.</summary>
    public static Float4 operator +(Float4 a, float b) => Of(a.X + b, a.Y + b, a.Z + b, a.W + b);

    /// <summary>Each times a number.</summary>
    public static Float4 operator *(Float4 a, float b) => Of(a.X * b, a.Y * b, a.Z * b, a.W * b);

    /// <summary>These where others are positive, and else 0.</summary>
    /// <param name="others">The others.</param>
    /// <returns>The choice.</returns>
    public readonly Float4 WherePositive(Float4 others) =>
        Of(others.X > 0f ? X : 0f, others.Y > 0f ? Y : 0f, others.Z > 0f ? Z : 0f, others.W > 0f ? W : 0f);

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
}
