using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Cpu.Matrix;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>Same inputs, same bits: twice on one device, and whatever the number of threads.</summary>
[Trait("speed", "slow")]
public class RepeatabilityTests
{
    private static readonly Dictionary<string, BdmInputs> Inputs = new BdmProblem[]
    {
        new("several tiles", 130, 3, 2, 64, 2, Rows: 611, StateCount: 61, CandidateCount: 7, SampleStateCount: 97, SampleCandidateCount: 3),
        new("more rows than a CPU slab", 131, 3, 2, 32, 1, Rows: 2081, StateCount: 700, CandidateCount: 3),
        new("more candidates than a CPU slab", 132, 0, 2, 32, 2, Rows: 4100, StateCount: 2, CandidateCount: 2085),
    }.ToDictionary(problem => problem.Name, problem => new BdmInputs(problem));

    private static readonly RandomDraw Draw = new(7, RandomStage.Alignment, 3);

    public static TheoryData<string, string> Cases => TestDevices.WithCpuPrecisions(Inputs.Keys);

    public static TheoryData<CpuPrecision, MatrixUnit> Blocks
    {
        get
        {
            var pairs = new TheoryData<CpuPrecision, MatrixUnit>();
            foreach (var unit in Enum.GetValues<MatrixUnit>().Where(unit => MatrixUnits.Problem(unit) is null))
            {
                pairs.Add(CpuPrecision.Bf16x3, unit);
                pairs.Add(CpuPrecision.Bf16, unit);
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Repeating_gives_the_same_bits(string deviceName, string name)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, Inputs[name]);
        var first = Everything(run);
        AssertSameBits(first, Everything(run), "again");
    }

    [Theory]
    [MemberData(nameof(TestDevices.SimdLevels), MemberType = typeof(TestDevices))]
    public void Thread_count_does_not_change_a_bit(SimdLevel level)
    {
        foreach (string name in Inputs.Keys)
            AssertThreadsAgree(new CpuOptions(level, 1), name);
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Thread_count_does_not_change_a_bit_in_blocks(CpuPrecision precision, MatrixUnit unit)
    {
        foreach (string name in Inputs.Keys)
            AssertThreadsAgree(new CpuOptions(CpuOptions.BestSimd, 1) { Matrix = new MatrixChoice(precision, unit) }, name);
    }

    private static void AssertThreadsAgree(CpuOptions options, string name)
    {
        using var alone = new CpuDevice(options);
        using var reference = new BdmRun(alone, Inputs[name]);
        var expected = Everything(reference);
        foreach (int threads in new[] { 2, 3, 4, 7 })
        {
            using var device = new CpuDevice(options with { Threads = threads });
            using var run = new BdmRun(device, Inputs[name]);
            AssertSameBits(expected, Everything(run), $"{name}, {threads} threads");
        }
    }

    /// <summary>Every operation's output, with everything drawn.</summary>
    private static Dictionary<string, float[]> Everything(BdmRun run)
    {
        var denoising = run.DenoisingStep(new DenoisingDraws(Draw, 0.1f));
        var alignment = run.AlignmentStep(new AlignmentObjective(AlignmentLoss.Value, 1, 3), new GapDraws(Draw));
        return new Dictionary<string, float[]>
        {
            ["density"] = run.Density(),
            ["score"] = run.Score(),
            ["denoising loss"] = [denoising.Loss],
            ["denoising gradient"] = denoising.Gradient,
            ["gaps"] = run.Gaps(new GapDraws(Draw)),
            ["alignment loss"] = [alignment.Loss],
            ["alignment gradient"] = alignment.Gradient,
            ["samples"] = run.Sample(SolverTables.FirstOrder(4), Draw, null),
        };
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
