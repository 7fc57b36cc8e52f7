using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>Launches timed one by one, and the loads that show a device's peaks.</summary>
public class LaunchProfileTests
{
    [Fact]
    public void Every_launch_of_an_operation_is_there_in_order_under_its_name()
    {
        using var device = new GpuDevice(new SoftwareBackend());
        using var values = device.Allocate<float>(300);
        using var profile = device.StartProfile();
        for (uint step = 0; step < 2; step++)
        {
            profile.Begin("fill");
            device.Vector.FillNormal(new()
            {
                Values = values,
                Count = 300,
                Draw = new(1, RandomStage.Behavior, step),
                Purpose = RandomPurpose.Noise,
            });
            profile.End();
        }

        Assert.Equal(["set_draw", "fill_normal", "set_draw", "fill_normal"], profile.Launches.Select(launch => launch.Kernel));
        Assert.All(profile.Launches, launch => Assert.Equal("fill", launch.Operation));
        Assert.All(profile.Launches, launch => Assert.True(launch.Seconds > 0));
        Assert.All(profile.Launches.Zip(profile.Launches.Skip(1)), pair => Assert.True(pair.First.Start + pair.First.Seconds <= pair.Second.Start));
        Assert.Equal(4 * 300, profile.Launches[1].Bytes);
        Assert.Equal(0, profile.LateLaunches);
        Assert.Equal(profile.Launches[^1].Start + profile.Launches[^1].Seconds, profile.Elapsed, 1e-12);
    }

    [Fact]
    public void One_profile_at_a_time_and_none_after_its_end()
    {
        using var backend = new SoftwareBackend();
        using var device = new GpuDevice(backend);
        using (device.StartProfile())
        {
            Assert.Throws<InvalidOperationException>(device.StartProfile);
            Assert.NotNull(backend.Observer);
        }

        Assert.Null(backend.Observer);
        device.StartProfile().Dispose();
    }

    [Fact]
    public void Times_are_the_kernels_and_not_the_hosts()
    {
        var backend = new SlowHostBackend(secondsPerLaunch: 50e-6, secondsPerBusyRound: 1);
        using var device = new GpuDevice(backend);
        using var profile = device.StartProfile();
        profile.Begin("copies");
        for (int i = 0; i < 300; i++)
            backend.Copy();
        profile.End();
        // The kernel that keeps the device busy is not among them, and each took as long as the device does.
        Assert.Equal(300, profile.Launches.Count);
        Assert.All(profile.Launches, launch => Assert.Equal(SlowHostBackend.KernelSeconds, launch.Seconds, 1e-9));
        Assert.Equal(0, profile.LateLaunches);
        Assert.Equal(300 * SlowHostBackend.KernelSeconds, profile.Elapsed, 1e-9);
        Assert.Equal(3, backend.BusyRounds.Count);
    }

    [Fact]
    public void Launches_that_the_host_was_too_slow_for_are_counted_and_the_next_batch_gets_more_time()
    {
        var backend = new SlowHostBackend(secondsPerLaunch: 0, secondsPerBusyRound: 1e-15);
        using var device = new GpuDevice(backend);
        using var profile = device.StartProfile();
        for (int i = 0; i < 2; i++)
        {
            profile.Begin("copy");
            backend.Copy();
            profile.End();
        }

        Assert.Equal(2, profile.LateLaunches);
        Assert.True(backend.BusyRounds[1] > backend.BusyRounds[0]);
    }

    [Theory]
    [InlineData(GpuPrecision.Fp32, "multiply_add_loop", "product_fp32_small_store", "copy_loop")]
    [InlineData(GpuPrecision.Tf32, "multiply_add_loop", "tensor_loop_tf32", "product_tf32_small_store", "copy_loop")]
    [InlineData(GpuPrecision.Bf16, "multiply_add_loop", "tensor_loop_bf16", "product_bf16_small_store", "copy_loop")]
    public void Peak_loads_do_the_work_they_say(GpuPrecision precision, params string[] kernels)
    {
        using var device = new GpuDevice(new SoftwareBackend(), precision);
        using var loads = device.CreatePeakLoads();
        using var profile = device.StartProfile();
        foreach (var load in loads.All)
            load.Run();
        profile.End();
        Assert.Equal(kernels, profile.Launches.Select(launch => launch.Kernel));
        Assert.All(loads.All.Zip(profile.Launches), pair => Assert.Equal(pair.First.Work, pair.First.Limit == DeviceLimit.Arithmetic ? pair.Second.Flop : pair.Second.Bytes));
    }

    [Fact]
    public void The_copy_copies_and_the_multiply_adds_add_up()
    {
        using var backend = new SoftwareBackend();
        using var source = backend.Upload<Float4>([.. Enumerable.Range(0, 300).Select(i => new Float4 { X = i, Y = -i, Z = 2 * i, W = 1 })]);
        using var destination = backend.Allocate<Float4>(300);
        backend.Load<CopyLoopArguments>("copy_loop", CopyLoop.GroupSize, CopyLoop.Run)
            .Launch(new GridSize(2), new CopyLoopArguments { Source = source.View, Destination = destination.View }, default);
        Assert.Equal(source.ToArray(), destination.ToArray());

        // By a factor of −2 each of the 128 multiply-adds of a round turns c into −c: after four of each sum, c again.
        using var output = backend.Upload<float>([.. Enumerable.Repeat(7f, MultiplyAddLoop.GroupSize)]);
        var kernel = backend.Load<MultiplyAddArguments>("multiply_add_loop", MultiplyAddLoop.GroupSize, MultiplyAddLoop.Run);
        kernel.Launch(new GridSize(1), new MultiplyAddArguments { Output = output.View, Factor = -2, Rounds = 3 }, default);
        Assert.All(output.ToArray(), value => Assert.Equal(7f, value));
    }

    [Fact]
    public void The_tensor_loops_multiply_all_of_their_fragments()
    {
        // Row g of the left factor is −(4g + c), −1, −1, −1 over four places of c, the right factor 1, 2, 3, 4 everywhere:
        // −Σ_c (4g + c + 9) = −(16g + 42) an element. Over 32 rows and columns, two sums and three rounds; exact in bfloat16 too.
        const float expected = -(4 * ((16 * 28) + (8 * 42)) * 32) * 2 * 3;
        using var backend = new SoftwareBackend();
        foreach (Action<MultiplyAddArguments> loop in (Action<MultiplyAddArguments>[])[TensorLoopTf32.Run, TensorLoopBf16.Run])
        {
            using var output = backend.Allocate<float>(TensorLoop.GroupSize);
            backend.Load("tensor_loop", TensorLoop.GroupSize, loop).Launch(new GridSize(1), new MultiplyAddArguments { Output = output.View, Factor = -1, Rounds = 3 }, default);
            Assert.All(output.ToArray().Chunk(32), warp => Assert.Equal(expected, warp.Sum()));
        }
    }

    /// <summary>
    /// A GPU with a clock of its own, on which every kernel takes two microseconds, and a host that takes its time
    /// for each launch: nothing is computed, only timed.
    /// </summary>
    private sealed class SlowHostBackend(double secondsPerLaunch, double secondsPerBusyRound) : GpuBackend
    {
        public const double KernelSeconds = 2e-6;

        private readonly SoftwareBackend _memory = new();
        private double _host;
        private double _device;

        public List<int> BusyRounds { get; } = [];

        private double SecondsPerLaunch => secondsPerLaunch;

        private double SecondsPerBusyRound => secondsPerBusyRound;

        public override string Name => "slow host";

        public override bool IsAsynchronous => true;

        public void Copy() => Load<CopyLoopArguments>("copy_loop", CopyLoop.GroupSize, CopyLoop.Run).Launch(new GridSize(2), default, default);

        public override GpuArray<T> Allocate<T>(long length) => _memory.Allocate<T>(length);

        public override LoadedKernel<TArguments> Load<TArguments>(string name, int groupSize, Action<TArguments> kernel) => new Kernel<TArguments>(this, name, groupSize);

        public override void Synchronize() => _host = Math.Max(_host, _device);

        public override ITimeMark Mark()
        {
            _host += secondsPerLaunch;
            _device = Math.Max(_device, _host);
            return new Moment(_device);
        }

        protected override void Dispose(bool disposing) => _memory.Dispose();

        private sealed class Kernel<TArguments>(SlowHostBackend backend, string name, int groupSize) : LoadedKernel<TArguments>(backend, name, groupSize)
            where TArguments : struct
        {
            protected override void Run(GridSize grid, in TArguments arguments)
            {
                bool busy = arguments is MultiplyAddArguments && grid == new GridSize(1);
                if (busy)
                    backend.BusyRounds.Add(((MultiplyAddArguments)(object)arguments).Rounds);
                backend._host += backend.SecondsPerLaunch;
                backend._device = Math.Max(backend._device, backend._host) + (busy ? backend.SecondsPerBusyRound * backend.BusyRounds[^1] : KernelSeconds);
            }
        }

        private sealed record Moment(double Time) : ITimeMark
        {
            public double SecondsSince(ITimeMark earlier) => Time - ((Moment)earlier).Time;

            public void Dispose()
            {
            }
        }
    }
}
