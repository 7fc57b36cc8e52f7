using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Tests.Engine;
using EDA.Tests.Golden;
using EDA.Tests.Host;
using EDA.Tests.Kernels;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>Replayed operations do what launched ones do, at every step, and recordings are kept as long as they are good.</summary>
[Trait("speed", "slow")]
public sealed class RecordingTests
{
    private static readonly RunSettings Run = RunBudgets.Get("smoke", BanditTask.Each[0]) with
    {
        Points = 500,
        Width = 32,
        Blocks = 1,
        Behavior = new() { Batch = 9, Steps = 7, LearningRate = 1e-2, Schedule = LearningRateSchedule.Cosine, Averaging = 0.1, ReportEvery = 3 },
        Alignment = new() { States = 3, Candidates = 3, Steps = 7, LearningRate = 1e-2, Schedule = LearningRateSchedule.Cosine, Averaging = 0.1, ReportEvery = 3 },
        Evaluation = new() { HeldOut = 16, Samples = 16, DistancePoints = 16 },
    };

    private static readonly BdmShape Shape = new(0, 2, 32, 1);

    [Fact]
    public void Training_with_replay_is_training_without()
    {
        var plain = Train(new SoftwareBackend());
        var backend = new RecordingBackend();
        var replayed = Train(backend);
        Assert.Equal(plain.Losses, replayed.Losses);
        Assert.Equal(plain.Behavior, replayed.Behavior);
        Assert.Equal(plain.Policy, replayed.Policy);
        Assert.Equal(plain.Samples, replayed.Samples);

        // Of seven steps of each stage, the first launches and all others replay; each model samples once.
        Assert.Equal(12, backend.Replays);
        Assert.Equal(0, backend.Live);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void What_cannot_be_recorded_runs_all_the_same(bool mayBegin, bool canRecord)
    {
        var backend = new RecordingBackend { MayBegin = mayBegin, CanRecord = canRecord };
        Assert.Equal(Train(new SoftwareBackend()).Policy, Train(backend).Policy);
        Assert.Equal((0, 0), (backend.Replays, backend.Live));

        // Tried once for each operation, not at each step.
        Assert.Equal(2, backend.Failures);
    }

    // The very first fails, or the one of a later step; of the other operation then the first.
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void What_cannot_be_replayed_is_launched_instead(int replays)
    {
        var backend = new RecordingBackend { MostReplays = replays };
        Assert.Equal(Train(new SoftwareBackend()).Policy, Train(backend).Policy);
        Assert.Equal((replays, 0, 0, 2), (backend.Replays, backend.Live, backend.Count, backend.Failures));
    }

    [Fact]
    public void Other_arrays_sizes_or_constants_are_other_recordings()
    {
        var backend = new RecordingBackend();
        using var device = new GpuDevice(backend);
        using var operations = device.CreateBdm(Shape, VarianceSchedule.Published);
        using var plain = new GpuDevice(new SoftwareBackend());
        using var expected = plain.CreateBdm(Shape, VarianceSchedule.Published);
        using Arrays mine = new(device, operations.Layout), others = new(device, operations.Layout), theirs = new(plain, expected.Layout);
        for (uint step = 0; step < 4; step++)
        {
            foreach (var (arrays, rows, dropout) in new[] { (mine, 6, 0f), (others, 6, 0f), (mine, 5, 0f), (mine, 6, 0.5f) })
            {
                var draws = new DenoisingDraws(new RandomDraw(1, RandomStage.Behavior, step), dropout);
                operations.DenoisingStep(new()
                {
                    Parameters = arrays.Weights,
                    Actions = arrays.Actions,
                    States = null,
                    Rows = rows,
                    Draws = draws,
                    Gradient = arrays.Gradient,
                    Loss = arrays.Loss,
                });
                expected.DenoisingStep(new()
                {
                    Parameters = theirs.Weights,
                    Actions = theirs.Actions,
                    States = null,
                    Rows = rows,
                    Draws = draws,
                    Gradient = theirs.Gradient,
                    Loss = theirs.Loss,
                });
                Assert.Equal(theirs.Gradient.ToArray(), arrays.Gradient.ToArray());
                Assert.Equal(theirs.Loss.ToArray(), arrays.Loss.ToArray());
            }
        }

        Assert.Equal(4, backend.Count);
        Assert.Equal(12, backend.Replays);

        // A larger batch takes another workspace, which no recording knows.
        operations.DenoisingStep(new()
        {
            Parameters = mine.Weights,
            Actions = mine.Actions,
            States = null,
            Rows = 8,
            Draws = new(new RandomDraw(1, RandomStage.Behavior, 0)),
            Gradient = mine.Gradient,
            Loss = mine.Loss,
        });
        Assert.Equal((0, 0), (backend.Count, backend.Live));
    }

    [Fact]
    public void The_recording_not_used_for_longest_makes_room()
    {
        var backend = new RecordingBackend(capacity: 3);
        using var device = new GpuDevice(backend);
        using var operations = device.CreateBdm(Shape, VarianceSchedule.Published);
        using var arrays = new Arrays(device, operations.Layout);
        void Step(int rows) =>
            operations.DenoisingStep(new()
            {
                Parameters = arrays.Weights,
                Actions = arrays.Actions,
                States = null,
                Rows = rows,
                Draws = new(new RandomDraw(1, RandomStage.Behavior, 0)),
                Gradient = arrays.Gradient,
                Loss = arrays.Loss,
            });
        foreach (int rows in new[] { 8, 8, 7, 7, 6, 6, 8 })
            Step(rows);
        Assert.Equal((3, 3), (backend.Count, backend.Live));
        Step(5);
        Assert.Equal((2, 2), (backend.Count, backend.Live));
        int replays = backend.Replays;
        Step(8);
        Step(6);
        Assert.Equal(replays + 2, backend.Replays);
        Step(7);
        Assert.Equal(replays + 2, backend.Replays);
        operations.Dispose();
        Assert.Equal(0, backend.Live);
    }

    [Fact]
    public void An_exception_ends_the_recording_it_cuts_short()
    {
        var recorder = new Recorder();
        var recordings = new Recordings<int>(recorder);
        int launches = 0;
        void Run(int call, bool fails = false) => recordings.Run(this, new Call(call, null), (_, in _) =>
        {
            launches++;
            if (fails)
                throw new InvalidOperationException();
        });

        // The first launches, the second is to be recorded and fails: what comes next does not become part of it.
        Run(1);
        Assert.Throws<InvalidOperationException>(() => Run(1, fails: true));
        Assert.Equal(["begin", "end", "discard 1"], recorder.Calls);
        Run(2);
        Run(1);
        Run(1);
        Assert.Equal(["begin", "end", "replay 2", "replay 2"], recorder.Calls.Skip(3));
        Assert.Equal(4, launches);
    }

    /// <summary>A launch that depends on anything but the call is found at the first replay that would hide it: a value, an array, one launch more.</summary>
    [Theory]
    [InlineData("value", "launch 0, clip_elements, would now be given another Bound")]
    [InlineData("array", "launch 0, clip_elements, would now be given another Source")]
    [InlineData("more", "there are 1 launches, and would now be 2")]
    [InlineData("nothing", null)]
    public void What_a_recording_does_not_know_is_found(string changes, string? found)
    {
        using var backend = new RecordingBackend();
        using var first = backend.Allocate<float>(32);
        using var second = backend.Allocate<float>(32);
        var kernel = backend.Load<ClipArguments>("clip_elements", VectorKernel.GroupSize, ClipElements.Run);
        var (array, value, launches) = (first, 1f, 1);
        void Run() => backend.Run(this, new Call(1, null), (_, in _) =>
        {
            for (int i = 0; i < launches; i++)
                kernel.Launch(new GridSize(1), new ClipArguments { Source = array.View, Destination = array.View, Bound = value }, default);
        });

        for (int call = 0; call < 3; call++)
            Run();
        Assert.Equal(2, backend.Replays);
        (array, value, launches) = (changes == "array" ? second : array, changes == "value" ? 2 : value, changes == "more" ? 2 : launches);
        if (found is null)
            Run();
        else
            Assert.EndsWith(found, Assert.Throws<InvalidOperationException>(Run).Message, StringComparison.Ordinal);
        Assert.Equal(found is null ? 3 : 2, backend.Replays);
    }

    [Fact]
    public void A_replay_allocates_nothing()
    {
        var recordings = new Recordings<int>(new Recorder { Writes = false });
        var table = SolverTables.FirstOrder(2);
        void Run()
        {
            for (int call = 0; call < 3; call++)
                recordings.Run(this, new Call(call, table), static (me, in call) => { });
        }

        Run();
        Run();
        Assert.Equal(3, recordings.Count);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static (float[] Behavior, float[] Policy, float[] Samples, List<double> Losses) Train(GpuBackend backend)
    {
        var recorder = new EDA.Tests.Engine.Recorder();
        using var folder = new ScratchFolder();
        using var device = new GpuDevice(backend);
        var run = new TestRun(device, folder.Path, Run);
        var result = run.Run(observer: recorder);
        return (run.Behavior(), run.Policy(), result.Exact!.PolicySamples, recorder.Losses);
    }

    private readonly record struct Call(int Number, SolverTable? Table);

    private sealed class Arrays(IDevice device, BdmLayout layout) : IDisposable
    {
        private static readonly BdmInputs Inputs = new(new BdmProblem("recording", 170, 0, 2, 32, 1, Rows: 8, StateCount: 2, CandidateCount: 4));

        public DeviceArray<float> Weights { get; } = device.Upload<float>(Inputs.Behavior);

        public DeviceArray<float> Actions { get; } = device.Upload<float>(Inputs.Actions);

        public DeviceArray<float> Gradient { get; } = device.Allocate<float>(layout.Length);

        public DeviceArray<float> Loss { get; } = device.Allocate<float>(1);

        public void Dispose()
        {
            Weights.Dispose();
            Actions.Dispose();
            Gradient.Dispose();
            Loss.Dispose();
        }
    }

    private sealed class Recorder : IRecorder<int>
    {
        private int _made;

        public List<string> Calls { get; } = [];

        public bool Writes { get; init; } = true;

        public bool TryBegin()
        {
            Write("begin");
            return true;
        }

        public bool TryEnd(out int recording)
        {
            Write("end");
            recording = ++_made;
            return true;
        }

        public bool TryReplay(int recording)
        {
            if (Writes)
                Write($"replay {recording}");
            return true;
        }

        public void Discard(int recording) => Write($"discard {recording}");

        private void Write(string call)
        {
            if (Writes)
                Calls.Add(call);
        }
    }
}
