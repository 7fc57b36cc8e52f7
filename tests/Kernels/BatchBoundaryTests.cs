using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>An operation sees the rows it was told of, and no others.</summary>
public class BatchBoundaryTests
{
    private const int Spare = 45;

    private static readonly BdmInputs Inputs = new(new BdmProblem(
        "boundary", 140, 3, 2, 32, 1, Rows: 29, StateCount: 5, CandidateCount: 4));

    public static TheoryData<string> Names => TestDevices.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Rows_beyond_the_batch_are_neither_read_nor_written(string deviceName)
    {
        int rows = Inputs.Problem.Rows;
        using var device = TestDevices.Create(deviceName);
        using var exact = new BdmRun(device, Inputs);
        using var operations = device.CreateBdm(Inputs.Problem.Shape, VarianceSchedule.Published);
        using var parameters = device.Upload<float>(Inputs.Behavior);
        using var diffused = Padded(device, Inputs.Diffused);
        using var times = Padded(device, Inputs.Times);
        using var states = Padded(device, Inputs.States!);
        using var density = Padded(device, new float[rows]);
        using var score = Padded(device, new float[rows * 2]);
        operations.Density(new() { Parameters = parameters, Actions = diffused, Times = times, States = states, Rows = rows, Output = density });
        operations.Score(new() { Parameters = parameters, Actions = diffused, Times = times, States = states, Rows = rows, Output = score });
        device.Synchronize();
        AssertPadded(exact.Density(), density);
        AssertPadded(exact.Score(), score);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Steps_do_not_read_beyond_the_batch(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var exact = new BdmRun(device, Inputs);
        using var operations = device.CreateBdm(Inputs.Problem.Shape, VarianceSchedule.Published);
        using var parameters = device.Upload<float>(Inputs.Behavior);
        using var actions = Padded(device, Inputs.Actions);
        using var states = Padded(device, Inputs.States!);
        using var times = Padded(device, Inputs.Times);
        using var noise = Padded(device, Inputs.Noise);
        using var mask = Padded(device, Inputs.Mask);
        using var gradient = device.Allocate<float>(Inputs.Layout.Length);
        using var loss = device.Allocate<float>(1);
        float rate = Inputs.Problem.DropoutRate;
        operations.DenoisingStep(new()
        {
            Parameters = parameters,
            Actions = actions,
            States = states,
            Rows = Inputs.Problem.Rows,
            Draws = new(default, rate, times, noise, mask),
            Gradient = gradient,
            Loss = loss,
        });
        device.Synchronize();
        var expected = exact.DenoisingStep(exact.GivenDenoising(dropout: true));
        Assert.Equal(expected.Loss, loss.ToArray()[0]);
        Assert.Equal(expected.Gradient, gradient.ToArray());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_smaller_batch_after_a_larger_one_is_not_disturbed(string deviceName)
    {
        var larger = new BdmInputs(Inputs.Problem with { Rows = 211, Seed = 141 });
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateBdm(Inputs.Problem.Shape, VarianceSchedule.Published);
        using var gradient = device.Allocate<float>(Inputs.Layout.Length);
        using var loss = device.Allocate<float>(1);
        var (first, firstLoss) = Step(Inputs);
        Step(larger);
        var (second, secondLoss) = Step(Inputs);
        Assert.Equal(first, second);
        Assert.Equal(firstLoss, secondLoss);

        (float[] Gradient, float[] Loss) Step(BdmInputs inputs)
        {
            using var parameters = device.Upload<float>(inputs.Behavior);
            using var actions = device.Upload<float>(inputs.Actions);
            using var states = device.Upload<float>(inputs.States!);
            var draws = new DenoisingDraws(new RandomDraw(1, RandomStage.Behavior, 1), 0.1f);
            operations.DenoisingStep(new()
            {
                Parameters = parameters,
                Actions = actions,
                States = states,
                Rows = inputs.Problem.Rows,
                Draws = draws,
                Gradient = gradient,
                Loss = loss,
            });
            device.Synchronize();
            return (gradient.ToArray(), loss.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gaps_of_a_network_with_itself_are_zero(string deviceName)
    {
        var problem = Inputs.Problem;
        int count = problem.StateCount * problem.CandidateCount;
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateBdm(problem.Shape, VarianceSchedule.Published);
        using var parameters = device.Upload<float>(Inputs.Behavior);
        using var candidates = device.Upload<float>(Inputs.Candidates);
        using var states = device.Upload<float>(Inputs.GapStates!);
        using var gaps = device.Allocate<float>(count);
        operations.Gaps(new()
        {
            Policy = parameters,
            Behavior = parameters,
            Batch = new()
            {
                Candidates = candidates,
                States = states,
                StateCount = problem.StateCount,
                CandidateCount = problem.CandidateCount,
                Draws = new(new RandomDraw(1, RandomStage.Alignment, 1)),
            },
            Gaps = gaps,
        });
        device.Synchronize();
        Assert.All(gaps.ToArray(), gap => Assert.Equal(0, gap));
    }

    private static DeviceArray<float> Padded(IDevice device, float[] values)
    {
        var padded = new float[values.Length + Spare];
        Array.Fill(padded, float.NaN);
        values.CopyTo(padded, 0);
        return device.Upload<float>(padded);
    }

    private static void AssertPadded(float[] expected, DeviceArray<float> array)
    {
        float[] found = array.ToArray();
        Assert.Equal(expected, found[..expected.Length]);
        Assert.All(found[expected.Length..], value => Assert.Equal(float.NaN, value));
    }
}
