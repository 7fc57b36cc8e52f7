using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>
/// The stand-in's tensor cores and asynchronous copies: fragments are laid out as PTX lays them out, and what a GPU would
/// hide shows.
/// </summary>
public class TensorCoresTests
{
    private const int Lanes = 32;
    private const int Rows = 32;
    private const int Depth = 16;

    // Of four sums, a lane.
    private const int Quads = 8;

    public static TheoryData<string, ItemOrder> Kernels
    {
        get
        {
            var kernels = new TheoryData<string, ItemOrder>();
            foreach (var order in Enum.GetValues<ItemOrder>())
            {
                kernels.Add("tf32", order);
                kernels.Add("bf16", order);
            }

            return kernels;
        }
    }

    // Halves between two neighbours, both ways, and what lies next to them.
    [Theory]
    [InlineData(1f + (1f / 2048))]
    [InlineData(1f + (3f / 2048))]
    [InlineData(-1f - (1f / 2048))]
    [InlineData(1f + (1f / 256))]
    [InlineData(1f + (3f / 256))]
    [InlineData(-3f - (1f / 128))]
    [InlineData(1.0004882f)]
    [InlineData(1.0039061f)]
    [InlineData(1.999999f)]
    [InlineData(3.1415927f)]
    [InlineData(-1e-20f)]
    [InlineData(float.PositiveInfinity)]
    public void Factors_are_rounded_as_the_conversions_do(float value)
    {
        float expectedTf32 = float.IsInfinity(value) ? value : (float)TensorRoundings.Tf32(value);
        float expectedBf16 = float.IsInfinity(value) ? value : (float)TensorRoundings.Bf16(value);
        Assert.Equal(expectedTf32, Multiply("tf32", One(value), Identity())[0]);
        Assert.Equal(expectedBf16, Multiply("bf16", One(value), Identity())[0]);
        Assert.Equal(expectedTf32, Multiply("tf32", Identity(), One(value))[0]);
        Assert.Equal(expectedBf16, Multiply("bf16", Identity(), One(value))[0]);
    }

    [Fact]
    public void What_is_not_a_number_stays_so()
    {
        Assert.True(float.IsNaN(Multiply("tf32", One(float.NaN), Identity())[0]));
        Assert.True(float.IsNaN(Multiply("bf16", One(float.NaN), Identity())[0]));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Fragments_as_PTX_lays_them_out_make_the_product(string precision, ItemOrder order)
    {
        var (left, right) = (Values(1), Values(2));
        float[] sums = Multiply(precision, left, right, order: order);
        AssertProduct(precision, left, right, sums);
    }

    [Theory]
    [InlineData("tf32")]
    [InlineData("bf16")]
    public void The_second_sums_are_apart_from_the_first(string precision)
    {
        var (left, right) = (Values(1), Values(2));
        AssertProduct(precision, left, right, Multiply(precision, left, right, which: 1));
        Assert.All(Multiply(precision, left, right, which: 2), sum => Assert.Equal(0, sum));
    }

    // Each swaps two lanes' shares of one of the three fragments.
    [Theory]
    [InlineData("tf32", 1)]
    [InlineData("tf32", 2)]
    [InlineData("tf32", 4)]
    [InlineData("bf16", 1)]
    [InlineData("bf16", 2)]
    [InlineData("bf16", 4)]
    public void A_share_given_to_the_wrong_lane_shows(string precision, int swapped)
    {
        var (left, right) = (Values(1), Values(2));
        float[] sums = Multiply(precision, left, right, swapped: swapped);
        Assert.True(Distance(Product(precision, left, right), sums) > 0.01);
    }

    [Fact]
    public void Unloaded_fragments_are_NaN()
    {
        float[] output = RunLanes(MultiplyNothing, Rows * Rows);
        Assert.All(output, value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void A_warp_that_parts_at_a_product_throws() =>
        Assert.Contains("Tf32Multiply0", Assert.Throws<GroupDivergenceException>(() => RunLanes(PartAtProduct)).Message, StringComparison.Ordinal);

    [Fact]
    public void Half_a_warp_makes_no_product()
    {
        using var output = new SoftwareBuffer<float>(Rows * Rows);
        var kernel = new SoftwareKernel(((Action<ArrayView<float>>)MultiplyNothing).Method);
        Assert.Throws<GroupDivergenceException>(() => kernel.Run(1, 1, Lanes / 2, ItemOrder.Forward, output.View));
    }

    [Fact]
    public void Without_a_beginning_there_are_no_registers() =>
        Assert.Contains("TensorCores.Begin", Assert.Throws<InvalidOperationException>(() => RunLanes(ForgetBegin)).Message, StringComparison.Ordinal);

    [Fact]
    public void Outside_a_kernel_there_are_none_either() =>
        Assert.Contains("TensorCores", Assert.Throws<InvalidOperationException>(TensorCores.Begin).Message, StringComparison.Ordinal);

    [Fact]
    public void A_copy_is_there_after_its_wait_and_a_barrier()
    {
        float[] output = RunLanes(CopyAndWait);
        Assert.Equal(Enumerable.Range(0, Lanes).Select(i => (float)(Lanes - 1 - i)), output);
    }

    [Fact]
    public void Without_a_wait_it_is_not() => Assert.All(RunLanes(ForgetWait), value => Assert.True(float.IsNaN(value)));

    [Fact]
    public void The_last_group_may_still_be_on_its_way() => Assert.All(RunLanes(WaitForTheOtherGroup), value => Assert.True(float.IsNaN(value)));

    [Fact]
    public void Copies_that_are_in_no_group_are_not_waited_for() => Assert.All(RunLanes(ForgetCommit), value => Assert.True(float.IsNaN(value)));

    [Fact]
    public void What_stood_where_a_copy_goes_is_lost_when_it_is_sent_for() =>
        Assert.All(RunLanes(OverwriteTooEarly), value => Assert.True(float.IsNaN(value)));

    [Fact]
    public void What_a_copy_leaves_out_becomes_zero()
    {
        float[] output = RunLanes(CopyPart);
        Assert.Equal(Enumerable.Range(0, Lanes).Select(i => i % 4 < 3 ? (float)i : 0f), output);
    }

    [Fact]
    public void A_copy_that_is_not_wanted_leaves_what_is_there() =>
        Assert.Equal(Enumerable.Range(0, Lanes).Select(i => i < Lanes / 2 ? (float)i : -1f), RunLanes(CopyIfWanted));

    [Fact]
    public void A_copy_of_16_bytes_from_anywhere_else_is_refused() =>
        Assert.Contains("not aligned", Assert.Throws<InvalidOperationException>(() => RunLanes(CopyMisaligned)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_copy_from_outside_its_view_is_refused() => Assert.Throws<IndexOutOfRangeException>(() => RunLanes(CopyFromOutside));

    // Lane 4g + c, from the tables of PTX: of left rows g and g + 8 of each 16, of right column g of each 8. swapped: in
    // which of left (1), right (2) and sums (4) lanes 4 and 9 take each other's place.
    private static void Tf32(ArrayView<float> left, ArrayView<float> right, ArrayView<float> output, int which, int swapped)
    {
        var shared = SharedMemory.Allocate<Float4>(Quads * Lanes);
        TensorCores.Begin();
        int lane = Lane(swapped, 1), g = lane / 4, c = lane % 4;
        TensorCores.Tf32Left0(Tf32Of(left, g, c), Tf32Of(left, g + 8, c));
        TensorCores.Tf32Left1(Tf32Of(left, g + 16, c), Tf32Of(left, g + 24, c));
        lane = Lane(swapped, 2);
        g = lane / 4;
        c = lane % 4;
        TensorCores.Tf32Right0(Tf32Of(right, g, c));
        TensorCores.Tf32Right1(Tf32Of(right, g + 8, c));
        TensorCores.Tf32Right2(Tf32Of(right, g + 16, c));
        TensorCores.Tf32Right3(Tf32Of(right, g + 24, c));
        if (which == 1)
            TensorCores.Tf32Multiply1();
        else
            TensorCores.Tf32Multiply0();
        PutOut(shared, output, which, swapped);
    }

    private static void Bf16(ArrayView<float> left, ArrayView<float> right, ArrayView<float> output, int which, int swapped)
    {
        var shared = SharedMemory.Allocate<Float4>(Quads * Lanes);
        TensorCores.Begin();
        int lane = Lane(swapped, 1), g = lane / 4, c = lane % 4;
        TensorCores.Bf16Left0(Bf16Of(left, g, c), Bf16Of(left, g + 8, c));
        TensorCores.Bf16Left1(Bf16Of(left, g + 16, c), Bf16Of(left, g + 24, c));
        lane = Lane(swapped, 2);
        g = lane / 4;
        c = lane % 4;
        TensorCores.Bf16Right0(Bf16Of(right, g, c));
        TensorCores.Bf16Right1(Bf16Of(right, g + 8, c));
        TensorCores.Bf16Right2(Bf16Of(right, g + 16, c));
        TensorCores.Bf16Right3(Bf16Of(right, g + 24, c));
        if (which == 1)
            TensorCores.Bf16Multiply1();
        else
            TensorCores.Bf16Multiply0();
        PutOut(shared, output, which, swapped);
    }

    private static int Lane(int swapped, int what)
    {
        int lane = Group.IdxX;
        if ((swapped & what) != 0 && (lane == 4 || lane == 9))
            lane = 13 - lane;
        return lane;
    }

    // Depths c and c + 4 of two steps of 8.
    private static Float4 Tf32Of(ArrayView<float> matrix, int row, int c) =>
        Float4.Of(matrix[(row * Depth) + c], matrix[(row * Depth) + c + 4], matrix[(row * Depth) + c + 8], matrix[(row * Depth) + c + 12]);

    // Depths 2c, 2c + 1 and both + 8 of one step of 16.
    private static Float4 Bf16Of(ArrayView<float> matrix, int row, int c) =>
        Float4.Of(matrix[(row * Depth) + (2 * c)], matrix[(row * Depth) + (2 * c) + 1], matrix[(row * Depth) + (2 * c) + 8], matrix[(row * Depth) + (2 * c) + 9]);

    // Rows g and g + 8 of each 16, columns 2c and 2c + 1 of each 8. which = 2: the product has gone to the first sums, and
    // the second are put out.
    private static void PutOut(ArrayView<Float4> shared, ArrayView<float> output, int which, int swapped)
    {
        int lane = Lane(swapped, 4), g = lane / 4, c = lane % 4;
        if (which == 0)
            TensorCores.Put0(shared, Group.IdxX, Lanes);
        else
            TensorCores.Put1(shared, Group.IdxX, Lanes);
        for (int n = 0; n < Quads; n++)
        {
            Float4 quad = shared[(n * Lanes) + Group.IdxX];
            int at = ((g + (8 * (n / 2))) * Rows) + (2 * c) + (n % 2);
            output[at] = quad.X;
            output[at + 8] = quad.Y;
            output[at + 16] = quad.Z;
            output[at + 24] = quad.W;
        }
    }

    private static void MultiplyNothing(ArrayView<float> output)
    {
        var shared = SharedMemory.Allocate<Float4>(Quads * Lanes);
        TensorCores.Begin();
        TensorCores.Tf32Multiply0();
        PutOut(shared, output, 0, 0);
    }

    private static void PartAtProduct(ArrayView<float> output)
    {
        TensorCores.Begin();
        if (Group.IdxX != 7)
            TensorCores.Tf32Multiply0();
        output[Group.IdxX] = 0;
    }

    private static void ForgetBegin(ArrayView<float> output)
    {
        TensorCores.Tf32Right0(default);
        output[Group.IdxX] = 0;
    }

    private static void CopyAndWait(ArrayView<float> output)
    {
        var words = SharedMemory.Allocate<Float4>(Lanes / 4);
        var shared = words.Cast<float>();
        Send(words, output);
        TensorCores.CommitCopies();
        TensorCores.CommitCopies();
        TensorCores.WaitForAllCopiesButOne();
        Group.Barrier();
        output[Group.IdxX] = shared[Lanes - 1 - Group.IdxX];
    }

    private static void ForgetWait(ArrayView<float> output)
    {
        var words = SharedMemory.Allocate<Float4>(Lanes / 4);
        var shared = words.Cast<float>();
        Send(words, output);
        TensorCores.CommitCopies();
        Group.Barrier();
        output[Group.IdxX] = shared[Lanes - 1 - Group.IdxX];
    }

    private static void WaitForTheOtherGroup(ArrayView<float> output)
    {
        var words = SharedMemory.Allocate<Float4>(Lanes / 4);
        var shared = words.Cast<float>();
        Send(words, output);
        TensorCores.CommitCopies();
        TensorCores.WaitForAllCopiesButOne();
        Group.Barrier();
        output[Group.IdxX] = shared[Lanes - 1 - Group.IdxX];
    }

    private static void ForgetCommit(ArrayView<float> output)
    {
        var words = SharedMemory.Allocate<Float4>(Lanes / 4);
        var shared = words.Cast<float>();
        TensorCores.CommitCopies();
        Send(words, output);
        TensorCores.WaitForAllCopiesButOne();
        Group.Barrier();
        output[Group.IdxX] = shared[Lanes - 1 - Group.IdxX];
    }

    private static void OverwriteTooEarly(ArrayView<float> output)
    {
        var words = SharedMemory.Allocate<Float4>(Lanes / 4);
        var shared = words.Cast<float>();
        shared[Group.IdxX] = 1;
        Group.Barrier();
        Send(words, output);
        Group.Barrier();
        output[Group.IdxX] = shared[Group.IdxX];
    }

    private static void CopyPart(ArrayView<float> output)
    {
        var words = SharedMemory.Allocate<Float4>(Lanes / 4);
        var shared = words.Cast<float>();
        if (Group.IdxX < Lanes / 4)
            TensorCores.CopyFour(words, Group.IdxX, output, 4 * Group.IdxX, 3);
        TensorCores.CommitCopies();
        TensorCores.CommitCopies();
        TensorCores.WaitForAllCopiesButOne();
        Group.Barrier();
        output[Group.IdxX] = shared[Group.IdxX];
    }

    private static void CopyIfWanted(ArrayView<float> output)
    {
        var words = SharedMemory.Allocate<Float4>(Lanes / 4);
        var shared = words.Cast<float>();
        shared[Group.IdxX] = -1;
        Group.Barrier();
        if (Group.IdxX < Lanes / 4)
            TensorCores.CopyFourIf(Group.IdxX < Lanes / 8 ? 1 : 0, words, Group.IdxX, output, 4 * Group.IdxX);
        TensorCores.CommitCopies();
        TensorCores.CommitCopies();
        TensorCores.WaitForAllCopiesButOne();
        Group.Barrier();
        output[Group.IdxX] = shared[Group.IdxX];
    }

    private static void CopyMisaligned(ArrayView<float> output)
    {
        var words = SharedMemory.Allocate<Float4>(Lanes / 4);
        TensorCores.CopyFourIf(1, words, 0, output, 2);
    }

    private static void CopyFromOutside(ArrayView<float> output)
    {
        var shared = SharedMemory.Allocate<float>(Lanes);
        TensorCores.CopyOne(shared, 0, output, Lanes, 1);
    }

    private static void Send(ArrayView<Float4> words, ArrayView<float> output)
    {
        if (Group.IdxX < Lanes / 4)
            TensorCores.CopyFour(words, Group.IdxX, output, 4 * Group.IdxX, 4);
    }

    private static float[] Multiply(string precision, float[] left, float[] right, int which = 0, int swapped = 0, ItemOrder order = ItemOrder.Forward)
    {
        using var leftBuffer = new SoftwareBuffer<float>(left);
        using var rightBuffer = new SoftwareBuffer<float>(right);
        using var output = new SoftwareBuffer<float>(Rows * Rows);
        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int> kernel = precision == "tf32" ? Tf32 : Bf16;
        new SoftwareKernel(kernel.Method).Run(1, 1, Lanes, order, leftBuffer.View, rightBuffer.View, output.View, which, swapped);
        return output.Span.ToArray();
    }

    // The array holds 0, 1, 2, … before the kernel runs.
    private static float[] RunLanes(Action<ArrayView<float>> kernel, int length = Lanes)
    {
        using var output = new SoftwareBuffer<float>([.. Enumerable.Range(0, length).Select(i => (float)i)]);
        new SoftwareKernel(kernel.Method).Run(1, 1, Lanes, ItemOrder.Forward, output.View);
        return output.Span.ToArray();
    }

    private static void AssertProduct(string precision, float[] left, float[] right, float[] sums) =>
        Assert.InRange(Distance(Product(precision, left, right), sums), 0, 1e-7);

    private static double[] Product(string precision, float[] left, float[] right)
    {
        Func<float, double> round = precision == "tf32" ? TensorRoundings.Tf32 : TensorRoundings.Bf16;
        var product = new double[Rows * Rows];
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Rows; j++)
            {
                for (int k = 0; k < Depth; k++)
                    product[(i * Rows) + j] += round(left[(i * Depth) + k]) * round(right[(j * Depth) + k]);
            }
        }

        return product;
    }

    private static double Distance(double[] expected, float[] actual) => ExpandCase.Error(expected, actual);

    private static float[] Values(int seed) => ExpandCase.Values(new Random(seed), Rows * Depth, 1);

    private static float[] One(float value)
    {
        var matrix = new float[Rows * Depth];
        matrix[0] = value;
        return matrix;
    }

    private static float[] Identity() => One(1);
}
