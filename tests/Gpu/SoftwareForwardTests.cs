using EDA.Kernels.Gpu;
using EDA.Kernels.Gpu.Software;

namespace EDA.Tests.Gpu;

/// <summary>The kernels on the stand-in: right against float64, and equal bits in every order of items.</summary>
public class SoftwareForwardTests
{
    private static readonly SoftwareKernel Expand = new(((Delegate)ExpandForward.Run).Method);
    private static readonly SoftwareKernel Norm = new(((Delegate)LayerNormForward.Run).Method);

    [Theory]
    [InlineData(64, 32, 128)]
    [InlineData(1, 1, 1)]
    [InlineData(67, 33, 70)]
    [InlineData(3, 50, 129)]
    public void Expand_matches_float64_and_no_order_of_items_matters(int rows, int inner, int columns)
    {
        var expected = new ExpandCase(rows, inner, columns);
        var (preactivation, activation) = RunExpand(expected, ItemOrder.Forward);
        Assert.InRange(ExpandCase.Error(expected.Preactivation, preactivation), 0, 1e-6);
        Assert.InRange(ExpandCase.Error(expected.Activation, activation), 0, 1e-6);
        foreach (var order in new[] { ItemOrder.Reverse, ItemOrder.Shuffled })
        {
            var (again, active) = RunExpand(expected, order);
            Assert.Equal(Bits(preactivation), Bits(again));
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

    private static (float[] Preactivation, float[] Activation) RunExpand(ExpandCase inputs, ItemOrder order)
    {
        using var input = new SoftwareBuffer<float>(inputs.Input);
        using var weight = new SoftwareBuffer<float>(inputs.Weight);
        using var bias = new SoftwareBuffer<float>(inputs.Bias);
        using var preactivation = new SoftwareBuffer<float>(inputs.Rows * inputs.Columns);
        using var activation = new SoftwareBuffer<float>(inputs.Rows * inputs.Columns);
        int gridX = (inputs.Columns + ExpandForward.Tile - 1) / ExpandForward.Tile, gridY = (inputs.Rows + ExpandForward.Tile - 1) / ExpandForward.Tile;
        Expand.Run(
            gridX, gridY, ExpandForward.GroupSize, order,
            input.View, weight.View, bias.View, preactivation.View, activation.View, inputs.Rows, inputs.Inner, inputs.Columns);
        return (preactivation.Span.ToArray(), activation.Span.ToArray());
    }

    private static float[][] RunNorm(LayerNormCase inputs, ItemOrder order)
    {
        using var input = new SoftwareBuffer<float>(inputs.Input);
        using var gamma = new SoftwareBuffer<float>(inputs.Gamma);
        using var beta = new SoftwareBuffer<float>(inputs.Beta);
        using var normalized = new SoftwareBuffer<float>(inputs.Rows * inputs.Width);
        using var output = new SoftwareBuffer<float>(inputs.Rows * inputs.Width);
        using var deviation = new SoftwareBuffer<float>(inputs.Rows);
        Norm.Run(
            inputs.Rows, 1, LayerNormForward.GroupSize, order,
            input.View, gamma.View, beta.View, normalized.View, output.View, deviation.View, inputs.Width);
        return [normalized.Span.ToArray(), output.Span.ToArray(), deviation.Span.ToArray()];
    }

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];
}
