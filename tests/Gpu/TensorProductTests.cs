using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>
/// The products on the tensor cores, on the stand-in: exact but for the factors' rounding and float32 sums, whatever the
/// layout, the alignment and the edges, with equal bits in every order of items and in both sizes of tile.
/// </summary>
public class TensorProductTests
{
    public static TheoryData<string, int, int, int, bool, bool> Products
    {
        get
        {
            var cases = new TheoryData<string, int, int, int, bool, bool>();
            foreach (string product in new[] { "tf32", "bf16", "tf32 small", "bf16 small" })
            {
                // Whole tiles and words; one of each; edges in the middle of tiles, panels and words; more than one tile.
                foreach (bool along in new[] { true, false })
                {
                    cases.Add(product, 64, 64, 32, along, true);
                    cases.Add(product, 1, 1, 1, along, false);
                    cases.Add(product, 67, 70, 36, along, true);
                    cases.Add(product, 33, 50, 23, along, false);
                    cases.Add(product, 131, 132, 52, along, along);
                    cases.Add(product, 132, 136, 52, along, true);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void Products_are_those_of_rounded_factors(string product, int rows, int columns, int depth, bool rightIsAlongDepth, bool aligned)
    {
        var random = new Random(11);
        float[] left = ExpandCase.Values(random, rows * depth, 1), right = ExpandCase.Values(random, columns * depth, 1);
        var expected = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                for (int k = 0; k < depth; k++)
                    expected[(i * columns) + j] += Round(product, left[(i * depth) + k]) * Round(product, right[rightIsAlongDepth ? (j * depth) + k : (k * columns) + j]);
            }
        }

        float[] sums = Multiply(product, ItemOrder.Forward);
        Assert.InRange(ExpandCase.Error(expected, sums), 0, 1e-6);
        if (rows < 128)
        {
            Assert.Equal(Bits(sums), Bits(Multiply(product, ItemOrder.Reverse)));
            Assert.Equal(Bits(sums), Bits(Multiply(product, ItemOrder.Shuffled)));
        }

        if (!product.EndsWith("small", StringComparison.Ordinal))
            Assert.Equal(Bits(sums), Bits(Multiply(product + " small", ItemOrder.Forward)));

        float[] Multiply(string which, ItemOrder order)
        {
            using var backend = new SoftwareBackend(order);

            // Behind the matrices stands NaN: nothing of it may come in.
            int front = aligned ? 4 : 1;
            using var leftArray = Padded(backend, left, front);
            using var rightArray = Padded(backend, right, front);
            using var result = backend.Upload<float>([.. Enumerable.Repeat(float.NaN, rows * columns)]);
            var arguments = new ProductArguments<StoreEpilogue>
            {
                Left = View(leftArray, front, left.Length),
                Right = View(rightArray, front, right.Length),
                LeftRowStride = depth,
                RightRowStride = rightIsAlongDepth ? depth : 1,
                RightDepthStride = rightIsAlongDepth ? 1 : columns,
                Rows = rows,
                Columns = columns,
                Depth = depth,
                Epilogue = new StoreEpilogue { Output = View(result, 0, result.Length), Bias = View(result, 0, 1) },
            };
            switch (which)
            {
                case "tf32":
                    Launch<Tf32Product>(backend, arguments);
                    break;
                case "bf16":
                    Launch<Bf16Product>(backend, arguments);
                    break;
                case "tf32 small":
                    Launch<Tf32SmallProduct>(backend, arguments);
                    break;
                default:
                    Launch<Bf16SmallProduct>(backend, arguments);
                    break;
            }

            return result.ToArray();
        }
    }

    [Theory]
    [InlineData("tf32", 140, 70, 37)]
    [InlineData("bf16", 140, 70, 37)]
    [InlineData("tf32 small", 70, 33, 16)]
    [InlineData("bf16 small", 70, 33, 16)]
    [InlineData("tf32 small", 5, 1, 3)]
    [InlineData("bf16 small", 5, 1, 3)]
    public void Weight_gradients_are_both_outer_products(string product, int rows, int columns, int batch)
    {
        // Four factors, as a workspace holds them: each at a multiple of 64 elements.
        var random = new Random(12);
        int left = 0, right = Room(rows), secondLeft = right + Room(columns), secondRight = secondLeft + Room(rows);
        float[] workspace = ExpandCase.Values(random, secondRight + Room(columns), 1), gradient = ExpandCase.Values(random, rows * columns, 1);
        var expected = new double[rows * columns];
        for (int i = 0; i < expected.Length; i++)
        {
            int row = i / columns, column = i % columns;
            expected[i] = gradient[i];
            for (int k = 0; k < batch; k++)
            {
                expected[i] += Round(product, workspace[left + (k * rows) + row]) * Round(product, workspace[right + (k * columns) + column]);
                expected[i] += Round(product, workspace[secondLeft + (k * rows) + row]) * Round(product, workspace[secondRight + (k * columns) + column]);
            }
        }

        float[] sums = Add(ItemOrder.Forward);
        Assert.InRange(ExpandCase.Error(expected, sums), 0, 1e-6);
        Assert.Equal(Bits(sums), Bits(Add(ItemOrder.Reverse)));
        Assert.Equal(Bits(sums), Bits(Add(ItemOrder.Shuffled)));

        int Room(int width) => ((batch * width) + 63) / 64 * 64;

        float[] Add(ItemOrder order)
        {
            using var backend = new SoftwareBackend(order);
            using var memory = backend.Upload<float>(workspace);
            using var result = backend.Upload<float>(gradient);
            int size = product.EndsWith("small", StringComparison.Ordinal) ? 64 : 128;
            var tiles = new List<WeightGradientTile>();
            for (int row = 0; row < rows; row += size)
            {
                for (int column = 0; column < columns; column += size)
                {
                    tiles.Add(new WeightGradientTile
                    {
                        Left = left,
                        Right = right,
                        SecondLeft = secondLeft,
                        SecondRight = secondRight,
                        HasSecond = 1,
                        Parts = 1,
                        LeftStride = rows,
                        RightStride = columns,
                        Rows = rows,
                        Columns = columns,
                        FirstRow = row,
                        FirstColumn = column,
                        ResultRowStride = columns,
                        ResultColumnStride = 1,
                        IsParameter = 1,
                    });
                }
            }

            using var table = backend.Upload<WeightGradientTile>(tiles.ToArray());
            var arguments = new WeightGradientArguments
            {
                Workspace = View(memory, 0, memory.Length),
                Gradient = View(result, 0, result.Length),
                Tiles = table.View,
                Rows = batch,
                Conditions = 1,
                Accumulates = 1,
                Scale = 1,
            };
            var grid = new GridSize(tiles.Count);
            switch (product)
            {
                case "tf32":
                    backend.Load<WeightGradientArguments>("gradient", default(Tf32Product).GroupSize, WeightGradient<Tf32Product>.Run).Launch(grid, arguments, default);
                    break;
                case "bf16":
                    backend.Load<WeightGradientArguments>("gradient", default(Bf16Product).GroupSize, WeightGradient<Bf16Product>.Run).Launch(grid, arguments, default);
                    break;
                case "tf32 small":
                    backend.Load<WeightGradientArguments>("gradient", default(Tf32SmallProduct).GroupSize, WeightGradient<Tf32SmallProduct>.Run).Launch(grid, arguments, default);
                    break;
                default:
                    backend.Load<WeightGradientArguments>("gradient", default(Bf16SmallProduct).GroupSize, WeightGradient<Bf16SmallProduct>.Run).Launch(grid, arguments, default);
                    break;
            }

            return result.ToArray();
        }
    }

    private static double Round(string product, float value) =>
        product.StartsWith("tf32", StringComparison.Ordinal) ? TensorRoundings.Tf32(value) : TensorRoundings.Bf16(value);

    private static void Launch<TProduct>(SoftwareBackend backend, ProductArguments<StoreEpilogue> arguments)
        where TProduct : struct, IProduct
    {
        TProduct product = default;
        var kernel = backend.Load<ProductArguments<StoreEpilogue>>("product", product.GroupSize, MatrixProduct<TProduct, StoreEpilogue>.Run);
        var grid = new GridSize((arguments.Rows + product.TileRows - 1) / product.TileRows, (arguments.Columns + product.TileColumns - 1) / product.TileColumns);
        kernel.Launch(grid, arguments, default);
    }

    private static GpuArray<float> Padded(SoftwareBackend backend, float[] values, int front) =>
        backend.Upload<float>([.. Enumerable.Repeat(float.NaN, front), .. values, .. Enumerable.Repeat(float.NaN, 8)]);

    private static ModelView View(GpuArray<float> array, long first, long length) =>
        new() { All = array.View.SubView(first, length), Length = length, IsAligned = first % 4 == 0 ? 1 : 0 };

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];
}
