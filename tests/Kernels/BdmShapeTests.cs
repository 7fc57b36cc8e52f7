using EDA.Kernels;

namespace EDA.Tests.Kernels;

public class BdmShapeTests
{
    [Fact]
    public void Widths_split_by_the_published_rule()
    {
        var withState = new BdmShape(17, 6);
        Assert.Equal((128, 32, 96, 1024), (withState.ActionFeatures, withState.EmbeddingFeatures, withState.StateFeatures, withState.Hidden));
        var bandit = new BdmShape(0, 2);
        Assert.Equal((224, 32, 0), (bandit.ActionFeatures, bandit.EmbeddingFeatures, bandit.StateFeatures));
    }

    [Fact]
    public void Nominal_unit_is_the_methods() =>
        Assert.Equal(3_145_728, new BdmShape(17, 6).NominalUnit);

    [Theory]
    [InlineData(-1, 1, 32, 1, "stateSize")]
    [InlineData(0, 0, 32, 1, "actionSize")]
    [InlineData(0, 1, 0, 1, "width")]
    [InlineData(0, 1, 48, 1, "width")]
    [InlineData(0, 1, 32, 0, "blocks")]
    [InlineData(0, 2, 4096, 16, "width")]
    [InlineData(0, 2, 2147483616, 2147483647, "width")]
    [InlineData(2147483647, 2147483647, 32, 1, "width")]
    public void Impossible_sizes_are_refused_by_name(int states, int actions, int width, int blocks, string name) =>
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => new BdmShape(states, actions, width, blocks)).ParamName);

    [Theory]
    [InlineData(3, 2, 64, 2)]
    [InlineData(0, 2, 32, 1)]
    [InlineData(17, 6, 96, 3)]
    [InlineData(0, 2, 4096, 15)]
    public void Slices_leave_no_gaps(int states, int actions, int width, int blocks)
    {
        var layout = new BdmLayout(new BdmShape(states, actions, width, blocks));
        int offset = 0;
        foreach (var slice in layout.Slices)
        {
            Assert.Equal(offset, slice.Offset);
            offset += slice.Length;
        }

        Assert.Equal(layout.Length, offset);
        Assert.Equal(layout.Length, layout.Shape.ParameterCount);
    }
}
