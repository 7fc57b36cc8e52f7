using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>Products of factors stored with 16 bits, on the stand-in: exact but for float32 sums, in every layout, with edges, in every order of items.</summary>
public class HalfProductTests
{
    [Theory]
    [MemberData(nameof(HalfCase.Layers), MemberType = typeof(HalfCase))]
    public void Layers_are_those_of_rounded_factors(string layout, int rows, int columns, int depth)
    {
        var product = new HalfCase(layout, rows, columns, depth);
        float[] sums = Multiply(ItemOrder.Forward);
        Assert.InRange(product.Error(sums), 0, 1e-6);
        Assert.Equal(sums, Multiply(ItemOrder.Reverse));
        Assert.Equal(sums, Multiply(ItemOrder.Shuffled));

        float[] Multiply(ItemOrder order)
        {
            using var backend = new SoftwareBackend(order);
            using var left = backend.Upload<float>(product.Left);
            using var right = backend.Upload<float>(product.Right);
            using var result = backend.Upload<float>([.. Enumerable.Repeat(float.NaN, rows * columns)]);
            var arguments = new HalfProductArguments<StoreEpilogue>
            {
                Left = View(left),
                Right = View(right),
                LeftStride = product.LeftStride,
                RightStride = product.RightStride,
                Rows = rows,
                Columns = columns,
                Depth = depth,
                Epilogue = new StoreEpilogue { Output = View(result), Bias = View(result) },
            };
            var kernel = backend.Load<HalfProductArguments<StoreEpilogue>>(
                "product", HalfCase.GroupSize, layout == "straight" ? HalfProduct<StraightLayout, StoreEpilogue>.Run : HalfProduct<TransposedLayout, StoreEpilogue>.Run);
            kernel.Launch(new GridSize(HalfCase.Tiles(rows), HalfCase.Tiles(columns)), arguments, default);
            return result.ToArray();
        }
    }

    /// <summary>Both outer products end to end, scaled, added to what was there.</summary>
    [Theory]
    [MemberData(nameof(HalfCase.Gradients), MemberType = typeof(HalfCase))]
    public void Gradients_are_those_of_rounded_factors(int rows, int columns, int depth, bool second)
    {
        HalfCase first = new("gradient", rows, columns, depth), other = new("gradient", rows, columns, depth, 32);
        float[] leftWords = first.Left, rightWords = first.Right, secondLeft = other.Left, secondRight = other.Right;
        using var backend = new SoftwareBackend();
        using var workspace = backend.Upload<float>([.. leftWords, .. rightWords, .. secondLeft, .. secondRight]);
        using var gradient = backend.Upload<float>([.. Enumerable.Repeat(1f, rows * columns)]);
        int secondAt = leftWords.Length + rightWords.Length;
        WeightGradientTile[] tiles =
        [
            .. from row in Enumerable.Range(0, HalfCase.GradientTiles(rows))
               from column in Enumerable.Range(0, HalfCase.GradientTiles(columns))
               select new WeightGradientTile
               {
                   Left = 0,
                   Right = leftWords.Length,
                   SecondLeft = secondAt,
                   SecondRight = secondAt + secondLeft.Length,
                   HasSecond = second ? 1 : 0,
                   Parts = 1,
                   LeftStride = first.LeftStride,
                   RightStride = first.RightStride,
                   Rows = rows,
                   Columns = columns,
                   FirstRow = row * HalfCase.GradientSize,
                   FirstColumn = column * HalfCase.GradientSize,
                   ResultRowStride = columns,
                   ResultColumnStride = 1,
                   IsParameter = 1,
               },
        ];
        using var table = backend.Upload<WeightGradientTile>(tiles);
        backend.Load<WeightGradientArguments>("gradient", HalfCase.GradientGroupSize, HalfGradient.Run).Launch(
            new GridSize(tiles.Length),
            new WeightGradientArguments { Workspace = View(workspace), Gradient = View(gradient), Tiles = table.View, Rows = depth, Accumulates = 1, Scale = 0.25f },
            default);
        double[] expected = [.. first.Expected().Zip(other.Expected(), (a, b) => 1 + (0.25 * (a + (second ? b : 0))))];
        Assert.InRange(ExpandCase.Error(expected, gradient.ToArray()), 0, 1e-6);
    }

    private static ModelView View(GpuArray<float> array) => new() { All = array.View, Length = array.Length, IsAligned = 1 };
}
