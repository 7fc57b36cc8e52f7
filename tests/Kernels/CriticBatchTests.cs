using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>What a critic step makes of its batch: drawn or given rows, any number of threads, more rows than a slab.</summary>
public class CriticBatchTests
{
    private static readonly CriticInputs Small = new(new CriticProblem("several tiles", 80, 5, 3, 64, 90, 167, 3));

    /// <summary>The CPU keeps 2048 rows at a time.</summary>
    private static readonly CriticInputs Large = new(new CriticProblem("more than a slab", 81, 3, 2, 32, 2500, 2100, 2));

    public static TheoryData<string> Names => TestDevices.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Drawn_rows_are_the_streams(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var drawn = new CriticRun(device, Small);
        using var given = new CriticRun(device, Small);
        for (int step = 0; step < 3; step++)
        {
            var batch = drawn.Drawn((uint)step);
            int[] rows = [.. Enumerable.Range(0, batch.Rows).Select(i =>
                Philox.Index(Philox.Word(batch.Draw, RandomPurpose.BatchIndex, (ulong)i), batch.Data.Count))];
            var same = given.Given(0) with { Indices = given.UploadIndices(rows) };
            drawn.ImplicitStep(batch, step);
            drawn.PolicyStep(batch, step);
            given.ImplicitStep(same, step);
            given.PolicyStep(same, step);
        }

        AssertSameBits(drawn.Everything(), given.Everything(), "given");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Repeating_gives_the_same_bits(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        foreach (var inputs in new[] { Small, Large })
            AssertSameBits(AfterSteps(device, inputs), AfterSteps(device, inputs), "again");
    }

    [Theory]
    [MemberData(nameof(TestDevices.SimdLevels), MemberType = typeof(TestDevices))]
    public void Thread_count_does_not_change_a_bit(SimdLevel level)
    {
        foreach (var inputs in new[] { Small, Large })
        {
            using var alone = new CpuDevice(new CpuOptions(level, 1));
            var expected = AfterSteps(alone, inputs);
            foreach (int threads in new[] { 2, 3, 7 })
            {
                using var device = new CpuDevice(new CpuOptions(level, threads));
                AssertSameBits(expected, AfterSteps(device, inputs), $"{threads} threads");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_large_batch_is_the_sum_of_its_parts(string deviceName)
    {
        int rows = Large.Problem.Rows;
        int[] indices = Large.Indices(0);
        float[] nextActions = Large.NextActions(0);
        int nextSize = Large.Problem.CandidateCount * Large.Problem.ActionSize;
        using var device = TestDevices.Create(deviceName);
        var whole = Gradients(0, rows);
        var parts = new[] { Gradients(0, 1000), Gradients(1000, 1000), Gradients(2000, rows - 2000) };
        foreach (string name in whole.Keys)
        {
            var sum = new double[whole[name].Length];
            foreach (var (part, count) in parts.Zip([1000, 1000, rows - 2000]))
            {
                for (int i = 0; i < sum.Length; i++)
                    sum[i] += part[name][i] * (double)count / rows;
            }

            double error = Deviation.Relative(Deviation.Widen(whole[name]), sum);
            Assert.True(error <= Tolerances.SumOfParts, $"{name}: relative error {error:E2}");
        }

        Dictionary<string, float[]> Gradients(int first, int count)
        {
            using var run = new CriticRun(device, Large, learningRate: 0, targetRate: 0);
            var batch = new TransitionBatch(run.Data, count, default, run.UploadIndices(indices[first..(first + count)]));
            var found = new Dictionary<string, float[]> { ["losses"] = run.ImplicitStep(batch, 0), ["policy loss"] = [run.PolicyStep(batch, 0)] };
            found["value"] = run.Read(run.Value.Gradient!);
            found["twin"] = run.Read(run.Twin.Gradient!);
            found["policy"] = run.Read(run.Policy.Gradient!);
            found["sampled losses"] = run.SampledStep(batch, nextActions[(first * nextSize)..((first + count) * nextSize)], 1);
            found["sampled"] = run.Read(run.Twin.Gradient!);
            return found;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_unwanted_gradient_changes_nothing(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var wanted = new CriticRun(device, Small);
        using var unwanted = new CriticRun(device, Small);
        var update = new CriticUpdate(new AdamSettings(1e-3), 1, 0.005f);
        Step(wanted, arrays => arrays);
        Step(unwanted, arrays => arrays with { Gradient = null });
        var expected = wanted.Everything().Where(array => !array.Key.EndsWith("gradient", StringComparison.Ordinal)).ToDictionary();
        AssertSameBits(expected, unwanted.Everything(), "without gradients");

        void Step(CriticRun run, Func<TrainedArrays, TrainedArrays> arrays)
        {
            run.Operations.ImplicitStep(new()
            {
                Batch = run.Drawn(0),
                Backup = Small.Problem.Implicit,
                Value = arrays(run.Value),
                Twin = arrays(run.Twin),
                Target = run.Target,
                Update = update,
                Losses = run.Losses,
            });
            run.Operations.PolicyStep(new()
            {
                Batch = run.Drawn(0),
                Weighting = Small.Problem.Weighting,
                Value = run.Value.Parameters,
                Target = run.Target,
                Policy = arrays(run.Policy),
                Adam = update.Adam,
                Step = 1,
                Losses = run.Losses,
            });
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_smaller_batch_after_a_larger_one_is_not_disturbed(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var used = new CriticRun(device, Large, learningRate: 0, targetRate: 0);
        used.ImplicitStep(used.Given(0), 0);
        var small = new TransitionBatch(used.Data, 37, default, used.UploadIndices(Large.Indices(1)));
        used.ImplicitStep(small, 0);
        using var fresh = new CriticRun(device, Large, learningRate: 0, targetRate: 0);
        fresh.ImplicitStep(small with { Data = fresh.Data }, 0);
        Assert.Equal(fresh.Read(fresh.Twin.Gradient!), used.Read(used.Twin.Gradient!));
        Assert.Equal(fresh.Read(fresh.Value.Gradient!), used.Read(used.Value.Gradient!));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Evaluations_write_their_rows_and_no_others(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, Small);
        const int rows = 35, k = 3;
        var q = run.Upload([.. Enumerable.Repeat(-7f, (rows * k) + 40)]);
        var v = run.Upload([.. Enumerable.Repeat(-7f, rows + 40)]);
        run.Operations.MinimumQ(new()
        {
            Twin = run.Target,
            States = run.Data.States,
            Actions = run.Upload(Small.Candidates),
            StateCount = rows,
            CandidateCount = k,
            Q = q,
        });
        run.Operations.Value(new() { Parameters = run.Value.Parameters, States = run.Data.States, Rows = rows, Output = v });
        AssertPadded(run.MinimumQ(), run.Read(q), rows * k);
        AssertPadded(run.Values(), run.Read(v), rows);

        // How another library sums depends on how many rows there are; the engine's own devices give each row its bits.
        void AssertPadded(float[] expected, float[] found, int count)
        {
            if (TestDevices.IsOwn(deviceName))
                Assert.Equal(expected[..count], found[..count]);
            Deviation.AssertClose(Deviation.Widen(expected[..count]), found[..count], Tolerances.SameNumbers, "rows");
            Assert.All(found[count..], x => Assert.Equal(-7f, x));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_does_not_fit_is_refused_before_anything_moves(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new CriticRun(device, Small);
        var before = run.Everything();
        var batch = run.Given(0);
        Assert.Throws<ArgumentOutOfRangeException>(() => run.ImplicitStep(batch with { Rows = 0 }, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => run.ImplicitStep(batch, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => run.ImplicitStep(batch with { Data = batch.Data with { Count = 0 } }, 0));
        Assert.Throws<ArgumentException>(() => run.ImplicitStep(batch with { Rows = batch.Rows + 1 }, 0));
        Assert.Throws<ArgumentException>(() => run.ImplicitStep(batch with { Data = batch.Data with { Count = batch.Data.Count + 1 } }, 0));
        Assert.Throws<ArgumentException>(() => run.SampledStep(batch, Small.NextActions(0)[1..], 0));
        int[] outside = Small.Indices(0);
        foreach (int index in new[] { -1, Small.Problem.Count })
        {
            outside[^1] = index;
            Assert.Throws<ArgumentOutOfRangeException>(() => run.ImplicitStep(batch with { Indices = run.UploadIndices(outside) }, 0));
            Assert.Throws<ArgumentOutOfRangeException>(() => run.PolicyStep(batch with { Indices = run.UploadIndices(outside) }, 0));
        }

        var update = new CriticUpdate(new AdamSettings(1e-3), 1, 0.005f);
        foreach (float expectile in new[] { 0, 1, float.NaN })
            Assert.Throws<ArgumentOutOfRangeException>(() => run.Operations.ImplicitStep(new()
            {
                Batch = batch,
                Backup = new(0.99f, expectile),
                Value = run.Value,
                Twin = run.Twin,
                Target = run.Target,
                Update = update,
                Losses = run.Losses,
            }));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            run.Operations.ImplicitStep(new()
            {
                Batch = batch,
                Backup = Small.Problem.Implicit,
                Value = run.Value,
                Twin = run.Twin,
                Target = run.Target,
                Update = update with { TargetRate = 1.5f },
                Losses = run.Losses,
            }));
        Assert.Throws<ArgumentException>(() =>
            run.Operations.ImplicitStep(new()
            {
                Batch = batch,
                Backup = Small.Problem.Implicit,
                Value = run.Twin,
                Twin = run.Value,
                Target = run.Target,
                Update = update,
                Losses = run.Losses,
            }));
        AssertSameBits(before, run.Everything(), "refused");
        run.Operations.Dispose();
        Assert.Throws<ObjectDisposedException>(() => run.ImplicitStep(batch, 0));
        Assert.Throws<ObjectDisposedException>(() => run.MinimumQ());
    }

    [Fact]
    public void Shapes_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CriticShape(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CriticShape(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CriticShape(1, 1, 48));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CriticShape(1, 1, 1 << 20));
        Assert.Equal(new CriticShape(17, 6), new CriticShape(17, 6, 256));
        Assert.Equal(427_425_792, new CriticShape(17, 6).ImplicitStepWork(256));
    }

    private static Dictionary<string, float[]> AfterSteps(IDevice device, CriticInputs inputs)
    {
        using var run = new CriticRun(device, inputs);
        for (int step = 0; step < 2; step++)
        {
            var batch = run.Drawn((uint)step);
            run.ImplicitStep(batch, step);
            run.PolicyStep(batch, step);
        }

        run.SampledStep(run.Drawn(2), inputs.NextActions(0), 2);
        var all = run.Everything();
        all["min Q"] = run.MinimumQ();
        all["V"] = run.Values();
        all["actions"] = run.Actions();
        return all;
    }

    private static void AssertSameBits(Dictionary<string, float[]> expected, Dictionary<string, float[]> actual, string what)
    {
        foreach (var (name, values) in expected)
        {
            int differing = values.Zip(actual[name]).Count(pair =>
                BitConverter.SingleToInt32Bits(pair.First) != BitConverter.SingleToInt32Bits(pair.Second));
            Assert.True(differing == 0, $"{name}, {what}: {differing} of {values.Length} numbers have other bits");
        }
    }
}
