using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>The kernels on the stand-in: right against float64, and equal bits in every order of items.</summary>
public class SoftwareForwardTests
{
    [Theory]
    [InlineData(64, 32, 128)]
    [InlineData(1, 1, 1)]
    [InlineData(67, 33, 70)]
    [InlineData(3, 50, 129)]
    public void Expand_matches_float64_and_no_order_of_items_matters(int rows, int inner, int columns)
    {
        var expected = new ExpandCase(rows, inner, columns);
        var (slope, activation) = RunExpand(expected, ItemOrder.Forward);
        Assert.InRange(ExpandCase.Error(expected.Slope, slope), 0, 1e-6);
        Assert.InRange(ExpandCase.Error(expected.Activation, activation), 0, 1e-6);
        foreach (var order in new[] { ItemOrder.Reverse, ItemOrder.Shuffled })
        {
            var (again, active) = RunExpand(expected, order);
            Assert.Equal(Bits(slope), Bits(again));
            Assert.Equal(Bits(activation), Bits(active));
        }
    }

    [Theory]
    [InlineData(5, 32)]
    [InlineData(3, 256)]
    [InlineData(2, 130)]
    [InlineData(1, 1)]
    public void Layer_norm_matches_float64_and_no_order_of_items_matters(int rows, int width)
    {
        var expected = new LayerNormCase(rows, width);
        var results = RunNorm(expected, ItemOrder.Forward);
        // A row of one element is its own mean: exactly β.
        if (width > 1)
            Assert.InRange(ExpandCase.Error(expected.Normalized, results[0]), 0, 2e-6);
        Assert.InRange(ExpandCase.Error(expected.Output, results[1]), 0, 2e-6);
        Assert.InRange(ExpandCase.Error(expected.ReciprocalDeviation, results[2]), 0, 2e-6);
        foreach (var order in new[] { ItemOrder.Reverse, ItemOrder.Shuffled })
            Assert.Equal(results.Select(Bits), RunNorm(expected, order).Select(Bits));
    }

    private static (float[] Slope, float[] Activation) RunExpand(ExpandCase inputs, ItemOrder order)
    {
        using var backend = new SoftwareBackend(order);
        using var hidden = backend.Allocate<float>(inputs.Rows * inputs.Columns);
        using var slope = backend.Allocate<float>(inputs.Rows * inputs.Columns);
        var kernel = backend.Load<ProductArguments<ActivationEpilogue>>("expand", ProductTile.GroupSize, MatrixProduct<Fp32Product, ActivationEpilogue>.Run);
        int tiles = (inputs.Columns + ProductTile.Size - 1) / ProductTile.Size, rowTiles = (inputs.Rows + ProductTile.Size - 1) / ProductTile.Size;
        kernel.Launch(new GridSize(rowTiles, tiles), GpuKernelArguments.Expand(backend, inputs, hidden, slope), default);
        return (slope.ToArray(), hidden.ToArray());
    }

    private static float[][] RunNorm(LayerNormCase inputs, ItemOrder order)
    {
        using var backend = new SoftwareBackend(order);
        using var normalized = backend.Allocate<float>(inputs.Rows * inputs.Width);
        using var output = backend.Allocate<float>(inputs.Rows * inputs.Width);
        using var deviation = backend.Allocate<float>(4 * inputs.Rows);
        var kernel = backend.Load<LayerNormArguments>("norm", WarpRow.GroupSize, LayerNormForward.Run);
        kernel.Launch(
            new GridSize((inputs.Rows + WarpRow.RowsPerGroup - 1) / WarpRow.RowsPerGroup), GpuKernelArguments.Norm(backend, inputs, normalized, output, deviation), default);
        return [normalized.ToArray(), output.ToArray(), [.. deviation.ToArray().Where((_, i) => i % 4 == 0)]];
    }

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];
}
