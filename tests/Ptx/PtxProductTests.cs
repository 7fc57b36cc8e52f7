using EDA.Bench.Ptx;

namespace EDA.Tests.Ptx;

/// <summary>The products' PTX: exact but for the factors' rounding and float32 sums, with equal bits whatever the order of warps.</summary>
[Trait("Device", "ptx")]
public class PtxProductTests
{
    /// <summary>Of a product, relative in norm: its sums are of up to 128 products, each step rounded.</summary>
    public const double Tolerance = 2e-6;

    public static TheoryData<string, int, int, int, bool> Products
    {
        get
        {
            var cases = new TheoryData<string, int, int, int, bool>();
            foreach (string precision in new[] { "fp32", "fp32 small", "tf32", "bf16", "tf32 small", "bf16 small" })
            {
                // Whole tiles, one of each, and edges in the middle of tiles, panels and words, with more than one tile.
                foreach (bool isAlongDepth in new[] { true, false })
                {
                    cases.Add(precision, 64, 64, 32, isAlongDepth);
                    cases.Add(precision, 64, 66, 128, isAlongDepth);
                    cases.Add(precision, 1, 1, 1, isAlongDepth);
                    cases.Add(precision, 67, 70, 36, isAlongDepth);
                    cases.Add(precision, 33, 130, 23, isAlongDepth);
                    cases.Add(precision, 131, 132, 52, isAlongDepth);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void Products_are_those_of_rounded_factors_in_every_order_of_warps(string precision, int rows, int columns, int depth, bool isAlongDepth)
    {
        var product = new PtxProduct(precision, rows, columns, depth, isAlongDepth);
        float[] sums = product.Multiply();
        Assert.InRange(product.Error(sums), 0, Tolerance);
        foreach (var order in new[] { PtxOrder.Reverse, PtxOrder.Shuffled })
            Assert.Equal(sums, product.Multiply(new PtxOptions(order)));
    }
}
