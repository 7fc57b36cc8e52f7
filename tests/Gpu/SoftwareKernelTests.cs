using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>What the stand-in is for: mistakes that a GPU would hide show.</summary>
public class SoftwareKernelTests
{
    private const int Items = 64;

    [Fact]
    public void Every_kernel_can_run() => Assert.All(KernelCatalogue.All, kernel => Assert.NotNull(new SoftwareKernel(kernel.Method)));

    [Fact]
    public void Unwritten_shared_memory_is_NaN()
    {
        float[] values = Run(ReadUnwritten, ItemOrder.Forward);
        Assert.All(values[1..], value => Assert.True(float.IsNaN(value)));
        Assert.Equal(1f, values[0]);
    }

    [Fact]
    public void A_group_does_not_see_the_last_groups_shared_memory()
    {
        using var output = new SoftwareBuffer<float>(Items);
        Kernel(ReadUnwritten).Run(3, 1, Items, ItemOrder.Forward, output.View);
        Assert.True(float.IsNaN(output.Span[1]));
    }

    [Fact]
    public void An_access_outside_a_view_names_index_length_and_item()
    {
        var error = Assert.Throws<IndexOutOfRangeException>(() => Run(ReachTooFar, ItemOrder.Forward));
        Assert.Contains("index 64 is outside a view of 64 elements", error.Message, StringComparison.Ordinal);
        Assert.Contains("item 63 of group (0, 0, 0)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_outside_its_view_is_refused() =>
        Assert.Throws<IndexOutOfRangeException>(() => Run(TakePartTooLong, ItemOrder.Forward));

    [Fact]
    public void A_part_cannot_begin_where_its_view_ends()
    {
        // ILGPU asserts so, be the part empty or not.
        using SoftwareBuffer<float> buffer = new(4), none = new(0);
        Assert.Equal(0, buffer.View.SubView(3, 0).Length);
        Assert.Equal(0, none.View.SubView(0, 0).Length);
        Assert.Throws<IndexOutOfRangeException>(() => buffer.View.SubView(4, 0));
    }

    [Fact]
    public void Parting_at_a_barrier_throws()
    {
        var error = Assert.Throws<GroupDivergenceException>(() => Run(PartAtBarrier, ItemOrder.Forward));
        Assert.Contains("GroupBarrier in SoftwareKernelTests.PartAtBarrier", error.Message, StringComparison.Ordinal);
        Assert.Contains("the end", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parting_inside_a_warp_at_a_shuffle_throws() =>
        Assert.Throws<GroupDivergenceException>(() => Run(PartAtShuffle, ItemOrder.Forward));

    [Fact]
    public void Meeting_at_two_different_barriers_throws() =>
        Assert.Throws<GroupDivergenceException>(() => Run(TwoBarriers, ItemOrder.Forward));

    [Fact]
    public void A_missing_barrier_shows_as_different_bits_in_another_order() =>
        Assert.NotEqual(Run(ForgetBarrier, ItemOrder.Forward), Run(ForgetBarrier, ItemOrder.Reverse));

    [Theory]
    [InlineData(ItemOrder.Forward)]
    [InlineData(ItemOrder.Reverse)]
    [InlineData(ItemOrder.Shuffled)]
    public void Shuffles_read_the_lanes_they_name(ItemOrder order)
    {
        float[] values = Run(Shuffle, order);
        for (int item = 0; item < Items; item++)
        {
            int lane = item % 32;
            Assert.Equal((item - lane) + (lane ^ 5) + (1000 * (item - lane + 7)) + (100000f * (lane + 3 < 32 ? item + 3 : item)), values[item]);
        }
    }

    [Theory]
    [InlineData(ItemOrder.Forward)]
    [InlineData(ItemOrder.Reverse)]
    [InlineData(ItemOrder.Shuffled)]
    public void References_and_loops_survive_a_barrier(ItemOrder order)
    {
        float[] values = Run(Rotate, order);
        Assert.Equal(Enumerable.Range(0, Items).Select(item => (float)((10 * item) + 45)), values);
    }

    [Theory]
    [InlineData(ItemOrder.Forward)]
    [InlineData(ItemOrder.Reverse)]
    [InlineData(ItemOrder.Shuffled)]
    public void What_is_half_evaluated_survives_a_barrier(ItemOrder order)
    {
        float[] values = Run(HalfEvaluated, order);
        Assert.Equal(Enumerable.Range(0, Items).Select(item => (float)((item + 0.5) + (item ^ 1) + (item ^ 2) + 256)), values);
    }

    [Fact]
    public void More_shared_memory_than_a_group_has_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => Run(TakeTooMuch, ItemOrder.Forward));

    [Fact]
    public void Arguments_of_other_types_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Kernel(ReadUnwritten).Run(1, 1, Items, ItemOrder.Forward, 1f));
        Assert.Throws<ArgumentException>(() => Kernel(ReadUnwritten).Run(1, 1, Items, ItemOrder.Forward));
    }

    [Fact]
    public void Outside_a_kernel_a_barrier_says_so() =>
        Assert.Contains("Group.Barrier", Assert.Throws<InvalidOperationException>(Group.Barrier).Message, StringComparison.Ordinal);

    private static void ReadUnwritten(ArrayView<float> output)
    {
        var shared = SharedMemory.Allocate<float>(Items);
        if (Group.IdxX == 0 && Grid.IdxX == 0)
            shared[0] = 1f;
        if (Group.IdxX == 1 && Grid.IdxX == 1)
            shared[1] = 1f;
        Group.Barrier();
        output[Group.IdxX] = shared[Group.IdxX];
    }

    private static void ReachTooFar(ArrayView<float> output) => output[Group.IdxX + 1] = 0;

    private static void TakePartTooLong(ArrayView<float> output) => output.SubView(60, 5)[0] = 0;

    private static void PartAtBarrier(ArrayView<float> output)
    {
        if (Group.IdxX < 40)
            Group.Barrier();
        output[Group.IdxX] = 0;
    }

    private static void PartAtShuffle(ArrayView<float> output)
    {
        if (Group.IdxX != 3)
            output[Group.IdxX] = Warp.ShuffleXor(1f, 1);
    }

    private static void TwoBarriers(ArrayView<float> output)
    {
        if (Group.IdxX < 32)
        {
            Group.Barrier();
            output[Group.IdxX] = 0;
        }
        else
        {
            Group.Barrier();
            output[Group.IdxX] = 1;
        }
    }

    private static void ForgetBarrier(ArrayView<float> output)
    {
        var shared = SharedMemory.Allocate<float>(Items);
        shared[Group.IdxX] = Group.IdxX;
        output[Group.IdxX] = shared[Items - 1 - Group.IdxX];
    }

    private static void Shuffle(ArrayView<float> output)
    {
        int item = Group.IdxX;
        float crossed = Warp.ShuffleXor((float)item, 5);
        int seventh = Warp.Shuffle(item, 7);
        double further = Warp.ShuffleDown((double)item, 3);
        Warp.Barrier();
        output[item] = crossed + (1000 * seventh) + (100000f * (float)further);
    }

    private static void Rotate(ArrayView<float> output)
    {
        ref float mine = ref output[Group.IdxX];
        mine = 0;
        for (int step = 0; step < 10; step++)
            AddAfterBarrier(ref mine, Group.IdxX + step);
    }

    private static void AddAfterBarrier(ref float sum, int value)
    {
        Group.Barrier();
        sum += value;
    }

    // Below the shuffles wait a reference, a double and a product, and inside the method called a constant.
    private static void HalfEvaluated(ArrayView<float> output) =>
        output[Group.IdxX] = (float)((Group.IdxX + 0.5) + Crossed(1) + Crossed(2) + (Group.DimX * Warp.Shuffle((byte)4, 0)));

    private static int Crossed(int mask) => 3 + (Warp.ShuffleXor(Group.IdxX, mask) - 3);

    private static void TakeTooMuch(ArrayView<float> output)
    {
        var shared = SharedMemory.Allocate<float>(13000);
        output[Group.IdxX] = shared[0];
    }

    private static SoftwareKernel Kernel(Action<ArrayView<float>> kernel) => new(kernel.Method);

    private static float[] Run(Action<ArrayView<float>> kernel, ItemOrder order)
    {
        using var output = new SoftwareBuffer<float>(Items);
        new SoftwareKernel(kernel.Method).Run(1, 1, Items, order, output.View);
        return output.Span.ToArray();
    }
}
