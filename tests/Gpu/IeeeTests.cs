using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>The larger and the smaller of two: as IEEE 754-2019 has them, and as a GPU has them.</summary>
public class IeeeTests
{
    private static readonly float[] Values = [float.NaN, float.NegativeInfinity, -2, -float.Epsilon, 0, 1, 3e38f, float.PositiveInfinity];

    [Fact]
    public void NaN_passes_and_numbers_are_compared()
    {
        foreach (float a in Values)
        {
            foreach (float b in Values)
            {
                Assert.Equal(MathF.Max(a, b), Ieee.Maximum(a, b));
                Assert.Equal(MathF.Min(a, b), Ieee.Minimum(a, b));
                Assert.Equal(Math.Max((double)a, b), Ieee.Maximum((double)a, b));
                Assert.Equal(Math.Min((double)a, b), Ieee.Minimum((double)a, b));
            }
        }
    }

    [Fact]
    public void Of_equal_ones_it_is_the_second_so_that_relu_has_no_negative_zero()
    {
        Assert.Equal(0u, BitConverter.SingleToUInt32Bits(Ieee.Maximum(-0f, 0f)));
        Assert.Equal(0u, BitConverter.SingleToUInt32Bits(Ieee.Minimum(-0f, 0f)));
    }

    [Fact]
    public void The_stand_in_hides_NaN_as_a_gpu_does()
    {
        Assert.Equal((0, 0), (XMath.Max(float.NaN, 0), XMath.Max(0, float.NaN)));
        Assert.Equal((7, 7), (XMath.Min(float.NaN, 7), XMath.Min(7, float.NaN)));
        Assert.True(float.IsNaN(XMath.Max(float.NaN, float.NaN)));
    }
}
