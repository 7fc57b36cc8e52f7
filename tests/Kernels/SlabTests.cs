using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>
/// A training step on more rows than a device keeps at once (2048 on a CPU; whole states in alignment) is the
/// weighted sum of separate steps on parts that fit, cut elsewhere. Every row's random numbers are its own.
/// </summary>
[Trait("speed", "slow")]
public class SlabTests
{
    private const float DropoutRate = 0.2f;

    private static readonly RandomDraw Draw = new(5, RandomStage.Behavior, 77);

    private static readonly BdmProblem[] Problems =
    [
        new("one slab and a bit", 150, 3, 2, 32, 2, Rows: 2081, StateCount: 700, CandidateCount: 3),
        new("a state is more than a slab", 151, 0, 2, 32, 1, Rows: 4097, StateCount: 2, CandidateCount: 2085),
    ];

    private static readonly Dictionary<string, BdmInputs> Inputs = Problems.ToDictionary(problem => problem.Name, problem => new BdmInputs(problem));

    public static TheoryData<string, string> Cases => TestDevices.WithCpuPrecisions(Inputs.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_denoising_step_is_the_sum_of_its_parts(string deviceName, string name)
    {
        var inputs = Inputs[name];
        var problem = inputs.Problem;
        int features = problem.Blocks * problem.Width;
        float[] times = DrawnNumbers.Times(Draw, problem.Rows);
        float[] noise = DrawnNumbers.Normals(Draw, RandomPurpose.Noise, problem.Rows * problem.ActionSize);
        float[] mask = DrawnNumbers.DropoutMask(Draw, DropoutRate, problem.Rows * features);
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateBdm(problem.Shape, VarianceSchedule.Published);
        using var parameters = device.Upload<float>(inputs.Behavior);
        using var gradient = device.Allocate<float>(inputs.Layout.Length);
        using var loss = device.Allocate<float>(1);

        var expected = Sum(inputs.Layout, problem.Rows, part: 1000, (first, count) => Step(first, count, given: true));
        AssertClose(deviceName, inputs.Layout, expected, Step(0, problem.Rows, given: true), "given");
        AssertClose(deviceName, inputs.Layout, expected, Step(0, problem.Rows, given: false), "drawn");

        (float Loss, float[] Gradient) Step(int first, int count, bool given)
        {
            using var actions = Rows(device, inputs.Actions, problem.ActionSize, first, count);
            using var states = RowsOrNull(device, inputs.States, problem.StateSize, first, count);
            using var givenTimes = Rows(device, times, 1, first, count);
            using var givenNoise = Rows(device, noise, problem.ActionSize, first, count);
            using var givenMask = Rows(device, mask, features, first, count);
            var draws = given ? new DenoisingDraws(default, DropoutRate, givenTimes, givenNoise, givenMask) : new DenoisingDraws(Draw, DropoutRate);
            operations.DenoisingStep(new()
            {
                Parameters = parameters,
                Actions = actions,
                States = states,
                Rows = count,
                Draws = draws,
                Gradient = gradient,
                Loss = loss,
            });
            device.Synchronize();
            return (loss.ToArray()[0], gradient.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_alignment_step_is_the_sum_of_its_parts(string deviceName, string name)
    {
        var inputs = Inputs[name];
        var problem = inputs.Problem;
        int candidateCount = problem.CandidateCount;
        float[] times = DrawnNumbers.Times(Draw, problem.StateCount);
        float[] noise = DrawnNumbers.Normals(Draw, RandomPurpose.Noise, problem.StateCount * candidateCount * problem.ActionSize);
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateBdm(problem.Shape, VarianceSchedule.Published);
        using var policy = device.Upload<float>(inputs.Policy);
        using var behavior = device.Upload<float>(inputs.Behavior);
        using var gradient = device.Allocate<float>(inputs.Layout.Length);
        using var loss = device.Allocate<float>(1);

        int part = Math.Max(1, 1000 / candidateCount);
        foreach (var kind in Enum.GetValues<AlignmentLoss>())
        {
            var objective = new AlignmentObjective(kind, 0.7f, 3);
            var expected = Sum(inputs.Layout, problem.StateCount, part, (first, count) => Step(objective, first, count, given: true));
            AssertClose(deviceName, inputs.Layout, expected, Step(objective, 0, problem.StateCount, given: true), $"{kind}, given");
            AssertClose(deviceName, inputs.Layout, expected, Step(objective, 0, problem.StateCount, given: false), $"{kind}, drawn");
        }

        (float Loss, float[] Gradient) Step(in AlignmentObjective objective, int first, int count, bool given)
        {
            using var candidates = Rows(device, inputs.Candidates, candidateCount * problem.ActionSize, first, count);
            using var states = RowsOrNull(device, inputs.GapStates, problem.StateSize, first, count);
            using var labels = Rows(device, inputs.Labels, candidateCount, first, count);
            using var givenTimes = Rows(device, times, 1, first, count);
            using var givenNoise = Rows(device, noise, candidateCount * problem.ActionSize, first, count);
            var draws = given ? new GapDraws(default, givenTimes, givenNoise) : new GapDraws(Draw);
            operations.AlignmentStep(new()
            {
                Policy = policy,
                Behavior = behavior,
                Batch = new()
                {
                    Candidates = candidates,
                    States = states,
                    StateCount = count,
                    CandidateCount = candidateCount,
                    Draws = draws,
                },
                Labels = labels,
                Objective = objective,
                Gradient = gradient,
                Loss = loss,
            });
            device.Synchronize();
            return (loss.ToArray()[0], gradient.ToArray());
        }
    }

    /// <summary>Losses and gradients are means, so that a part counts by its size.</summary>
    private static (double Loss, double[] Gradient) Sum(
        BdmLayout layout, int total, int part, Func<int, int, (float Loss, float[] Gradient)> step)
    {
        double loss = 0;
        var gradient = new double[layout.Length];
        for (int first = 0; first < total; first += part)
        {
            int count = Math.Min(part, total - first);
            double weight = (double)count / total;
            var found = step(first, count);
            loss += weight * found.Loss;
            for (int i = 0; i < gradient.Length; i++)
                gradient[i] += weight * found.Gradient[i];
        }

        return (loss, gradient);
    }

    private static void AssertClose(string deviceName, BdmLayout layout, (double Loss, double[] Gradient) expected, (float Loss, float[] Gradient) found, string what)
    {
        Deviation.AssertClose(expected.Loss, found.Loss, Tolerances.SumOfPartsOf(deviceName), what + ": loss");
        Deviation.AssertGradient(layout, expected.Gradient, found.Gradient, Tolerances.SumOfPartsOf(deviceName), what + ": gradient");
    }

    private static DeviceArray<float> Rows(IDevice device, float[] values, int rowSize, int first, int count) =>
        device.Upload<float>(values.AsSpan(first * rowSize, count * rowSize));

    private static DeviceArray<float>? RowsOrNull(IDevice device, float[]? values, int rowSize, int first, int count) =>
        values is null ? null : Rows(device, values, rowSize, first, count);
}
