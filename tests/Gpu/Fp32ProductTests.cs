using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>
/// The products in float32, on the stand-in: right whatever the layout, the alignment and the edges, with equal bits in every
/// order of items and in both sizes of tile.
/// </summary>
public class Fp32ProductTests
{
    public static TheoryData<int, int, int, bool, bool> Products
    {
        get
        {
            var cases = new TheoryData<int, int, int, bool, bool>();

            // Whole tiles and panels; one of each; edges in the middle of tiles, panels and words; more than one tile.
            foreach (bool along in new[] { true, false })
            {
                cases.Add(64, 64, 128, along, true);
                cases.Add(64, 128, 64, along, false);
                cases.Add(1, 1, 1, along, false);
                cases.Add(67, 70, 36, along, true);
                cases.Add(33, 50, 23, along, false);
                cases.Add(131, 132, 100, along, along);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void Products_have_the_same_bits_in_both_tiles(int rows, int columns, int depth, bool rightIsAlongDepth, bool aligned)
    {
        var random = new Random(13);
        float[] left = ExpandCase.Values(random, rows * depth, 1), right = ExpandCase.Values(random, columns * depth, 1);
        var expected = new double[rows * columns];
        for (int i = 0; i < expected.Length; i++)
        {
            int row = i / columns, column = i % columns;
            for (int k = 0; k < depth; k++)
                expected[i] += (double)left[(row * depth) + k] * right[rightIsAlongDepth ? (column * depth) + k : (k * columns) + column];
        }

        float[] sums = Multiply<Fp32Product>(ItemOrder.Forward);
        Assert.InRange(ExpandCase.Error(expected, sums), 0, 1e-6);
        Assert.Equal(Bits(sums), Bits(Multiply<Fp32Product>(ItemOrder.Shuffled)));
        foreach (var order in Enum.GetValues<ItemOrder>())
            Assert.Equal(Bits(sums), Bits(Multiply<Fp32SmallProduct>(order)));

        float[] Multiply<TProduct>(ItemOrder order)
            where TProduct : struct, IProduct
        {
            using var backend = new SoftwareBackend(order);

            // Around the matrices stands NaN: nothing of it may come in.
            int rightFront = aligned ? 4 : 1;
            using var leftArray = Padded(backend, left, 4);
            using var rightArray = Padded(backend, right, rightFront);
            using var result = backend.Upload<float>([.. Enumerable.Repeat(float.NaN, rows * columns)]);
            TProduct product = default;
            backend.Load<ProductArguments<StoreEpilogue>>("product", product.GroupSize, MatrixProduct<TProduct, StoreEpilogue>.Run).Launch(
                new GridSize((rows + product.TileRows - 1) / product.TileRows, (columns + product.TileColumns - 1) / product.TileColumns),
                new ProductArguments<StoreEpilogue>
                {
                    Left = View(leftArray, 4, left.Length),
                    Right = View(rightArray, rightFront, right.Length),
                    LeftRowStride = depth,
                    RightRowStride = rightIsAlongDepth ? depth : 1,
                    RightDepthStride = rightIsAlongDepth ? 1 : columns,
                    Rows = rows,
                    Columns = columns,
                    Depth = depth,
                    Epilogue = new StoreEpilogue { Output = View(result, 0, result.Length), Bias = View(result, 0, 1) },
                },
                default);
            return result.ToArray();
        }
    }

    [Theory]
    [InlineData(64, 64, 64)]
    [InlineData(64, 32, 37)]
    [InlineData(70, 33, 100)]
    [InlineData(5, 1, 3)]
    public void Weight_gradients_are_both_outer_products(int rows, int columns, int batch)
    {
        // Four factors, as a workspace holds them: each at a multiple of 64 elements.
        var random = new Random(14);
        int right = Room(rows), secondLeft = right + Room(columns), secondRight = secondLeft + Room(rows);
        float[] workspace = ExpandCase.Values(random, secondRight + Room(columns), 1), gradient = ExpandCase.Values(random, rows * columns, 1);
        var expected = new double[rows * columns];
        for (int i = 0; i < expected.Length; i++)
        {
            int row = i / columns, column = i % columns;
            expected[i] = gradient[i];
            for (int k = 0; k < batch; k++)
            {
                expected[i] += (double)workspace[(k * rows) + row] * workspace[right + (k * columns) + column];
                expected[i] += (double)workspace[secondLeft + (k * rows) + row] * workspace[secondRight + (k * columns) + column];
            }
        }

        float[] sums = Add<Fp32Product>(ItemOrder.Forward);
        Assert.InRange(ExpandCase.Error(expected, sums), 0, 1e-6);
        foreach (var order in Enum.GetValues<ItemOrder>())
            Assert.Equal(Bits(sums), Bits(Add<Fp32SmallProduct>(order)));

        int Room(int width) => ((batch * width) + 63) / 64 * 64;

        float[] Add<TProduct>(ItemOrder order)
            where TProduct : struct, IProduct
        {
            using var backend = new SoftwareBackend(order);
            using var memory = backend.Upload<float>(workspace);
            using var result = backend.Upload<float>(gradient);
            TProduct product = default;
            var tiles = new List<WeightGradientTile>();
            for (int row = 0; row < rows; row += product.TileRows)
            {
                for (int column = 0; column < columns; column += product.TileColumns)
                {
                    tiles.Add(new WeightGradientTile
                    {
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
            backend.Load<WeightGradientArguments>("gradient", product.GroupSize, WeightGradient<TProduct>.Run).Launch(
                new GridSize(tiles.Count),
                new WeightGradientArguments
                {
                    Workspace = View(memory, 0, memory.Length),
                    Gradient = View(result, 0, result.Length),
                    Tiles = table.View,
                    Rows = batch,
                    Conditions = 1,
                    Accumulates = 1,
                    Scale = 1,
                },
                default);
            return result.ToArray();
        }
    }

    private static GpuArray<float> Padded(SoftwareBackend backend, float[] values, int front) =>
        backend.Upload<float>([.. Enumerable.Repeat(float.NaN, front), .. values, .. Enumerable.Repeat(float.NaN, 8)]);

    private static ModelView View(GpuArray<float> array, long first, long length) =>
        new() { All = array.View.SubView(first, length), Length = length, IsAligned = first % 4 == 0 ? 1 : 0 };

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];
}
