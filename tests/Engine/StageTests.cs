using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Tests.Engine;

/// <summary>The loops on a device whose training steps are simple enough to foresee; real training is in BanditRunTests.</summary>
public sealed class StageTests : IDisposable
{
    private static readonly BdmShape _shape = new(0, 2, 32, 1);
    private static readonly PretrainingSettings _settings = new() { Batch = 8, Steps = 10, LearningRate = 0.01, Schedule = LearningRateSchedule.Cosine, ReportEvery = 3 };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-stages-").FullName;
    private readonly PlainDevice _device = new();

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _device.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    public void Five_and_five_steps_are_ten(double averaging)
    {
        var settings = _settings with { Averaging = averaging };
        float[] whole = Pretrain(settings, stage => stage.Run());
        float[] parts = Pretrain(settings, stage =>
        {
            Assert.Equal(5, stage.Run(until: 5).Steps);
            stage.SaveState(At("state"));
        });
        Assert.NotEqual(whole, parts);
        parts = Pretrain(settings, stage =>
        {
            stage.LoadState(At("state"));
            Assert.Equal(5, stage.Step);
            Assert.True(stage.Run().Completed);
        });
        Assert.Equal(whole, parts);
        Assert.Equal(0, _device.LiveArrays);
    }

    [Fact]
    public void Each_step_has_its_own_random_numbers()
    {
        Pretrain(_settings, stage => stage.Run());
        Assert.Equal(Enumerable.Range(0, 10).Select(i => new RandomDraw(3, RandomStage.Behavior, (uint)i)), _device.Draws);
    }

    [Fact]
    public void Averaging_gives_the_average_and_trains_the_same()
    {
        // Two steps: rates max(r, 9/9) and max(r, 9/10), so the average is w₁ + 0.9 (w₂ − w₁).
        float[] Weights(double averaging, long steps) =>
            Pretrain(_settings with { Averaging = averaging, Schedule = LearningRateSchedule.Constant, Steps = steps }, stage => stage.Run());
        float[] first = Weights(0, 1), second = Weights(0, 2), average = Weights(1e-3, 2);
        for (int i = 0; i < first.Length; i++)
            Assert.Equal(first[i] + (0.9f * (second[i] - first[i])), average[i], 1e-6f);
    }

    [Fact]
    public void The_observer_hears_of_everything()
    {
        var observer = new Recorder();
        StageResult? result = null;
        Pretrain(_settings, stage => result = stage.Run(observer));
        Assert.Equal(["started behavior 0/10", "3/10", "6/10", "9/10", "10/10", "finished behavior 10"], observer.Events);
        Assert.True(result!.Completed);
        Assert.Equal(observer.Losses[^1], result.LastLoss);
        Assert.Equal(["loss", "learning_rate"], observer.Metrics);

        // The reported loss is the mean over the steps since the last report.
        var fine = new Recorder();
        Pretrain(_settings with { ReportEvery = 1 }, stage => stage.Run(fine));
        Assert.Equal(fine.Losses.Take(3).Average(), observer.Losses[0], 1e-6);
        Assert.Equal(fine.Losses.Skip(3).Take(3).Average(), observer.Losses[1], 1e-6);
        Assert.Equal(fine.Losses[9], observer.Losses[3], 1e-6);
    }

    [Fact]
    public void Cancellation_ends_after_the_step_under_way()
    {
        using var source = new CancellationTokenSource();
        var observer = new Recorder { OnProgress = progress => { if (progress.Step == 6) source.Cancel(); } };
        float[] cancelled = Pretrain(_settings, stage =>
        {
            var result = stage.Run(observer, cancellation: source.Token);
            Assert.Equal(6, result.Steps);
            Assert.False(result.Completed);
        });
        Assert.Equal(Pretrain(_settings, stage => stage.Run(until: 6)), cancelled);
        Assert.Equal("finished behavior 6", observer.Events[^1]);
    }

    [Fact]
    public void Divergence_is_an_error()
    {
        // Reports mix the losses; a gradient that overflows shows at the next report.
        using var model = BottleneckDiffusionModel.Create(_device, _shape, 3);
        float[] bad = model.CloneParameters();
        bad[5] = float.NaN;
        model.SetParameters(bad);
        using var data = new BehaviorDataset(_device, [1, 2, 3, 4], 2);
        using var stage = new BehaviorPretraining(_settings, model, data, 3);
        var error = Assert.Throws<TrainingDivergedException>(() => stage.Run());
        Assert.Equal((3, "behavior"), (error.Step, error.Stage));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    public void A_run_goes_on_from_before_its_divergence(double averaging)
    {
        var settings = _settings with { Averaging = averaging };
        var whole = new Recorder();
        float[] expected = Pretrain(settings, stage => stage.Run(whole));
        Pretrain(settings, stage =>
        {
            stage.Run(until: 3);
            stage.SaveState(At("good"));
        });

        var sick = Safetensors.Read(At("good"));
        sick.Tensors.Single(tensor => tensor.Name == "weights").Values[5] = float.NaN;
        Safetensors.Write(At("sick"), sick.Tensors, new Dictionary<string, string>(sick.Metadata.Where(entry => entry.Key != "sha256")) { ["format"] = "eda training state 1" });
        var again = new Recorder();
        float[] actual = Pretrain(settings, stage =>
        {
            stage.LoadState(At("sick"));
            Assert.Throws<TrainingDivergedException>(() => stage.Run());
            stage.LoadState(At("good"));
            Assert.True(stage.Run(again).Completed);
        });
        Assert.Equal(expected, actual);
        Assert.Equal(whole.Losses.Skip(1), again.Losses);
    }

    [Fact]
    public void A_state_goes_on_in_its_own_precision()
    {
        using CpuDevice fp32 = new(new CpuOptions(SimdLevel.Portable, 1)), rounded = new(new CpuOptions(SimdLevel.Portable, 1) { Matrix = new MatrixChoice(CpuPrecision.Bf16x3, MatrixUnit.Managed) });
        Train(rounded, stage =>
        {
            stage.Run(until: 2);
            stage.SaveState(At("rounded"));
        });
        Train(fp32, stage =>
        {
            stage.Run(until: 2);
            stage.SaveState(At("plain"));
            Assert.Contains("its precision is bf16x3-plain and not fp32", Assert.Throws<InvalidFileException>(() => stage.LoadState(At("rounded"))).Message, StringComparison.Ordinal);
        });
        Train(rounded, stage =>
        {
            Assert.Contains("its precision is fp32 and not bf16x3-plain", Assert.Throws<InvalidFileException>(() => stage.LoadState(At("plain"))).Message, StringComparison.Ordinal);
            stage.LoadState(At("rounded"));
            Assert.Equal(2, stage.Step);
        });

        void Train(CpuDevice device, Action<BehaviorPretraining> use)
        {
            using var model = BottleneckDiffusionModel.Create(device, _shape, 3);
            using var data = new BehaviorDataset(device, BanditDataset.Create("rings", 100, 0).Points, 2);
            using var stage = new BehaviorPretraining(_settings, model, data, 3);
            use(stage);
        }
    }

    [Fact]
    public void A_state_of_another_run_is_refused()
    {
        Pretrain(_settings, stage =>
        {
            stage.Run(until: 5);
            stage.SaveState(At("state"));
        });
        void Refuses(PretrainingSettings settings, string reason, ulong seed = 3) =>
            Pretrain(settings, stage => Assert.Contains(reason, Assert.Throws<InvalidFileException>(() => stage.LoadState(At("state"))).Message, StringComparison.Ordinal), seed);
        Refuses(_settings with { Batch = 4 }, "its batch is ");
        Refuses(_settings with { Steps = 11 }, "its steps is ");
        Refuses(_settings, "its seed is 3 and not 4", seed: 4);
        Pretrain(_settings with { ReportEvery = 7 }, stage => stage.LoadState(At("state")));

        using var model = BottleneckDiffusionModel.Create(_device, _shape, 3);
        using var otherData = new BehaviorDataset(_device, [1, 2, 3, 4], 2);
        using var other = new BehaviorPretraining(_settings, model, otherData, 3);
        Assert.Contains("its data", Assert.Throws<InvalidFileException>(() => other.LoadState(At("state"))).Message, StringComparison.Ordinal);

        model.ToWeights().Save(At("weights"));
        Assert.Contains("not a saved state", Assert.Throws<InvalidFileException>(() => other.LoadState(At("weights"))).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => other.LoadState(At("nowhere")));
    }

    [Fact]
    public void A_run_at_constant_rate_may_go_on_for_longer()
    {
        var settings = _settings with { Schedule = LearningRateSchedule.Constant };
        Pretrain(settings, stage =>
        {
            stage.Run();
            stage.SaveState(At("state"));
        });
        float[] longer = Pretrain(settings with { Steps = 15 }, stage =>
        {
            stage.LoadState(At("state"));
            Assert.Equal(15, stage.Run().Steps);
        });
        Assert.Equal(Pretrain(settings with { Steps = 15 }, stage => stage.Run()), longer);
        Pretrain(settings with { Steps = 5 }, stage => Assert.Contains("10 steps old", Assert.Throws<InvalidFileException>(() => stage.LoadState(At("state"))).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Alignment_resumes_exactly_and_leaves_the_behavior_alone()
    {
        var settings = new AlignmentSettings { States = 4, Candidates = 3, Steps = 10, LearningRate = 0.01, Schedule = LearningRateSchedule.Cosine };
        var bandit = BanditDataset.Create("rings", 100, 0);
        using var behavior = BottleneckDiffusionModel.Create(_device, _shape, 0);
        float[] frozen = behavior.CloneParameters();
        float[] Align(Action<PolicyAlignment> use)
        {
            using var policy = behavior.Copy();
            using var batches = AlignmentBatches.OfBandits(_device, [bandit], 3);
            using var stage = new PolicyAlignment(settings, policy, behavior, batches, 1);
            use(stage);
            return policy.CloneParameters();
        }

        float[] whole = Align(stage => stage.Run());
        Align(stage =>
        {
            stage.Run(until: 5);
            stage.SaveState(At("state"));
        });
        Assert.Equal(whole, Align(stage =>
        {
            stage.LoadState(At("state"));
            stage.Run();
        }));
        Assert.Equal(frozen, behavior.CloneParameters());

        behavior.SetParameters([.. frozen.Select(value => value + 1)]);
        Align(stage => Assert.Contains("its data", Assert.Throws<InvalidFileException>(() => stage.LoadState(At("state"))).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Alignment_refuses_what_does_not_fit()
    {
        using var behavior = BottleneckDiffusionModel.Create(_device, _shape, 0);
        using var policy = behavior.Copy();
        using var wide = BottleneckDiffusionModel.Create(_device, new BdmShape(0, 2, 64, 1), 0);
        using var batches = AlignmentBatches.OfBandits(_device, [BanditDataset.Create("rings", 100, 0)], 16);
        var settings = new AlignmentSettings();
        Assert.Throws<ArgumentException>(() => new PolicyAlignment(settings, policy, wide, batches, 0));
        Assert.Throws<ArgumentException>(() => new PolicyAlignment(settings with { Candidates = 4 }, policy, behavior, batches, 0));
        Assert.Throws<InvalidSettingException>(() => new PolicyAlignment(settings with { Objective = ObjectiveKind.Dpo }, policy, behavior, batches, 0));
        using var states = BottleneckDiffusionModel.Create(_device, new BdmShape(1, 2, 32, 1), 0);
        Assert.Throws<ArgumentException>(() => new PolicyAlignment(settings, states, states, batches, 0));
    }

    [Fact]
    public void A_batch_of_a_bandit_is_points_and_their_energies()
    {
        var bandit = BanditDataset.Create("swissroll", 500, 0);
        using var batches = AlignmentBatches.OfBandits(_device, [bandit], 4);
        foreach (int states in new[] { 3, 7, 2 })
        {
            var draw = new RandomDraw(1, RandomStage.Alignment, (uint)states);
            var batch = batches.Next(states, draw);
            Assert.Null(batch.States);
            float[] points = batch.Candidates.ToArray(), energies = batch.Labels.ToArray();
            for (int i = 0; i < states * 4; i++)
            {
                int index = Philox.Index(Philox.Word(draw, RandomPurpose.CandidateIndex, (ulong)i), 500);
                Assert.Equal((bandit.Points[2 * index], bandit.Points[(2 * index) + 1], bandit.Energies[index]), (points[2 * i], points[(2 * i) + 1], energies[i]));
            }
        }
    }

    [Fact]
    public void A_batch_of_a_set_is_its_rows()
    {
        const int n = 20, k = 3, a = 2, s = 4;
        float[] candidates = [.. Enumerable.Range(0, n * k * a).Select(i => (float)i)];
        float[] labels = [.. Enumerable.Range(0, n * k).Select(i => 0.5f * i)];
        float[] states = [.. Enumerable.Range(0, n * s).Select(i => -(float)i)];
        using var set = AlignmentBatches.OfArrays(_device, candidates, labels, a, k, states, s);
        Assert.Equal((n, k, a, s), (set.Count, set.CandidateCount, set.ActionSize, set.StateSize));
        var draw = new RandomDraw(1, RandomStage.Alignment, 9);
        var batch = set.Next(6, draw);
        for (int row = 0; row < 6; row++)
        {
            int index = Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, (ulong)row), n);
            Assert.Equal(candidates[(index * k * a)..((index + 1) * k * a)], batch.Candidates.ToArray()[(row * k * a)..((row + 1) * k * a)]);
            Assert.Equal(labels[(index * k)..((index + 1) * k)], batch.Labels.ToArray()[(row * k)..((row + 1) * k)]);
            Assert.Equal(states[(index * s)..((index + 1) * s)], batch.States!.ToArray()[(row * s)..((row + 1) * s)]);
        }

        Assert.Throws<ArgumentException>(() => AlignmentBatches.OfArrays(_device, candidates, labels, 3, k, states, s));
        Assert.Throws<ArgumentException>(() => AlignmentBatches.OfArrays(_device, candidates, labels, a, k, states, 3));
        Assert.Throws<ArgumentException>(() => AlignmentBatches.OfArrays(_device, candidates, [], a, k));
    }

    [Fact]
    public void A_set_is_known_by_all_its_numbers()
    {
        float[] candidates = [1, 2, 3, 4], labels = [5, 6, 7, 8], states = [9, 10];
        string known = Of(candidates, labels, states);
        Assert.Equal(known, Of(candidates, labels, states));
        Assert.NotEqual(known, Of([1, 2, 3, 0], labels, states));
        Assert.NotEqual(known, Of(candidates, [5, 6, 7, 0], states));
        Assert.NotEqual(known, Of(candidates, labels, [9, 0]));

        // The same numbers in the same order, cut elsewhere.
        using var one = new BehaviorDataset(_device, [1, 2, 3, 4, 5, 6], 2, [7, 8, 9], 1);
        using var other = new BehaviorDataset(_device, [1, 2, 3], 1, [4, 5, 6, 7, 8, 9], 2);
        Assert.NotEqual(one.Fingerprint, other.Fingerprint);

        string Of(float[] candidates, float[] labels, float[] states)
        {
            using var set = AlignmentBatches.OfArrays(_device, candidates, labels, 1, 2, states, 1);
            return set.Fingerprint;
        }
    }

    [Fact]
    public void Data_must_fit_the_network()
    {
        Assert.Throws<ArgumentException>(() => new BehaviorDataset(_device, [1, 2, 3], 2));
        Assert.Throws<ArgumentException>(() => new BehaviorDataset(_device, [], 2));
        Assert.Throws<ArgumentException>(() => new BehaviorDataset(_device, [1, 2], 2, [1, 2, 3], 2));
        using var data = new BehaviorDataset(_device, [1, 2, 3], 1);
        using var model = BottleneckDiffusionModel.Create(_device, _shape, 0);
        Assert.Throws<ArgumentException>(() => new BehaviorPretraining(_settings, model, data, 0));
    }

    [Fact]
    public void Adam_knows_its_own_state()
    {
        using var parameters = _device.Allocate<float>(3);
        using var gradient = _device.Upload<float>([1, -2, 0]);
        using var adam = new Adam(_device, parameters) { LearningRate = 0.5 };
        adam.Step(gradient);
        Assert.Equal(1, adam.StepCount);

        // The first step moves by the learning rate against the gradient's sign.
        float[] moved = parameters.ToArray();
        Assert.Equal(-0.5f, moved[0], 1e-5f);
        Assert.Equal(0.5f, moved[1], 1e-5f);
        Assert.Equal(0, moved[2]);
        var state = adam.ExportState();
        adam.Step(gradient);
        float[] twice = parameters.ToArray();
        parameters.CopyFrom(moved);
        using var other = new Adam(_device, parameters) { LearningRate = 0.5 };
        other.ImportState(state, 1);
        other.Step(gradient);
        Assert.Equal(twice, parameters.ToArray());
        Assert.Throws<ArgumentException>(() => other.ImportState(new Dictionary<string, float[]> { ["first_moment"] = [1] }, 1));
    }

    private float[] Pretrain(PretrainingSettings settings, Action<BehaviorPretraining> use, ulong seed = 3)
    {
        using var model = BottleneckDiffusionModel.Create(_device, _shape, seed);
        using var data = new BehaviorDataset(_device, BanditDataset.Create("moons", 64, 0).Points, 2);
        using var stage = new BehaviorPretraining(settings, model, data, seed);
        use(stage);
        return model.CloneParameters();
    }

    private string At(string name) => Path.Combine(_folder, name);
}
