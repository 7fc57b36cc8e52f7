using System.Runtime.CompilerServices;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Tests.Engine;
using EDA.Tests.Host;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

[Trait("speed", "slow")]
public class GpuMemoryTests
{
    [Theory]
    [InlineData(300, 40, GpuPrecision.Fp32)]
    [InlineData(300, 40, GpuPrecision.Fp16)]
    [InlineData(16384, 4, GpuPrecision.Fp32)]
    [InlineData(3, 3000, GpuPrecision.Fp32)]
    public void What_the_largest_stage_takes_is_told_before(int batch, int states, GpuPrecision precision)
    {
        var run = RunBudgets.Get("smoke", BanditTask.Each[0]) with
        {
            Points = 100,
            Width = 32,
            Blocks = 1,
            Behavior = new() { Batch = batch, Steps = 1 },
            Alignment = new() { States = states, Candidates = 5, Steps = 1 },
            Evaluation = new() { HeldOut = 4096, Samples = 64, SolverEvaluations = 1, SolverOrder = 1, DistancePoints = 16 },
        };
        using var folder = new ScratchFolder();
        var taken = new List<long>();
        foreach (string stage in (string[])[RunStages.Behavior, RunStages.Align, RunStages.Evaluate])
        {
            var backend = new CountingBackend();
            using (var device = new GpuDevice(backend, precision))
                new TestRun(device, folder.Path, run).Run(stage);
            Assert.Equal(0, backend.HeldArrays);
            taken.Add(backend.Bytes);
        }

        long told = GpuMemory.Training(run.CreateShape(), run.Behavior.Batch, run.Alignment.States, run.Alignment.Candidates, run.Evaluation.Samples, precision);
        Assert.InRange(told, 0.9 * taken.Max(), taken.Max());
    }

    [Fact]
    public void An_array_lives_until_it_is_given_back_though_only_its_view_is_used()
    {
        using var backend = new SoftwareBackend();
        var (weak, view) = Upload(backend);
        CollectAll();
        Assert.Equal(1, backend.HeldArrays);
        Assert.Equal(2, view[1]);
        GiveBack(weak);
        Assert.Equal(0, backend.HeldArrays);
        CollectAll();
        Assert.False(weak.TryGetTarget(out _));
    }

    [Fact]
    public void An_array_that_could_not_be_made_is_not_held()
    {
        using var backend = new SoftwareBackend();
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.Allocate<float>(-1));
        using var array = backend.Allocate<float>(4);
        using (array.Slice(1, 2))
            Assert.Equal(1, backend.HeldArrays);
        Assert.Equal(1, backend.HeldArrays);
    }

    [Fact]
    public void What_no_workspace_can_hold_is_refused_in_one_line()
    {
        var refused = Assert.Throws<DeviceException>(() => GpuMemory.Training(new BdmShape(17, 6, 4096, 4), 4096, 256, 16, 4096, GpuPrecision.Fp32));
        Assert.Contains("8 GiB", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0 MiB")]
    [InlineData(300L << 20, "300 MiB")]
    [InlineData(150_323_855_360, "140.0 GiB")]
    public void Bytes_are_told_in_units_for_people(long bytes, string text) => Assert.Equal(text, GpuMemory.Text(bytes));

    // Not inlined: no variable of the caller's may hold the array.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference<GpuArray<float>> Array, ArrayView<float> View) Upload(SoftwareBackend backend)
    {
        var array = backend.Upload<float>([1, 2, 3]);
        return (new WeakReference<GpuArray<float>>(array), array.View);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GiveBack(WeakReference<GpuArray<float>> weak)
    {
        Assert.True(weak.TryGetTarget(out var array));
        array.Dispose();
    }

    private static void CollectAll()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    private sealed class CountingBackend : SoftwareBackend
    {
        public long Bytes { get; private set; }

        public override GpuArray<T> Allocate<T>(long length)
        {
            Bytes += length * Unsafe.SizeOf<T>();
            return base.Allocate<T>(length);
        }
    }
}
