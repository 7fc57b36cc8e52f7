using System.Text.RegularExpressions;
using EDA.Bench.Ptx;

namespace EDA.Tests.Ptx;

/// <summary>
/// Faults in a product's PTX, one at a time, and each is found: the kernel does what it may not, or its sums are wrong. Without
/// the fault nothing is (<see cref="PtxProductTests"/>).
/// </summary>
[Trait("Device", "ptx")]
public partial class PtxMutationTests
{
    // Tiles and panels that lie inside, and some that do not.
    private const int Rows = 131;
    private const int Columns = 132;
    private const int Depth = 100;
    private const int WholeDepth = 128;

    private static readonly string[] All = ["fp32", "fp32 small", "tf32", "bf16", "tf32 small", "bf16 small"];
    private static readonly string[] OnTensorCores = [.. All[2..]];

    public static TheoryData<string> Precisions => [.. All];

    public static TheoryData<string> Tensors => [.. OnTensorCores];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Sums_are_right_without_a_fault(string precision) => Assert.Null(Finding(precision, null, text => text.Replace("bar.sync", " bar.sync", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_missing_barrier_is_a_race(string precision)
    {
        int count = CountOf(precision, "bar.sync");
        Assert.True(count > 0);
        for (int i = 0; i < count; i++)
            Assert.Contains("no barrier stands between", Finding(precision, null, text => Without(text, "bar.sync", i)), StringComparison.Ordinal);
    }

    /// <summary>Of the barriers that warps run into each other's data without, whoever does not look for races finds those that an order shows.</summary>
    [Theory]
    [MemberData(nameof(Precisions))]
    public void Missing_barriers_show_in_some_order_of_warps(string precision)
    {
        int count = CountOf(precision, "bar.sync");
        string?[] findings =
        [
            .. from i in Enumerable.Range(0, count)
               from order in Enum.GetValues<PtxOrder>()
               select Finding(precision, new PtxOptions(order, FindsRaces: false), text => Without(text, "bar.sync", i)),
        ];
        Assert.Contains(findings, finding => finding is not null);
    }

    [Theory]
    [MemberData(nameof(Tensors))]
    public void A_wait_for_one_group_of_copies_less_is_found(string precision)
    {
        // One in the loop of each layout.
        Assert.Equal(2, CountOf(precision, "cp.async.wait_group"));
        Assert.NotNull(Finding(precision, null, text => Wait().Replace(text, match => $"cp.async.wait_group {int.Parse(match.Groups[1].Value) + 1};")));
    }

    [Theory]
    [MemberData(nameof(Tensors))]
    public void A_group_of_copies_that_is_not_committed_is_found(string precision)
    {
        int count = CountOf(precision, "cp.async.commit_group");
        Assert.True(count > 0);
        for (int i = 0; i < count; i++)
            Assert.NotNull(Finding(precision, null, text => Without(text, "cp.async.commit_group", i)));
    }

    [Theory]
    [MemberData(nameof(Tensors))]
    public void Swapped_registers_of_a_fragment_are_found(string precision)
    {
        foreach (var (one, other) in new[] { ("acc0, acc1", "acc1, acc0"), ("left0, left1", "left1, left0"), ("left1, left2", "left2, left1"), ("right0, right1", "right1, right0") })
            Assert.NotNull(Finding(precision, null, text => Once(text, "{[^}]*" + one, match => match.Replace(one, other, StringComparison.Ordinal))));
    }

    [Theory]
    [MemberData(nameof(Tensors))]
    public void Swapped_accumulators_are_found(string precision)
    {
        // Of one instruction: its sums go to, or come from, a neighbour's.
        Assert.NotNull(Finding(precision, null, text => Once(text, @"mma[^;]*\{acc0, acc1, acc2, acc3\},", match => match.Replace("acc0, acc1, acc2, acc3", "acc4, acc5, acc6, acc7", StringComparison.Ordinal))));
        Assert.NotNull(Finding(precision, null, text => Once(text, @"mma[^;]*\{acc0, acc1, acc2, acc3\};", match => match.Replace("acc0, acc1, acc2, acc3};", "acc4, acc5, acc6, acc7};", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("tf32", "left0")]
    [InlineData("tf32 small", "right3")]
    public void Factors_that_are_not_rounded_are_found(string precision, string factor) =>
        Assert.NotNull(Finding(precision, null, text => Once(text, $"fma\\.rn\\.f32 {factor}, power, 0f3A000000", match => match.Replace("0f3A000000", "0f00000000", StringComparison.Ordinal))));

    [Fact]
    public void The_halves_of_a_pair_of_bf16_do_not_change_places() =>
        Assert.NotNull(Finding("bf16", null, text => Once(text, @"cvt\.rn\.bf16x2\.f32 left0,\s*(%f\d+),\s*(%f\d+);", match => Pair().Replace(match, "left0, $2, $1;"))));

    [Theory]
    [MemberData(nameof(Precisions))]
    public void An_access_beyond_an_array_is_a_fault(string precision)
    {
        Assert.Contains("are in no array", Finding(precision, null, text => Once(text, @"st\.global\.f32\s+\[%rd\d+\]", match => match.Replace("]", "+20000]", StringComparison.Ordinal))), StringComparison.Ordinal);
        Assert.Contains("are in no array", Finding(precision, null, text => Once(text, @"ld\.shared\.v4\.f32[^\[]*\[[^\]+]+(\+\d+)?\]", match => Offset().Replace(match, "+131072]"))), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void An_address_that_is_not_aligned_is_a_fault(string precision) =>
        Assert.Contains("is not aligned", Finding(precision, null, text => Once(text, @"ld\.shared\.v4\.f32[^\[]*\[[^\]+]+(\+\d+)?\]", match => Offset().Replace(match, "+4]"))), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_branch_that_only_some_take_is_not_uniform(string precision) =>
        Assert.Contains("all must", Finding(precision, null, text => Regex.Replace(text, @"bra\t", "bra.uni\t")), StringComparison.Ordinal);

    [Theory]
    [InlineData("add.f32", "add.rz.f32")]
    [InlineData("mul.f32", "mul.ftz.f32")]
    [InlineData("ld.global.f32", "ld.global.nc.f32")]
    [InlineData("bar.sync", "barrier.sync")]
    [InlineData("setp.lt.s32", "setp.lt.and.s32")]
    public void An_instruction_that_is_not_known_is_refused(string known, string unknown) =>
        Assert.Contains($"the instruction {unknown} is not known", Assert.Throws<PtxFormatException>(() => Finding("fp32", null, text => text.Replace(known, unknown, StringComparison.Ordinal))).Message, StringComparison.Ordinal);

    // What is found wrong with a changed kernel in one of its loops; null for nothing. On the tensor cores each layout has its
    // own; in float32 whole panels have, and those whose right matrix is not aligned.
    private static string? Finding(string precision, PtxOptions? options, Func<string, string> edit)
    {
        string? finding = Finding(precision, options, edit, Columns, Depth, true) ?? Finding(precision, options, edit, Columns, Depth, false);
        return finding is not null || !precision.StartsWith("fp32", StringComparison.Ordinal)
            ? finding
            : Finding(precision, options, edit, Columns, WholeDepth, false) ?? Finding(precision, options, edit, Columns - 1, WholeDepth, false);
    }

    private static string? Finding(string precision, PtxOptions? options, Func<string, string> edit, int columns, int depth, bool isAlongDepth)
    {
        var product = new PtxProduct(precision, Rows, columns, depth, isAlongDepth);
        try
        {
            double error = product.Error(product.Multiply(options, text => edit(text) is var edited && edited != text ? edited : throw new InvalidOperationException("nothing was changed")));
            return error <= PtxProductTests.Tolerance ? null : $"an error of {error}";
        }
        catch (PtxFaultException fault)
        {
            return fault.Message;
        }
    }

    private static int CountOf(string precision, string instruction)
    {
        int count = 0;
        new PtxProduct(precision, 1, 1, 1).Multiply(null, text =>
        {
            count = text.Split(instruction).Length - 1;
            return text;
        });
        return count;
    }

    // The text without one of the statements of an instruction.
    private static string Without(string text, string instruction, int which)
    {
        int at = -1;
        for (int i = 0; i <= which; i++)
            at = text.IndexOf(instruction, at + 1, StringComparison.Ordinal);
        return text.Remove(at, text.IndexOf(';', at) - at + 1);
    }

    private static string Once(string text, string pattern, Func<string, string> change) => new Regex(pattern).Replace(text, match => change(match.Value), 1);

    [GeneratedRegex(@"cp\.async\.wait_group (\d+);")]
    private static partial Regex Wait();

    [GeneratedRegex(@"left0,\s*(%f\d+),\s*(%f\d+);")]
    private static partial Regex Pair();

    [GeneratedRegex(@"(\+\d+)?\]")]
    private static partial Regex Offset();
}
