using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Engine;

/// <summary>The critic's stage: resuming, refusals, divergence, and the alternation with alignment.</summary>
public sealed class CriticTrainingTests : IDisposable
{
    private const int Count = 24, StateSize = 3, ActionSize = 2;

    private static readonly CriticShape _shape = new(StateSize, ActionSize, 32);
    private static readonly BdmShape _policyShape = new(StateSize, ActionSize, 32, 1);
    private static readonly SolverTable _solver = DpmSolver.Singlestep(NoiseSchedule.Published, 3, 2);

    private static readonly CriticSettings _settings = new()
    {
        Batch = 8,
        Steps = 10,
        LearningRate = 1e-3,
        ReportEvery = 3,
        Implicit = new ImplicitQSettings { Policy = PolicyExtraction.AdvantageWeighted },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-critic-").FullName;
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 2));

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Five_and_five_steps_are_ten()
    {
        var whole = Train(_settings, stage => stage.Run());
        var parts = Train(_settings, stage =>
        {
            Assert.Equal(5, stage.Run(until: 5).Steps);
            stage.SaveState(At("state"));
        });
        Assert.NotEqual(whole["twin"], parts["twin"]);
        parts = Train(_settings, stage =>
        {
            stage.LoadState(At("state"));
            Assert.Equal(5, stage.Step);
            Assert.True(stage.Run().Completed);
        });
        foreach (string name in whole.Keys)
            Assert.Equal(whole[name], parts[name]);
    }

    [Fact]
    public void The_observer_hears_means()
    {
        var (coarse, fine) = (new Recorder(), new Recorder());
        Train(_settings, stage => stage.Run(coarse));
        Train(_settings with { ReportEvery = 1 }, stage => stage.Run(fine));
        Assert.Equal(["started critic 0/10", "3/10", "6/10", "9/10", "10/10", "finished critic 10"], coarse.Events);
        Assert.Equal(fine.Losses.Take(3).Average(), coarse.Losses[0], 1e-6);
        Assert.Equal(fine.Losses[9], coarse.Losses[3], 1e-6);
    }

    [Fact]
    public void The_rate_of_v_and_the_twins_follows_its_schedule()
    {
        var warmingUp = _settings with { Schedule = new() { WarmUpSteps = 4 } };
        var (first, plain) = (Train(warmingUp, stage => stage.Run(until: 1)), Train(_settings with { LearningRate = 0.25e-3 }, stage => stage.Run(until: 1)));
        Assert.Equal(plain["twin"], first["twin"]);
        Assert.Equal(plain["value"], first["value"]);
        Assert.NotEqual(Train(_settings, stage => stage.Run(until: 1))["twin"], first["twin"]);

        var rates = new List<double>();
        Train(_settings with { Schedule = LearningRateSchedule.Cosine, ReportEvery = 1 }, stage => stage.Run(new Recorder { OnProgress = progress => rates.Add(progress.Metrics.Single(metric => metric.Name == "learning_rate").Value) }));
        Assert.Equal(Enumerable.Range(0, 10).Select(step => 0.5e-3 * (1 + Math.Cos(Math.PI * step / 10))), rates, (expected, actual) => Math.Abs(expected - actual) < 1e-12);
    }

    [Fact]
    public void Cancellation_ends_after_the_step_under_way()
    {
        using var source = new CancellationTokenSource();
        var observer = new Recorder { OnProgress = progress => { if (progress.Step == 6) source.Cancel(); } };
        var cancelled = Train(_settings, stage => Assert.Equal(6, stage.Run(observer, cancellation: source.Token).Steps));
        Assert.Equal(Train(_settings, stage => stage.Run(until: 6))["twin"], cancelled["twin"]);
    }

    [Fact]
    public void Divergence_is_an_error()
    {
        using var data = Data();
        using var critic = Critic.Create(_device, _shape, 3);
        critic.Twin.CopyFrom([float.NaN], 5);
        var settings = _settings with { Implicit = new ImplicitQSettings() };
        using var learning = new ImplicitQLearning(settings, critic, data);
        using var stage = new CriticTraining(learning, 3);
        var error = Assert.Throws<TrainingDivergedException>(() => stage.Run());
        Assert.Equal((3, "critic"), (error.Step, error.Stage));
    }

    [Fact]
    public void A_state_of_another_run_is_refused()
    {
        Train(_settings, stage =>
        {
            stage.Run(until: 5);
            stage.SaveState(At("state"));
        });
        void Refuses(CriticSettings settings, string reason, ulong seed = 3) =>
            Train(settings, stage => Assert.Contains(reason, Assert.Throws<InvalidFileException>(() => stage.LoadState(At("state"))).Message, StringComparison.Ordinal), seed);
        Refuses(_settings with { Batch = 4 }, "its batch is ");
        Refuses(_settings with { Steps = 11 }, "its steps is "); // the policy's learning rate depends on them
        Refuses(_settings with { Implicit = new ImplicitQSettings { Policy = PolicyExtraction.AdvantageWeighted, Expectile = 0.8 } }, "its implicit.expectile is ");
        Refuses(_settings with { Schedule = LearningRateSchedule.Cosine }, "its schedule.curve is \"constant\" and not \"cosine\"");
        Refuses(_settings, "its seed is 3 and not 4", seed: 4);
        Train(_settings with { ReportEvery = 7, Softmax = new SoftmaxQSettings { Candidates = 3 } }, stage => stage.LoadState(At("state")));

        // Up to version 0.1 a state had no checksum.
        var broken = Safetensors.Read(At("state"));
        Safetensors.Write(At("broken"), [.. broken.Tensors.Where(tensor => tensor.Name != "value.second_moment")], broken.Metadata);
        Safetensors.Write(At("earlier"), [.. broken.Tensors.Where(tensor => tensor.Name != "value.second_moment")], new Dictionary<string, string>(broken.Metadata.Where(entry => entry.Key != "sha256")) { ["format"] = "eda training state 1" });
        Train(_settings, stage => Assert.Contains("is damaged", Assert.Throws<InvalidFileException>(() => stage.LoadState(At("broken"))).Message, StringComparison.Ordinal));
        Train(_settings, stage => Assert.Contains("has no value.second_moment", Assert.Throws<InvalidFileException>(() => stage.LoadState(At("earlier"))).Message, StringComparison.Ordinal));
        Assert.Equal(
            ["policy", "policy.first_moment", "policy.second_moment", "report", "target", "twin", "twin.first_moment", "twin.second_moment", "value", "value.first_moment", "value.second_moment"],
            broken.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_softmax_critic_resumes_too()
    {
        var settings = _settings with { Method = CriticMethod.Softmax, Softmax = new SoftmaxQSettings { Candidates = 3 } };
        float[] Softmax(Action<CriticTraining> use)
        {
            using var data = Data();
            using var samples = RowStore.InMemory(Count, 3, ActionSize);
            samples.Append(Numbers(Count * 3 * ActionSize, 40));
            using var critic = Critic.Create(_device, _shape, 5, hasValue: false);
            using var learning = new SoftmaxQLearning(settings, critic, data, samples);
            using var stage = new CriticTraining(learning, 5);
            use(stage);
            return critic.Target.ToArray();
        }

        float[] whole = Softmax(stage => stage.Run());
        Softmax(stage =>
        {
            stage.Run(until: 4);
            stage.SaveState(At("softmax"));
        });
        Assert.Equal(whole, Softmax(stage =>
        {
            stage.LoadState(At("softmax"));
            stage.Run();
        }));
    }

    [Fact]
    public void An_online_step_backs_up_from_the_rows_own_samples()
    {
        var settings = _settings with { Method = CriticMethod.Online };
        using var data = Data();
        using var policy = BottleneckDiffusionModel.Create(_device, _policyShape, 1);
        using var critic = Critic.Create(_device, _shape, 6, hasValue: false);
        using var other = Critic.Create(_device, _shape, 6, hasValue: false);
        using var learning = new OnlineQLearning(settings, critic, data, policy, _solver);
        using var stage = new CriticTraining(learning, 6);
        stage.Run(until: 1);

        // The same step out of its parts: the rows' next states, one sample each, the backup.
        var draw = new RandomDraw(6, RandomStage.Critic, 0);
        int[] rows = [.. Enumerable.Range(0, 8).Select(i => Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, (ulong)i), Count))];
        float[] nextStates = data.Transitions.NextStates.ToArray();
        float[] sampled = policy.Sample(8, 1, draw, rows.SelectMany(row => nextStates[(row * StateSize)..((row + 1) * StateSize)]).ToArray(), _solver);
        using var actions = _device.Upload<float>(sampled);
        using var indices = _device.Upload<int>(rows);
        using var losses = _device.Allocate<float>(2);
        using var gradient = _device.Allocate<float>(other.Layout.Twin.Length);
        using var first = _device.Allocate<float>(other.Layout.Twin.Length);
        using var second = _device.Allocate<float>(other.Layout.Twin.Length);
        other.Operations.SampledStep(new()
        {
            Batch = new TransitionBatch(data.Transitions, 8, default, indices),
            Backup = new((float)settings.Discount, 1, actions, 1),
            Twin = new TrainedArrays(other.Twin, gradient, first, second),
            Target = other.Target,
            Update = new(new AdamSettings(settings.LearningRate), 1, (float)settings.TargetRate),
            Losses = losses,
        });
        Assert.Equal(other.Twin.ToArray(), critic.Twin.ToArray());
        Assert.Equal(other.Target.ToArray(), critic.Target.ToArray());
    }

    [Fact]
    public void Online_training_alternates_and_resumes()
    {
        var settings = _settings with { Method = CriticMethod.Online, Steps = 6 };
        var alignmentSettings = new AlignmentSettings { Candidates = 3, States = 4, Steps = 6, LearningRate = 1e-3, ReportEvery = 2 };
        using var data = Data();
        using var behavior = BottleneckDiffusionModel.Create(_device, _policyShape, 1);
        float[] states = data.Transitions.States.ToArray();
        using var candidates = new CandidateSampling(new CandidateSettings { Candidates = 3, Evaluations = 3 }, behavior, states, 7).InMemory();
        candidates.Append(Numbers(Count * 3 * ActionSize, 50));

        (float[] Critic, float[] Policy) Online(Action<CriticTraining, PolicyAlignment> use, long steps = 6)
        {
            using var policy = behavior.Copy();
            using var critic = Critic.Create(_device, _shape, 8, hasValue: false);
            using var learning = new OnlineQLearning(settings, critic, data, policy, _solver);
            using var stage = new CriticTraining(learning, 8);
            using var batches = AlignmentBatches.LabelledAsDrawn(states, candidates, critic);
            using var alignment = new PolicyAlignment(alignmentSettings with { Steps = steps }, policy, behavior, batches, 8);
            use(stage, alignment);
            return (critic.Twin.ToArray(), policy.CloneParameters());
        }

        var observer = new Recorder();
        var whole = Online((critic, alignment) =>
        {
            var result = new OnlineTraining(critic, alignment).Run(observer);
            Assert.True(result.Critic.Completed && result.Alignment.Completed);
        });
        Assert.Equal(["started critic 0/6", "started alignment 0/6", "2/6", "3/6", "4/6", "6/6", "6/6", "finished critic 6", "finished alignment 6"], observer.Events);

        var byHand = Online((critic, alignment) =>
        {
            for (int step = 1; step <= 6; step++)
            {
                critic.Run(until: step);
                alignment.Run(until: step);
            }
        });
        Assert.Equal(whole.Critic, byHand.Critic);
        Assert.Equal(whole.Policy, byHand.Policy);

        // Alignment alone, on the critic as it was at first, leads elsewhere; so does a critic on a frozen policy.
        Assert.NotEqual(whole.Policy, Online((_, alignment) => alignment.Run()).Policy);
        Assert.NotEqual(whole.Critic, Online((critic, _) => critic.Run()).Critic);

        Online((critic, alignment) =>
        {
            new OnlineTraining(critic, alignment).Run(until: 4);
            critic.SaveState(At("critic"));
            alignment.SaveState(At("alignment"));
        });
        var resumed = Online((critic, alignment) =>
        {
            critic.LoadState(At("critic"));
            var online = new OnlineTraining(critic, alignment);
            Assert.Throws<InvalidOperationException>(() => online.Run());
            alignment.LoadState(At("alignment"));
            online.Run();
        });
        Assert.Equal(whole.Critic, resumed.Critic);
        Assert.Equal(whole.Policy, resumed.Policy);
        Online((critic, alignment) => Assert.Throws<InvalidSettingException>(() => new OnlineTraining(critic, alignment)), steps: 7);
    }

    private static float[] Numbers(int count, int stream) => EDA.Tests.Golden.FormulaNumbers.Fill(count, i => EDA.Tests.Golden.FormulaNumbers.Uniform(stream, i));

    private TransitionDataset Data() => TransitionDataset.Upload(
        _device,
        Numbers(Count * StateSize, 30),
        Numbers(Count * ActionSize, 31),
        Numbers(Count, 32),
        [.. Enumerable.Range(0, Count).Select(i => i % 5 == 4 ? 1f : 0f)],
        Numbers(Count * StateSize, 33),
        StateSize,
        ActionSize);

    private Dictionary<string, float[]> Train(CriticSettings settings, Action<CriticTraining> use, ulong seed = 3)
    {
        using var data = Data();
        using var critic = Critic.Create(_device, _shape, seed);
        using var policy = DeterministicPolicy.Create(_device, _shape, seed);
        using var learning = new ImplicitQLearning(settings, critic, data, policy);
        using var stage = new CriticTraining(learning, seed);
        use(stage);
        return new Dictionary<string, float[]>
        {
            ["twin"] = critic.Twin.ToArray(),
            ["target"] = critic.Target.ToArray(),
            ["value"] = critic.Value!.ToArray(),
            ["policy"] = policy.Parameters.ToArray(),
        };
    }

    private string At(string name) => Path.Combine(_folder, name);
}
