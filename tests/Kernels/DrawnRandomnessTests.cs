using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>What a device draws for itself is what the table of purposes says, number by number.</summary>
public class DrawnRandomnessTests
{
    private static readonly BdmInputs Inputs = new(new BdmProblem(
        "drawn", 120, 3, 3, 32, 2, Rows: 37, StateCount: 9, CandidateCount: 5, DropoutRate: 0.2f, SampleStateCount: 6, SampleCandidateCount: 3));

    // A GPU draws four features' words at once.
    private static readonly BdmInputs WideInputs = new(new BdmProblem("drawn wide", 121, 0, 2, 256, 1, Rows: 5, StateCount: 1, CandidateCount: 2, DropoutRate: 0.2f));

    private static readonly RandomDraw Draw = new(0xFEDCBA9876543210, RandomStage.Behavior, 12345, FirstElement: 6);

    public static TheoryData<string> Names => TestDevices.Names;

    private static BdmProblem Problem => Inputs.Problem;

    [Theory]
    [MemberData(nameof(Names))]
    public void Denoising_draws_times_noise_and_dropout_by_element(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, Inputs);
        var times = run.Upload(Times(Problem.Rows));
        var noise = run.Upload(Normals(RandomPurpose.Noise, Problem.Rows * Problem.ActionSize));
        var mask = run.Upload(DropoutMask(Problem.DropoutRate));
        var truth = run.DenoisingStep(new DenoisingDraws(default, Problem.DropoutRate, times, noise, mask));

        AssertSame(truth, run.DenoisingStep(new DenoisingDraws(Draw, Problem.DropoutRate)), "all drawn");
        AssertSame(truth, run.DenoisingStep(new DenoisingDraws(Draw, Problem.DropoutRate, Times: times)), "times given");
        AssertSame(truth, run.DenoisingStep(new DenoisingDraws(Draw, Problem.DropoutRate, Noise: noise)), "noise given");
        AssertSame(truth, run.DenoisingStep(new DenoisingDraws(Draw, Problem.DropoutRate, DropoutMask: mask)), "mask given");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Dropout_is_drawn_by_element_wherever_the_elements_begin(string deviceName)
    {
        foreach (var inputs in new[] { Inputs, WideInputs })
            AssertDropout(deviceName, inputs);
    }

    private static void AssertDropout(string deviceName, BdmInputs inputs)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, inputs);

        // At a block's first word and within one, and where counting on wraps the counter's 32 bits.
        foreach (ulong first in new ulong[] { 0, 8, 1, 2, 3, (1UL << 34) - 64 })
        {
            var draw = Draw with { FirstElement = first };
            var mask = run.Upload(DrawnNumbers.DropoutMask(draw, Problem.DropoutRate, inputs.Mask.Length));
            AssertSame(
                run.DenoisingStep(new DenoisingDraws(draw, Problem.DropoutRate, DropoutMask: mask)),
                run.DenoisingStep(new DenoisingDraws(draw, Problem.DropoutRate)),
                $"from element {first}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Dropout_is_decided_on_the_integer_word(string deviceName)
    {
        // The two rates next to one element's word: it is kept at the lower and dropped at the upper.
        uint word = Enumerable.Range(0, Inputs.Mask.Length)
            .Select(i => Philox.Word(Draw, RandomPurpose.Dropout, (ulong)i))
            .First(candidate => candidate is > 800_000_000 and < 900_000_000);
        float lower = (float)(word / 4294967296.0);
        if (lower * 4294967296.0 > word)
            lower = MathF.BitDecrement(lower);
        float upper = MathF.BitIncrement(lower);

        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, Inputs);
        foreach (float rate in new[] { lower, upper })
        {
            var truth = run.DenoisingStep(new DenoisingDraws(Draw, rate, DropoutMask: run.Upload(DropoutMask(rate))));
            AssertSame(truth, run.DenoisingStep(new DenoisingDraws(Draw, rate)), $"rate {rate:G9}");
        }

        Assert.Equal(DropoutMask(lower).Sum() - 1, DropoutMask(upper).Sum());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Without_dropout_nothing_is_dropped(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, Inputs);
        var kept = new float[Inputs.Mask.Length];
        Array.Fill(kept, 1);
        AssertSame(
            run.DenoisingStep(new DenoisingDraws(Draw, 0, DropoutMask: run.Upload(kept))),
            run.DenoisingStep(new DenoisingDraws(Draw)),
            "no dropout");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gaps_draw_one_time_a_state_and_noise_by_element(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, Inputs);
        int count = Problem.StateCount * Problem.CandidateCount * Problem.ActionSize;
        var times = run.Upload(Times(Problem.StateCount));
        var noise = run.Upload(Normals(RandomPurpose.Noise, count));
        var given = new GapDraws(default, times, noise);
        var objective = new AlignmentObjective(AlignmentLoss.Value, 1, 3);

        double[] gaps = Deviation.Widen(run.Gaps(given));
        Deviation.AssertClose(gaps, run.Gaps(new GapDraws(Draw)), 4 * Tolerances.SameNumbers, "gaps");
        var truth = run.AlignmentStep(objective, given);
        AssertSame(truth, run.AlignmentStep(objective, new GapDraws(Draw)), "all drawn");
        AssertSame(truth, run.AlignmentStep(objective, new GapDraws(Draw, Times: times)), "times given");
        AssertSame(truth, run.AlignmentStep(objective, new GapDraws(Draw, Noise: noise)), "noise given");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sampling_draws_its_start_by_element(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, Inputs);
        var start = run.Upload(Normals(RandomPurpose.SolverStart, Inputs.Start.Length));
        Deviation.AssertClose(
            Deviation.Widen(run.Sample(SolverTables.EveryFeature, default, start)),
            run.Sample(SolverTables.EveryFeature, Draw, null),
            Tolerances.SameNumbers,
            "samples");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sampling_in_parts_is_sampling_the_whole(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateBdm(Problem.Shape, VarianceSchedule.Published);
        using var parameters = device.Upload<float>(Inputs.Behavior);
        float[] whole = Sample(0, Problem.SampleStateCount);
        float[] parts = [.. Sample(0, 1), .. Sample(1, 3), .. Sample(4, 2)];
        Deviation.AssertClose(Deviation.Widen(whole), parts, Tolerances.SameNumbers, "samples");

        float[] Sample(int first, int count)
        {
            int rowSize = Problem.SampleCandidateCount * Problem.ActionSize;
            var draw = Draw with { FirstElement = Draw.FirstElement + ((ulong)first * (ulong)rowSize) };
            using var states = device.Upload<float>(Inputs.SampleStates.AsSpan(first * Problem.StateSize, count * Problem.StateSize));
            using var actions = device.Allocate<float>((long)count * rowSize);
            operations.Sample(new()
            {
                Parameters = parameters,
                States = states,
                StateCount = count,
                CandidateCount = Problem.SampleCandidateCount,
                Table = SolverTables.EveryFeature,
                Draw = draw,
                Actions = actions,
            });
            device.Synchronize();
            return actions.ToArray();
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sampling_draws_its_start_by_the_states_numbers_and_the_stride(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateBdm(Problem.Shape, VarianceSchedule.Published);
        using var parameters = device.Upload<float>(Inputs.Behavior);
        int stateCount = Problem.SampleStateCount, candidates = Problem.SampleCandidateCount, size = Problem.ActionSize;
        using var states = device.Upload<float>(Inputs.SampleStates);

        // In no order, one of them twice, and where the element no longer fits 32 bits.
        int[] numbers = [7, 3, 2_000_000_000, 3, 0, 411];
        using var given = device.Upload<int>(numbers);
        using var actions = device.Allocate<float>((long)stateCount * candidates * size);
        foreach (var (stride, isNumbered) in new (int? Stride, bool IsNumbered)[] { (null, true), (5, true), (16, false), (candidates, false) })
        {
            float[] found = Sample(Call(stride, isNumbered ? given : null));
            float[] expected = Sample(Call(null, null) with { Start = Starts(stride ?? candidates, isNumbered) });
            Deviation.AssertClose(Deviation.Widen(expected), found, Tolerances.SameNumbers, $"stride {stride}, numbered {isNumbered}");
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => operations.Sample(Call(candidates - 1, null)));
        using var few = device.Upload<int>(numbers.AsSpan(1));
        Assert.ThrowsAny<ArgumentException>(() => operations.Sample(Call(null, few)));

        SampleCall Call(int? stride, DeviceArray<int>? stateNumbers) => new()
        {
            Parameters = parameters,
            States = states,
            StateCount = stateCount,
            CandidateCount = candidates,
            Table = SolverTables.EveryFeature,
            Draw = Draw,
            Stride = stride,
            Numbers = stateNumbers,
            Actions = actions,
        };

        float[] Sample(in SampleCall call)
        {
            operations.Sample(call);
            device.Synchronize();
            call.Start?.Dispose();
            return actions.ToArray();
        }

        DeviceArray<float> Starts(int stride, bool isNumbered)
        {
            var values = new float[stateCount * candidates * size];
            for (int i = 0; i < values.Length; i++)
            {
                int state = i / (candidates * size), k = i / size % candidates;
                ulong number = (ulong)(isNumbered ? numbers[state] : state);
                values[i] = Philox.Normal(Draw, RandomPurpose.SolverStart, (((number * (ulong)stride) + (ulong)k) * (ulong)size) + (ulong)(i % size));
            }

            return device.Upload<float>(values);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Other_seeds_stages_and_steps_draw_other_numbers(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var run = new BdmRun(device, Inputs);
        RandomDraw[] draws =
        [
            Draw,
            Draw with { Seed = Draw.Seed + 1 },
            Draw with { Seed = Draw.Seed ^ (1UL << 40) },
            Draw with { Stage = RandomStage.Alignment },
            Draw with { Step = Draw.Step + 1 },
            Draw with { FirstElement = 0 },
        ];
        float[] losses = [.. draws.Select(draw => run.DenoisingStep(new DenoisingDraws(draw)).Loss)];
        Assert.Equal(losses.Length, losses.Distinct().Count());
    }

    private static void AssertSame((float Loss, float[] Gradient) truth, (float Loss, float[] Gradient) found, string what)
    {
        Deviation.AssertClose(truth.Loss, found.Loss, Tolerances.SameNumbers, what + ": loss");
        double error = Deviation.Relative(Deviation.Widen(found.Gradient), Deviation.Widen(truth.Gradient));
        Assert.True(error <= Tolerances.SameNumbers, $"{what}: gradients differ by {error:E2}");
    }

    private static float[] Times(int count) => DrawnNumbers.Times(Draw, count);

    private static float[] Normals(RandomPurpose purpose, int count) => DrawnNumbers.Normals(Draw, purpose, count);

    private static float[] DropoutMask(float rate) => DrawnNumbers.DropoutMask(Draw, rate, Inputs.Mask.Length);
}
