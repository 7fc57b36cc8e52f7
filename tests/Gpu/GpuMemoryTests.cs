using EDA.Engine.Stages;
using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Kernels.Gpu.Software;

namespace EDA.Tests.Gpu;

public class GpuMemoryTests
{
    [Fact]
    public void What_a_run_takes_is_told_before()
    {
        var run = BanditBudgets.Smoke with
        {
            Points = 100,
            Width = 32,
            Blocks = 1,
            Behavior = new() { Batch = 300, Steps = 1 },
            Alignment = new() { States = 40, Candidates = 5, Steps = 1 },
            Evaluation = new() { HeldOut = 4096, Samples = 64, SolverEvaluations = 1, SolverOrder = 1, DistancePoints = 16 },
        };
        var backend = new CountingBackend();
        using (var device = new GpuDevice(backend))
        using (var pipeline = new BanditPipeline(device, run))
            pipeline.Run();
        long told = GpuMemory.Training(run.CreateShape(), run.Behavior.Batch, run.Alignment.States, run.Alignment.Candidates, run.Evaluation.Samples);
        Assert.InRange(told, 0.9 * backend.Bytes, backend.Bytes);
    }

    [Fact]
    public void What_no_workspace_can_hold_is_refused_in_one_line()
    {
        var refused = Assert.Throws<DeviceException>(() => GpuMemory.Training(new BdmShape(17, 6, 4096, 4), 4096, 256, 16, 4096));
        Assert.Contains("8 GiB", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0 MiB")]
    [InlineData(300L << 20, "300 MiB")]
    [InlineData(150_323_855_360, "140.0 GiB")]
    public void Bytes_are_told_in_units_for_people(long bytes, string text) => Assert.Equal(text, GpuMemory.Text(bytes));

    private sealed class CountingBackend : SoftwareBackend
    {
        public long Bytes { get; private set; }

        public override GpuArray<T> Allocate<T>(long length)
        {
            Bytes += length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
            return base.Allocate<T>(length);
        }
    }
}
