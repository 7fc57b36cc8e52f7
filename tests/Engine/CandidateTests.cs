using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Golden;

namespace EDA.Tests.Engine;

/// <summary>Candidates: sampled, labelled, kept in memory or in a file, and drawn as batches.</summary>
public sealed class CandidateTests : IDisposable
{
    private const int StateSize = 3, ActionSize = 2, Candidates = 600, Count = 10;

    private static readonly CandidateSettings _settings = new() { Candidates = Candidates, Evaluations = 2 };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-candidates-").FullName;
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 2));
    private readonly BottleneckDiffusionModel _behavior;
    private readonly Critic _critic;
    private readonly float[] _states = FormulaNumbers.Fill(Count * StateSize, i => FormulaNumbers.Uniform(60, i));

    public CandidateTests()
    {
        _behavior = BottleneckDiffusionModel.Create(_device, new BdmShape(StateSize, ActionSize, 32, 1), 1);
        _critic = Critic.Create(_device, new CriticShape(StateSize, ActionSize, 32), 1);
    }

    public void Dispose()
    {
        _critic.Dispose();
        _behavior.Dispose();
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Samples_are_the_models_wherever_the_work_is_cut()
    {
        var sampling = new CandidateSampling(_settings, _behavior, _states, 9);
        using var whole = sampling.InMemory();
        var observer = new CandidateObserver();
        Assert.True(sampling.Run(whole, observer).Completed);
        Assert.Equal(["started candidates 0/10", "4/10 actions_per_second", "8/10 actions_per_second", "10/10 actions_per_second", "finished candidates 10"], observer.Events);
        float[] expected = _behavior.Sample(Count, Candidates, new RandomDraw(9, RandomStage.Label, 0), _states, DpmSolver.Singlestep(NoiseSchedule.Published, 2, 2));
        Assert.Equal(expected, All(whole));

        using (var cut = sampling.OpenFile(At("actions.npy")))
        {
            using var source = new CancellationTokenSource();
            observer.OnProgress = source.Cancel;
            var result = sampling.Run(cut, observer, source.Token);
            Assert.Equal((4, false), (result.Steps, result.Completed));
        }

        using var resumed = sampling.OpenFile(At("actions.npy"));
        Assert.Equal(4, resumed.Completed);
        sampling.Run(resumed);
        Assert.Equal(expected, All(resumed));

        // The next states of a softmax critic get noise of their own.
        var next = new CandidateSampling(_settings, _behavior, _states, 9, RandomStage.Critic);
        using var other = next.InMemory();
        next.Run(other);
        Assert.NotEqual(expected, All(other));
        Assert.Contains("its stage is Label and not Critic", Assert.Throws<InvalidFileException>(() => next.OpenFile(At("actions.npy"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_are_the_smaller_of_the_target_twins()
    {
        using var candidates = Sampled();
        var labelling = new CandidateLabelling(_critic, _states, candidates);
        using var labels = labelling.OpenFile(At("labels.npy"));
        var observer = new CandidateObserver();
        Assert.True(labelling.Run(labels, observer).Completed);
        Assert.Equal(["started label 0/10", "10/10 label_mean labels_per_second", "finished label 10"], observer.Events);
        Assert.Equal(_critic.Labels(_states, All(candidates), Candidates), All(labels));
    }

    [Fact]
    public void A_critic_that_clips_rates_what_the_environments_would_play()
    {
        using var candidates = Sampled();
        float[] sampled = All(candidates);
        float[] clipped = [.. sampled.Select(value => Math.Clamp(value, -1, 1))];
        Assert.NotEqual(sampled, clipped);
        float[] expected = _critic.Labels(_states, clipped, Candidates);
        new CandidateLabelling(_critic, _states, candidates).OpenFile(At("labels.npy")).Dispose();

        _critic.ClipsActions = true;
        Assert.Equal(expected, _critic.Labels(_states, sampled, Candidates));
        var labelling = new CandidateLabelling(_critic, _states, candidates);
        using var labels = labelling.InMemory();
        labelling.Run(labels);
        Assert.Equal(expected, All(labels));
        Assert.Equal(sampled, All(candidates));
        Assert.Throws<InvalidFileException>(() => labelling.OpenFile(At("labels.npy")));
    }

    [Fact]
    public void Labels_of_another_critic_are_refused()
    {
        using var candidates = Sampled();
        new CandidateLabelling(_critic, _states, candidates).OpenFile(At("labels.npy")).Dispose();
        using var other = Critic.Create(_device, _critic.Shape, 2);
        var labelling = new CandidateLabelling(other, _states, candidates);
        Assert.Contains("its critic is", Assert.Throws<InvalidFileException>(() => labelling.OpenFile(At("labels.npy"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_gives_no_numbers_is_an_error()
    {
        using var sick = BottleneckDiffusionModel.Create(_device, _behavior.Shape, 1);
        float[] parameters = sick.CloneParameters();
        Array.Fill(parameters, float.NaN);
        sick.SetParameters(parameters);
        var sampling = new CandidateSampling(_settings, sick, _states, 9);
        using var store = sampling.InMemory();
        Assert.Throws<TrainingDivergedException>(() => sampling.Run(store));
        Assert.Equal(0, store.Completed);

        using var candidates = Sampled();
        using var sickCritic = Critic.Create(_device, _critic.Shape, 1);
        sickCritic.Target.CopyFrom([float.NaN]);
        var labelling = new CandidateLabelling(sickCritic, _states, candidates);
        using var labels = labelling.InMemory();
        Assert.Throws<TrainingDivergedException>(() => labelling.Run(labels));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Batches_are_those_of_an_array_on_the_device(bool inFile, bool isResident)
    {
        const int k = 4, states = 7;
        float[] numbers = FormulaNumbers.Fill(Count * k * ActionSize, i => FormulaNumbers.Uniform(61, i));
        float[] q = FormulaNumbers.Fill(Count * k, i => FormulaNumbers.Uniform(62, i));
        var identity = new Dictionary<string, string>();
        using var candidates = inFile ? RowStore.OpenFile(At("a.npy"), identity, Count, k, ActionSize) : RowStore.InMemory(Count, k, ActionSize);
        using var labels = inFile ? RowStore.OpenFile(At("q.npy"), identity, Count, k) : RowStore.InMemory(Count, k);
        Assert.Throws<ArgumentException>(() => AlignmentBatches.OfStores(_device, _states, StateSize, candidates, labels));
        candidates.Append(numbers);
        labels.Append(q);
        using var stored = AlignmentBatches.OfStores(_device, _states, StateSize, candidates, labels, new RowMemory(new() { Resident = isResident ? 1 : 0 }));
        Assert.Equal(isResident, stored.IsResident);
        using var resident = AlignmentBatches.OfArrays(_device, numbers, q, ActionSize, k, _states, StateSize);
        Assert.Equal((k, StateSize, ActionSize, Count), (stored.CandidateCount, stored.StateSize, stored.ActionSize, stored.Count));
        for (uint step = 0; step < 3; step++)
        {
            var draw = new RandomDraw(4, RandomStage.Alignment, step);
            int count = step == 2 ? 3 : states;
            var (found, expected) = (stored.Next(count, draw), resident.Next(count, draw));
            Assert.Equal(Start(expected.States!, count * StateSize), Start(found.States!, count * StateSize));
            Assert.Equal(Start(expected.Candidates, count * k * ActionSize), Start(found.Candidates, count * k * ActionSize));
            Assert.Equal(Start(expected.Labels, count * k), Start(found.Labels, count * k));
        }

        static float[] Start(DeviceArray<float> array, int count) => array.ToArray()[..count];
    }

    [Fact]
    public void A_critic_under_training_labels_as_it_is()
    {
        const int k = 3;
        using var candidates = RowStore.InMemory(Count, k, ActionSize);
        candidates.Append(FormulaNumbers.Fill(Count * k * ActionSize, i => FormulaNumbers.Uniform(61, i)));
        using var batches = AlignmentBatches.LabelledAsDrawn(_states, candidates, _critic);
        var draw = new RandomDraw(4, RandomStage.Alignment, 0);
        float[] before = Labels();
        _critic.Target.CopyFrom(_critic.Target.ToArray().Select(x => x * 1.5f).ToArray());
        float[] after = Labels();
        Assert.NotEqual(before, after);

        float[] Labels()
        {
            var batch = batches.Next(5, draw);
            float[] labels = batch.Labels.ToArray();
            Assert.Equal(_critic.Labels(batch.States!.ToArray(), batch.Candidates.ToArray(), k), labels);
            return labels;
        }
    }

    private RowStore Sampled()
    {
        var sampling = new CandidateSampling(_settings, _behavior, _states, 9);
        var store = sampling.InMemory();
        sampling.Run(store);
        return store;
    }

    private static float[] All(RowStore store)
    {
        var values = new float[store.Count * store.RowLength];
        store.Read(0, values);
        return values;
    }

    private string At(string name) => Path.Combine(_folder, name);

    private sealed class CandidateObserver : ITrainingObserver
    {
        public List<string> Events { get; } = [];

        public Action? OnProgress { get; set; }

        public void StageStarted(string stage, long step, long total) => Events.Add($"started {stage} {step}/{total}");

        public void Progress(in TrainingProgress progress)
        {
            Events.Add($"{progress.Step}/{progress.Total} {string.Join(" ", progress.Metrics.Select(metric => metric.Name))}");
            OnProgress?.Invoke();
        }

        public void StageFinished(StageResult result) => Events.Add($"finished {result.Stage} {result.Steps}");
    }
}
