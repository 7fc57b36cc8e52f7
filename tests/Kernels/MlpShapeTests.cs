using EDA.Kernels;

namespace EDA.Tests.Kernels;

public class MlpShapeTests
{
    [Theory]
    [InlineData(0, new[] { 1 }, 1, 0, 0, "inputSize")]
    [InlineData(1, new[] { 1, 0 }, 1, 0, 0, "hiddenWidths")]
    [InlineData(1, new[] { -3 }, 1, 0, 0, "hiddenWidths")]
    [InlineData(1, new int[0], 0, 0, 0, "outputSize")]
    [InlineData(1, new int[0], 1, 4, 0, "activation")]
    [InlineData(1, new int[0], 1, 0, 2, "output")]
    [InlineData(46341, new[] { 46341 }, 1, 0, 0, "hiddenWidths")]
    [InlineData(int.MaxValue, new[] { int.MaxValue, int.MaxValue }, int.MaxValue, 0, 0, "hiddenWidths")]
    public void Impossible_sizes_are_refused_by_name(int inputs, int[] hidden, int outputs, int activation, int output, string name) =>
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => new MlpShape(inputs, hidden, outputs, (MlpActivation)activation, (MlpOutput)output)).ParamName);

    [Fact]
    public void Shapes_are_equal_by_their_layers_and_keep_them()
    {
        int[] widths = [5, 7];
        var shape = new MlpShape(3, widths, 2, MlpActivation.Mish);
        widths[0] = 6;
        Assert.Equal([5, 7], shape.HiddenWidths);
        Assert.Equal(new MlpShape(3, [5, 7], 2, MlpActivation.Mish), shape);
        Assert.Equal(new MlpShape(3, [5, 7], 2, MlpActivation.Mish).GetHashCode(), shape.GetHashCode());
        Assert.NotEqual(new MlpShape(3, [7, 5], 2, MlpActivation.Mish), shape);
        Assert.NotEqual(new MlpShape(3, [5, 7], 2, MlpActivation.SiLU), shape);
        Assert.NotEqual(new MlpShape(3, [5, 7], 2, MlpActivation.Mish, MlpOutput.Tanh), shape);
        Assert.Equal(2 * ((3 * 5) + (5 * 7) + (7 * 2)), shape.ForwardWork);
    }

    [Fact]
    public void Slices_leave_no_gaps_and_have_pytorchs_names()
    {
        var layout = new MlpLayout(new MlpShape(3, [5, 7], 2, MlpActivation.Relu), "first", "second");
        int offset = 0;
        foreach (var slice in layout.Slices)
        {
            Assert.Equal(offset, slice.Offset);
            offset += slice.Length;
        }

        Assert.Equal(layout.Length, offset);
        Assert.Equal(layout.Length, 2 * layout.Shape.ParameterCount);
        Assert.Equal(160, layout.ModelStride);
        Assert.Equal(
            ["first.0.weight", "first.0.bias", "first.2.weight", "first.2.bias", "first.4.weight", "first.4.bias"],
            layout.Slices.Take(6).Select(slice => slice.Name));
        Assert.Equal([7, 5], layout.Networks[1].Layers[1].Weight.Dimensions);
        Assert.Equal(["net.0.weight", "net.0.bias"], new MlpLayout(new MlpShape(1, [], 1, MlpActivation.Relu), "net").Slices.Select(slice => slice.Name));
    }
}
