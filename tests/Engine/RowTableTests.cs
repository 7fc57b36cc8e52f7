using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Gpu;
using EDA.Tests.Golden;
using EDA.Tests.Gpu;

namespace EDA.Tests.Engine;

/// <summary>
/// What steps draw their rows from, candidates with states and labels or next actions: on the device, where a step copies
/// nothing, or in files that are read a step ahead. The two give the same bits, whatever the timing.
/// </summary>
public sealed class RowTableTests : IDisposable
{
    private const int StateSize = 3, ActionSize = 2, Candidates = 3, Count = 50, States = 4, Steps = 30;

    private static readonly RowMemory _onDevice = new(new MemorySettings()), _onHost = new(new MemorySettings { Resident = 0 });
    private static readonly BdmShape _shape = new(StateSize, ActionSize, 32, 1);
    private static readonly CriticShape _criticShape = new(StateSize, ActionSize, 32);
    private static readonly AlignmentSettings _alignment = new() { States = States, Candidates = Candidates, Steps = Steps, LearningRate = 1e-3, ReportEvery = 10 };
    private static readonly CriticSettings _critic = new() { Method = CriticMethod.Softmax, Batch = 8, Steps = Steps, ReportEvery = 10, Softmax = new() { Candidates = Candidates } };
    private static readonly float[] _states = Numbers(Count * StateSize, 60), _candidates = Numbers(Count * Candidates * ActionSize, 61), _labels = Numbers(Count * Candidates, 62);

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-rows-").FullName;

    public static TheoryData<string> Kinds => ["labels from a store", "labels as drawn", "user labels", "bandit", "next actions"];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Twenty_steps_copy_nothing_but_their_losses(string kind)
    {
        // At the end of a report its means come to the host, and at the beginning of the next they are set to zero.
        int means = kind == "next actions" ? 2 : 1, columns = kind switch { "labels as drawn" or "bandit" => 2, "next actions" => 1, _ => 3 };
        Assert.Equal(Enumerable.Repeat<long>(means, 4), Copies(_onDevice));
        Assert.Equal(4 + (20 * columns), Copies(_onHost).Count);

        List<long> Copies(RowMemory memory)
        {
            var backend = new ObservedBackend();
            using var device = new GpuDevice(backend);
            using var stage = new OpenStage(device, kind, memory, _folder);
            stage.Training.Run(until: 10); // a device makes tables when it first needs them
            backend.Copies.Clear();
            Assert.True(stage.Training.Run(until: 30).Completed);
            return [.. backend.Copies];
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Wherever_the_rows_are_the_weights_are_the_same(string kind)
    {
        Same(() => new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 2)));
        Same(() => new GpuDevice(new LeakCheckedBackend()));

        void Same(Func<IDevice> create)
        {
            using var device = create();
            float[] expected = Train(_onDevice, stage => stage.Training.Run());
            Assert.Equal(expected, Train(_onHost, stage => stage.Training.Run()));

            // Begun in one way, saved, and gone on with in the other.
            foreach (var (first, second) in new[] { (_onDevice, _onHost), (_onHost, _onDevice), (_onHost, _onHost) })
            {
                Train(first, stage =>
                {
                    stage.Training.Run(until: 7);
                    stage.Save(At("state"));
                });
                Assert.Equal(expected, Train(second, stage =>
                {
                    stage.Load(At("state"));
                    stage.Training.Run();
                }));
            }

            float[] Train(RowMemory memory, Action<OpenStage> use)
            {
                using var stage = new OpenStage(device, kind, memory, _folder);
                use(stage);
                return stage.Weights;
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Rows_are_right_whether_the_draw_was_foreseen_or_not(int models)
    {
        using var device = new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 1));
        BanditDataset[] bandits = [.. Enumerable.Range(0, models).Select(m => BanditDataset.Create("rings", 90, (ulong)m))];
        using var resident = AlignmentBatches.OfBandits(device, bandits, Candidates, _onDevice);
        using var read = AlignmentBatches.OfBandits(device, bandits, Candidates, _onHost);
        Assert.Equal((true, false), (resident.IsResident, read.IsResident));
        Assert.Equal((90, 0, ActionSize, Candidates, models), (read.Count, read.StateSize, read.ActionSize, read.CandidateCount, read.Models));
        Assert.Equal(resident.FingerprintOf(models - 1), read.FingerprintOf(models - 1));

        // In a row; the same again; back; another size; another seed; part of a longer run; the last step there can be.
        (int Count, RandomDraw Draw)[] asked =
        [
            .. Enumerable.Range(0, 5).Select(step => (4, Draw((uint)step))), (4, Draw(4)), (4, Draw(2)), (5, Draw(3)), (5, Draw(4)), (5, Draw(5, seed: 8)),
            (5, Draw(6) with { FirstElement = 4 }), (3, Draw(uint.MaxValue)), (3, Draw(0)),
        ];
        foreach (var (count, draw) in asked)
        {
            var (expected, found) = (resident.Next(count, draw), read.Next(count, draw));
            Assert.Null(found.States);
            Assert.Equal(expected.Candidates.ToArray(), found.Candidates.ToArray());
            Assert.Equal(expected.Labels.ToArray(), found.Labels.ToArray());
            Assert.Equal(models * count * Candidates, found.Labels.Length);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => read.Next(0, Draw(0)));

        static RandomDraw Draw(uint step, ulong seed = 7) => new(seed, RandomStage.Alignment, step);
    }

    [Fact]
    public void What_cannot_be_read_ahead_fails_the_step_that_needs_it_and_only_once()
    {
        using var device = new GpuDevice(new LeakCheckedBackend());
        using var candidates = Store("candidates.npy", _candidates, Candidates, ActionSize);
        using var labels = Store("labels.npy", _labels, Candidates);
        using var batches = AlignmentBatches.OfStores(device, _states, StateSize, candidates, labels, _onHost);
        batches.Next(States, new RandomDraw(1, RandomStage.Alignment, 0));

        // Step 1 may have been read by now; what is read ahead after that cannot be.
        labels.Dispose();
        uint failed = Enumerable.Range(1, 2).Select(step => (uint)step).First(step => Record.Exception(() => Next(step)) is ObjectDisposedException);

        // Tried again, or another, a step reads for itself.
        Assert.Throws<ObjectDisposedException>(() => Next(failed));
        Assert.Throws<ObjectDisposedException>(() => Next(failed + 7));

        void Next(uint step) => batches.Next(States, new RandomDraw(1, RandomStage.Alignment, step));
    }

    [Fact]
    public void The_rows_of_the_next_step_are_read_before_it_asks()
    {
        using var device = new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 1));
        using var resident = AlignmentBatches.OfArrays(device, _candidates, _labels, ActionSize, Candidates, _states, StateSize);
        RandomDraw first = new(1, RandomStage.Alignment, 0), second = first with { Step = 1 };
        float[] expected = resident.Next(States, second).Labels.ToArray();

        // From the store as it is when the step asks nothing can be read any more. The other thread is given time until it has.
        Assert.Contains((int[])[1, 10, 100, 1000, 5000], milliseconds =>
        {
            using var candidates = Store("candidates.npy", _candidates, Candidates, ActionSize);
            using var labels = Store("labels.npy", _labels, Candidates);
            using var batches = AlignmentBatches.OfStores(device, _states, StateSize, candidates, labels, _onHost);
            batches.Next(States, first);
            Thread.Sleep(milliseconds);
            labels.Dispose();
            float[]? found = null;
            return Record.Exception(() => found = batches.Next(States, second).Labels.ToArray()) is null && expected.SequenceEqual(found!);
        });
    }

    [Fact]
    public void Given_back_in_the_middle_of_reading_nothing_hangs_or_stays()
    {
        var random = new Random(1);
        for (int round = 0; round < 200; round++)
        {
            using var device = new GpuDevice(new LeakCheckedBackend());
            using var candidates = Store("candidates.npy", _candidates, Candidates, ActionSize);
            using var labels = Store("labels.npy", _labels, Candidates);
            using var batches = AlignmentBatches.OfStores(device, _states, StateSize, candidates, labels, _onHost);
            for (int step = 0; step <= round % 3; step++)
                batches.Next(1 + random.Next(200), new RandomDraw(1, RandomStage.Alignment, (uint)step));
        }
    }

    [Fact]
    public void What_does_not_fit_stays_on_the_host()
    {
        Assert.Equal(1024, new MemorySettings().Resident);
        Assert.Equal("resident is -1; allowed is a whole number from 0 to 1048576", Assert.Throws<InvalidSettingException>(() => new MemorySettings { Resident = -1 }).Message);
        Assert.Equal("resident is 1048577; allowed is a whole number from 0 to 1048576", Assert.Throws<InvalidSettingException>(() => new MemorySettings { Resident = 1048577 }).Message);

        // A state's row, its candidates and their labels are 8 numbers: 32768 of them are the whole of a MiB.
        using var device = new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 1));
        Assert.True(IsResident(32768, 1));
        Assert.False(IsResident(32769, 1));
        Assert.True(IsResident(32769, 2));
        Assert.False(IsResident(1, 0));

        bool IsResident(int states, int mebibytes)
        {
            using var batches = AlignmentBatches.OfArrays(device, new float[4 * states], new float[2 * states], 2, 2, new float[2 * states], 2, new RowMemory(new() { Resident = mebibytes }));
            return batches.IsResident;
        }
    }

    [Fact]
    public void Where_the_device_has_no_room_that_is_said_once_and_the_rows_stay_on_the_host()
    {
        var backend = new ObservedBackend { MostElements = _candidates.Length - 1 };
        using var device = new GpuDevice(backend);
        int held = backend.HeldArrays;
        var heard = new List<string>();
        using var batches = AlignmentBatches.OfArrays(device, _candidates, _labels, ActionSize, Candidates, _states, StateSize, _onDevice with { Notice = heard.Add });
        Assert.False(batches.IsResident);
        Assert.Equal($"1 MiB of rows stay on the host, and are read a step ahead: no room for {_candidates.Length} elements", Assert.Single(heard));
        Assert.Equal(held, backend.HeldArrays);

        backend.MostElements = long.MaxValue;
        using var resident = AlignmentBatches.OfArrays(device, _candidates, _labels, ActionSize, Candidates, _states, StateSize, _onDevice with { Notice = heard.Add });
        Assert.Equal((true, 1), (resident.IsResident, heard.Count));
        var draw = new RandomDraw(1, RandomStage.Alignment, 0);
        Assert.Equal(resident.Next(States, draw).Candidates.ToArray(), batches.Next(States, draw).Candidates.ToArray());
    }

    [Fact]
    public void Rows_on_the_device_need_their_stores_no_longer()
    {
        using var device = new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 1));
        using var candidates = Store("candidates.npy", _candidates, Candidates, ActionSize);
        using var labels = Store("labels.npy", _labels, Candidates);
        using var batches = AlignmentBatches.OfStores(device, _states, StateSize, candidates, labels);
        candidates.Dispose();
        labels.Dispose();
        Assert.Equal(States * Candidates, batches.Next(States, new RandomDraw(1, RandomStage.Alignment, 0)).Labels.Length);
    }

    [Fact]
    public void Names_of_the_contents_are_those_of_earlier_versions()
    {
        using var device = new CpuDevice(new CpuOptions(CpuOptions.BestSimd, 1));
        using var critic = Critic.Create(device, _criticShape, 1, hasValue: false);
        using var candidates = Store("candidates.npy", _candidates, Candidates, ActionSize);
        using var labels = Store("labels.npy", _labels, Candidates);
        using var arrays = AlignmentBatches.OfArrays(device, _candidates, _labels, ActionSize, Candidates, _states, StateSize);
        using var stores = AlignmentBatches.OfStores(device, _states, StateSize, candidates, labels);
        using var drawn = AlignmentBatches.LabelledAsDrawn(_states, candidates, critic);
        using var bandits = AlignmentBatches.OfBandits(device, [BanditDataset.Create("checkerboard", Count, 3)], Candidates);
        Assert.Equal(
            ("9ff2fc3bdf339527", "59378eb0e6a74639 56212089d5c505e7 845645351fad2b18", "59378eb0e6a74639 56212089d5c505e7 labelled as drawn", "c6626185f6710201"),
            (arrays.Fingerprint, stores.Fingerprint, drawn.Fingerprint, bandits.Fingerprint));
    }

    private string At(string name) => Path.Combine(_folder, name);

    private RowStore Store(string name, float[] values, params int[] rowShape) => Store(At(name), values, rowShape, values.Length / rowShape.Aggregate((product, size) => product * size));

    private static RowStore Store(string path, float[] values, int[] rowShape, int count)
    {
        var store = RowStore.OpenFile(path, new Dictionary<string, string>(), count, rowShape);
        if (!store.IsComplete)
            store.Append(values);
        return store;
    }

    private static float[] Numbers(int count, int stream) => FormulaNumbers.Fill(count, i => FormulaNumbers.Uniform(stream, i));

    /// <summary>A stage that draws its rows from a table, with all that it needs.</summary>
    private sealed class OpenStage : IDisposable
    {
        private readonly Stack<IDisposable> _owned = [];

        public OpenStage(IDevice device, string kind, RowMemory memory, string folder)
        {
            if (kind == "next actions")
            {
                var data = Own(TransitionDataset.Upload(device, _states, Numbers(Count * ActionSize, 63), Numbers(Count, 64), new float[Count], Numbers(Count * StateSize, 65), StateSize, ActionSize));
                var trained = Own(Critic.Create(device, _criticShape, 5, hasValue: false));
                var learning = Own(new SoftmaxQLearning(_critic, trained, data, Own(Store(Path.Combine(folder, "next.npy"), _candidates, [Candidates, ActionSize], Count)), memory: memory));
                var critic = Own(new CriticTraining(learning, 5));
                (Training, Save, Load) = (critic, critic.SaveState, path => critic.LoadState(path));
                _weights = () => [.. trained.Twin.ToArray(), .. trained.Target.ToArray()];
                return;
            }

            var behavior = Own(BottleneckDiffusionModel.Create(device, kind == "bandit" ? new BdmShape(0, ActionSize, 32, 1) : _shape, 1));
            var policy = Own(behavior.Copy());
            var batches = Own(Batches(device, kind, memory, folder));
            Assert.Equal(memory == _onDevice, batches.IsResident);
            var alignment = Own(new PolicyAlignment(_alignment, policy, behavior, batches, 5));
            (Training, Save, Load) = (alignment, alignment.SaveState, path => alignment.LoadState(path));
            _weights = policy.CloneParameters;
        }

        private readonly Func<float[]> _weights;

        public TrainingStage Training { get; }

        public Action<string> Save { get; }

        public Action<string> Load { get; }

        public float[] Weights => _weights();

        public void Dispose()
        {
            while (_owned.TryPop(out var owned))
                owned.Dispose();
        }

        private AlignmentBatches Batches(IDevice device, string kind, RowMemory memory, string folder)
        {
            RowStore Candidates() => Own(Store(Path.Combine(folder, "candidates.npy"), _candidates, [RowTableTests.Candidates, ActionSize], Count));
            return kind switch
            {
                "labels from a store" => AlignmentBatches.OfStores(device, _states, StateSize, Candidates(), Own(Store(Path.Combine(folder, "labels.npy"), _labels, [RowTableTests.Candidates], Count)), memory),
                "labels as drawn" => AlignmentBatches.LabelledAsDrawn(_states, Candidates(), Own(Critic.Create(device, _criticShape, 2, hasValue: false)), memory),
                "user labels" => new UserLabels(
                    "own.npz",
                    new NamedTensor("states", [Count, StateSize], _states),
                    new NamedTensor("candidates", [Count, RowTableTests.Candidates, ActionSize], _candidates),
                    new NamedTensor("q", [Count, RowTableTests.Candidates], _labels),
                    null).ToBatches(device, memory),
                "bandit" => AlignmentBatches.OfBandits(device, [BanditDataset.Create("moons", Count, 3)], RowTableTests.Candidates, memory),
                _ => throw new ArgumentException(kind, nameof(kind)),
            };
        }

        private T Own<T>(T owned)
            where T : IDisposable
        {
            _owned.Push(owned);
            return owned;
        }
    }
}
