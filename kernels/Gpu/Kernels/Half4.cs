using System.Runtime.InteropServices;

namespace EDA.Kernels.Gpu;

/// <summary>Four numbers of 16 bits, 10 of them behind the point, loaded and stored by one 64-bit instruction.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
public struct Half4
{
    /// <summary>The first.</summary>
    public Half X;

    /// <summary>The second.</summary>
    public Half Y;

    /// <summary>The third.</summary>
    public Half Z;

    /// <summary>The fourth.</summary>
    public Half W;

    /// <summary>As floats.</summary>
    public readonly Float4 Wide => Float4.Of((float)X, (float)Y, (float)Z, (float)W);

    /// <summary>The nearest to four floats, halves to even; infinite beyond 65504.</summary>
    /// <param name="values">The floats.</param>
    public static Half4 Of(Float4 values)
    {
        Half4 halves = default;
        halves.X = (Half)values.X;
        halves.Y = (Half)values.Y;
        halves.Z = (Half)values.Z;
        halves.W = (Half)values.W;
        return halves;
    }
}
