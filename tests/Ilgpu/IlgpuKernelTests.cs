extern alias ilgpu;

using EDA.Kernels;
using EDA.Tests.Golden;
using EDA.Tests.Kernels;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime.CPU;
using GpuDevice = ilgpu::EDA.Kernels.Gpu.GpuDevice;
using GpuPrecision = ilgpu::EDA.Kernels.Gpu.GpuPrecision;
using IlgpuBackend = ilgpu::EDA.Kernels.Gpu.IlgpuBackend;

namespace EDA.Tests.Ilgpu;

/// <summary>The operations on ILGPU's own CPU accelerator: a thread an item, so tiny sizes.</summary>
[Trait("speed", "slow")]
public sealed class IlgpuKernelTests
{
    private static readonly BdmProblem Tiny = new("tiny", 160, 2, 1, 32, 1, Rows: 3, StateCount: 2, CandidateCount: 3, SampleStateCount: 1, SampleCandidateCount: 2);

    [Fact]
    public void Every_operation_agrees_with_the_stand_in()
    {
        var inputs = new BdmInputs(Tiny);
        using var software = TestDevices.Create("software");
        using var expected = new BdmRun(software, inputs);
        using var device = Device();
        using var actual = new BdmRun(device, inputs);
        Assert.InRange(Distance(expected.Density(), actual.Density()), 0, 1e-6);
        Assert.InRange(Distance(expected.Score(), actual.Score()), 0, 1e-6);
        var draw = new RandomDraw(3, RandomStage.Behavior, 2);
        Assert.InRange(Distance(expected.DenoisingStep(new DenoisingDraws(draw, 0.1f)).Gradient, actual.DenoisingStep(new DenoisingDraws(draw, 0.1f)).Gradient), 0, 1e-6);
        var objective = new AlignmentObjective(AlignmentLoss.Value, 1, 3);
        Assert.InRange(Distance(expected.AlignmentStep(objective, new GapDraws(draw)).Gradient, actual.AlignmentStep(objective, new GapDraws(draw)).Gradient), 0, 1e-6);
        var table = SolverTables.FirstOrder(2);
        Assert.InRange(Distance(expected.Sample(table, draw, null), actual.Sample(table, draw, null)), 0, 1e-6);
    }

    [Fact]
    public void Launches_are_timed_by_ILGPUs_own_markers()
    {
        using var device = Device();
        using var values = device.Allocate<float>(100);
        using var profile = device.StartProfile();
        profile.Begin("fill");
        device.Vector.FillNormal(new() { Values = values, Count = 100, Draw = new(1, RandomStage.Behavior, 0), Purpose = RandomPurpose.Noise });
        profile.End();
        Assert.Equal(["set_draw", "fill_normal"], profile.Launches.Select(launch => launch.Kernel));
        Assert.All(profile.Launches, launch => Assert.True(launch.Seconds > 0));
        Assert.Empty(device.Resources);
    }

    [Fact]
    public void Tensor_cores_are_refused_where_there_are_none()
    {
        var error = Assert.Throws<NotSupportedException>(() => Device(GpuPrecision.Tf32));
        Assert.Contains("precision tf32 needs tensor cores", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_of_two_models_has_the_bits_it_has_alone()
    {
        // A whole step of both, with everything drawn.
        BdmInputs[] inputs = [new(Tiny), new(Tiny with { Seed = 161 })];
        var draw = new RandomDraw(0xFFFFFFFF, RandomStage.Behavior, 3);
        using var device = Device();
        float[] together = Gradients(inputs, draw);
        int stride = together.Length / 2;
        Assert.Equal(Gradients([inputs[0]], draw), together[..stride]);
        Assert.Equal(Gradients([inputs[1]], draw.OfModel(1)), together[stride..]);

        using var indices = device.Allocate<int>(2 * 200);
        using var own = device.Allocate<int>(200);
        device.Vector.FillIndices(new() { Indices = indices, Count = 200, Upper = 77, Draw = draw, Purpose = RandomPurpose.BatchIndex, Models = 2 });
        device.Vector.FillIndices(new() { Indices = own, Count = 200, Upper = 77, Draw = draw.OfModel(1), Purpose = RandomPurpose.BatchIndex });
        device.Synchronize();
        Assert.Equal(own.ToArray(), indices.ToArray()[200..]);

        float[] Gradients(BdmInputs[] models, RandomDraw draw)
        {
            using var operations = device.CreateBdm(Tiny.Shape, VarianceSchedule.Published, models.Length);
            float[] Padded(float[] values) => [.. values, .. new float[operations.Layout.ModelStride - values.Length]];
            using var parameters = device.UploadEach(models.Select(model => Padded(model.Behavior)));
            using var actions = device.UploadEach(models.Select(model => model.Actions));
            using var states = device.UploadEach(models.Select(model => model.States!));
            using var gradient = device.Allocate<float>(parameters.Length);
            using var loss = device.Allocate<float>(models.Length);
            operations.DenoisingStep(new()
            {
                Parameters = parameters,
                Actions = actions,
                States = states,
                Rows = Tiny.Rows,
                Draws = new(draw, 0.1f),
                Gradient = gradient,
                Loss = loss,
            });
            device.Synchronize();
            Assert.All(loss.ToArray(), value => Assert.True(value > 0));
            return gradient.ToArray();
        }
    }

    private static GpuDevice Device(GpuPrecision precision = GpuPrecision.Fp32)
    {
        var context = Context.Create(builder => builder.EnableAlgorithms().Profiling());
        return new GpuDevice(new IlgpuBackend(new CPUDevice(32, 8, 1).CreateAccelerator(context), null, true), precision);
    }

    private static double Distance(float[] expected, float[] actual) =>
        Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)) / expected.Sum(value => (double)value * value));
}
