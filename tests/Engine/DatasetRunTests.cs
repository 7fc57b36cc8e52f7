using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Data.Formats;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Engine;

/// <summary>A run on a dataset: all stages, one stage at a time, and interrupted wherever it may be.</summary>
[Trait("speed", "slow")]
public sealed class DatasetRunTests : IDisposable
{
    private static readonly RunSettings _tiny = DatasetTask.Generated[0].Paper() with
    {
        Seed = 5,
        Width = 32,
        Blocks = 1,
        CriticWidth = 32,
        Rows = 400,
        HeldOut = 30,
        Behavior = new() { Batch = 16, Steps = 12, LearningRate = 1e-3, ReportEvery = 4 },
        Critic = new() { Batch = 16, Steps = 12, ReportEvery = 4, Softmax = new() { Candidates = 2 }, Implicit = new() { Policy = PolicyExtraction.AdvantageWeighted } },
        Labels = new() { MostStates = 20, Evaluations = 2 },
        Alignment = new() { States = 4, Candidates = 400, Steps = 6, LearningRate = 1e-3, ReportEvery = 2 },
        Evaluation = new() { Episodes = 2, Candidates = 2, SolverEvaluations = 2 },
    };

    private static readonly WeightedSettings _weighted = new() { Training = new() { Batch = 16, Steps = 12, LearningRate = 1e-3, ReportEvery = 4 } };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-offline-").FullName;
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 2));

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("implicit", false)]
    [InlineData("implicit", true)]
    [InlineData("softmax", false)]
    [InlineData("online", false)]
    public void A_run_in_pieces_is_the_run_in_one_piece(string method, bool weighted)
    {
        var run = _tiny.With(CriticMethod.Table.Find(method));
        if (weighted)
            run = run with { Weighted = _weighted, Evaluation = run.Evaluation with { Acting = new() { Samples = 2 } } };
        var whole = Pipeline(run, "whole").Run();
        Assert.True(whole.Completed);
        string[] only = [.. weighted ? [] : (string[])[Rollouts.PolicyBest, Rollouts.Weighted, Rollouts.WeightedBest], .. method == "implicit" ? [] : (string[])[Rollouts.Implicit]];
        Assert.Equal(Rollouts.Names.Except(only).Order(), whole.Scores.Keys.Order());

        // A new pipeline each time, which has only the folder to go by, which has its rows now on the device and now in files,
        // and which is stopped at its second report.
        int pieces = 0;
        foreach (var stage in Pipeline(run, "pieces").Pipeline.Stages.SkipLast(1))
        {
            RunResult piece;
            do
            {
                using var source = new CancellationTokenSource();
                int reports = 0;
                piece = Pipeline(run with { Memory = new() { Resident = pieces % 2 } }, "pieces").Run(stage.Name, new Watcher(_ => CancelAt(++reports, source)), source.Token);
            }
            while (++pieces < 40 && !piece.Completed);
        }

        Assert.InRange(pieces, 5, 39);
        var last = Pipeline(run, "pieces").Run();
        StateFiles.RequireSame(At("whole"), At("pieces"));
        Assert.All(whole.Scores, score => Assert.Equal(score.Value.Returns, last.Scores[score.Key].Returns));
        Assert.All(whole.Scores, score => Assert.Equal(score.Value.Lengths, last.Scores[score.Key].Lengths));

        static void CancelAt(int report, CancellationTokenSource source)
        {
            if (report == 2)
                source.Cancel();
        }
    }

    [Fact]
    public void Stages_report_and_leave_their_files()
    {
        var metrics = new List<string>();
        var stages = new List<string>();
        var result = Pipeline(_tiny, "run").Run(observer: new Watcher(progress =>
        {
            if (stages.LastOrDefault() != progress.Stage)
                stages.Add(progress.Stage);
            metrics.AddRange(progress.Metrics.Select(metric => $"{progress.Stage}/{metric.Name}"));
        }));
        string[] order = ["behavior", "critic", "candidates", "label", "alignment", "evaluation"];
        Assert.Equal(order, stages);
        Assert.Equal(order, result.Stages.Select(stage => stage.Stage));
        string[] reported = ["behavior/held_out_loss", "critic/next_value", "critic/policy_loss", "candidates/actions_per_second", "label/label_mean", "evaluation/policy_rs4_normalized_mean", "evaluation/policy_rejection_normalized_mean"];
        Assert.All(reported, name => Assert.Contains(name, metrics));
        Assert.NotEqual(BdmWeights.Load(Files("run").BehaviorWeights).Parameters, BdmWeights.Load(Files("run").PolicyWeights).Parameters);
        Assert.Equal(4, DeterministicPolicyWeights.Load(Files("run").ImplicitPolicyWeights).Shape.StateSize);
        Assert.Equal(4, CriticWeights.Load(Files("run").CriticWeights).Layout.Shape.StateSize);
    }

    [Fact]
    public void A_stage_wants_the_one_before_it_finished()
    {
        var pipeline = Pipeline(_tiny, "run");
        Missing(RunStages.Evaluate, RunStages.Behavior);
        Missing(RunStages.Label, RunStages.Behavior);
        pipeline.Run(RunStages.Behavior);
        Missing(RunStages.Label, RunStages.Critic);
        Missing(RunStages.Align, RunStages.Label);
        pipeline.Run(RunStages.Critic);
        Missing(RunStages.Align, RunStages.Label);
        pipeline.Run(RunStages.Label);
        pipeline.Run(RunStages.Align);

        // A longer pretraining is not the one that the rest was made from.
        var longer = Pipeline(_tiny with { Behavior = _tiny.Behavior with { Steps = 13 } }, "run");
        Assert.Contains("behavior has 12 of 13 steps", Assert.Throws<UnfinishedStageException>(() => longer.Run(RunStages.Label)).Message, StringComparison.Ordinal);
        longer.Run(RunStages.Behavior);
        Assert.Contains("belongs", Assert.Throws<InvalidFileException>(() => longer.Run(RunStages.Align)).Message, StringComparison.Ordinal);

        void Missing(string asked, string missing) =>
            Assert.Equal(missing, Assert.Throws<UnfinishedStageException>(() => pipeline.Run(asked)).Stage);
    }

    [Fact]
    public void What_was_done_with_other_settings_is_refused_by_every_stage()
    {
        Pipeline(_tiny, "run").Run();
        var expectile = _tiny with { Critic = _tiny.Critic with { Implicit = _tiny.Critic.Implicit with { Expectile = 0.9 } } };
        var sharper = _tiny with { Alignment = _tiny.Alignment with { Temperature = 5 } };
        var slower = _tiny with { Behavior = _tiny.Behavior with { LearningRate = 1e-4 } };
        string[] stages = [.. Pipeline(_tiny, "run").Pipeline.Stages.Select(stage => stage.Name)];
        foreach (string stage in stages)
        {
            Refused(expectile, stage, "critic.state.safetensors: belongs to another run: its implicit.expectile is 0.7 and not 0.9");
            Refused(sharper, stage, "alignment.state.safetensors: belongs to another run: its temperature is 1 and not 5");
            Refused(slower, stage, "behavior.state.safetensors: belongs to another run: its learningRate is 0.001 and not 0.0001");
            Refused(_tiny with { Labels = _tiny.Labels with { Evaluations = 3 } }, stage, "candidates.npy: belongs to another run: its evaluations is 2 and not 3");
            Refused(_tiny with { Labels = _tiny.Labels with { MostStates = 19 } }, stage, "candidates.npy: belongs to another run: it is of 20 states and not 19");
        }

        // Another seed in this seed's folder.
        Directory.Move(Path.Combine(At("run"), "5"), Path.Combine(At("run"), "6"));
        foreach (string stage in stages)
            Refused(_tiny with { Seed = 6 }, stage, "its seed is 5 and not 6");
        Directory.Move(Path.Combine(At("run"), "6"), Path.Combine(At("run"), "5"));

        // How often to report changes no number, and longer training at a constant rate is the same training.
        Assert.True(Pipeline(_tiny with { Behavior = _tiny.Behavior with { ReportEvery = 1 }, Alignment = _tiny.Alignment with { Steps = 8 } }, "run").Run().Completed);

        void Refused(RunSettings run, string stage, string line) =>
            Assert.Contains(line, Assert.Throws<InvalidFileException>(() => Pipeline(run, "run").Run(stage)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labelling_that_is_stopped_before_the_first_label_is_not_done()
    {
        var pipeline = Pipeline(_tiny, "run");
        pipeline.Run(RunStages.Behavior);
        pipeline.Run(RunStages.Critic);
        using var source = new CancellationTokenSource();
        var stopped = pipeline.Run(RunStages.Label, new Watcher(progress => CancelAt(progress, source)), source.Token);
        Assert.Equal([CandidateSampling.StageName, CandidateLabelling.StageName], stopped.Stages.Select(stage => stage.Stage));
        Assert.Equal((20, 0), (stopped.Stages[0].Steps, stopped.Stages[1].Steps));
        Assert.False(stopped.Completed);
        Assert.True(pipeline.Run(RunStages.Label).Completed);

        static void CancelAt(TrainingProgress progress, CancellationTokenSource source)
        {
            if (progress.Stage == CandidateSampling.StageName && progress.Step == progress.Total)
                source.Cancel();
        }
    }

    [Fact]
    public void Evaluation_takes_what_there_is()
    {
        var pipeline = Pipeline(_tiny, "run");
        pipeline.Run(RunStages.Critic);
        Assert.Equal([Rollouts.Implicit], pipeline.Run(RunStages.Evaluate).Scores.Keys);
        pipeline.Run(RunStages.Behavior);
        Assert.Equal(["behavior", "behavior_rejection", "iql"], pipeline.Run(RunStages.Evaluate).Scores.Keys.Order());
    }

    [Fact]
    public void Weighted_rows_come_between_the_critic_and_the_candidates()
    {
        var run = _tiny with { Weighted = _weighted };
        var pipeline = Pipeline(run, "run");
        Assert.Equal([RunStages.Behavior, RunStages.Critic, RunStages.Weigh, RunStages.Label, RunStages.Align, RunStages.Evaluate], pipeline.Pipeline.Stages.Select(stage => stage.Name));
        pipeline.Run(RunStages.Behavior);
        Assert.Equal(RunStages.Critic, Assert.Throws<UnfinishedStageException>(() => pipeline.Run(RunStages.Weigh)).Stage);
        pipeline.Run(RunStages.Critic);
        Assert.Equal(RunStages.Weigh, Assert.Throws<UnfinishedStageException>(() => pipeline.Run(RunStages.Label)).Stage);
        pipeline.Run(RunStages.Weigh);
        Assert.Equal(["behavior", "behavior_rejection", "iql", "weighted"], pipeline.Run(RunStages.Evaluate).Scores.Keys.Order());
        Assert.NotEqual(BdmWeights.Load(Files("run").BehaviorWeights).Parameters, BdmWeights.Load(Files("run").WeightedWeights).Parameters);

        // Candidates are its samples, and the policy begins where it ended: at a rate of nothing it stays there.
        var still = run with { Alignment = run.Alignment with { LearningRate = 1e-30 } };
        Pipeline(still, "run").Run(RunStages.Label);
        Assert.True(Pipeline(still, "run").Run(RunStages.Align).Completed);
        Assert.Equal(BdmWeights.Load(Files("run").WeightedWeights).Parameters, BdmWeights.Load(Files("run").PolicyWeights).Parameters);
        Pipeline(_tiny, "plain").Run();
        Assert.Equal(BdmWeights.Load(Files("plain").BehaviorWeights).Parameters, BdmWeights.Load(Files("run").BehaviorWeights).Parameters);
        Assert.NotEqual(File.ReadAllBytes(Files("plain").Candidates), File.ReadAllBytes(Files("run").Candidates));

        // Another processor has other last bits in the weights; what is done is done all the same.
        using (var other = new CpuDevice(new CpuOptions(SimdLevel.Portable, 1)))
            Assert.True(new TestRun(other, At("run"), still).Run().Completed);

        // A sharper weight is another model.
        var sharper = run with { Weighted = _weighted with { AdvantageScale = 10 } };
        Assert.Contains("advantageScale is 3 and not 10", Assert.Throws<InvalidFileException>(() => Pipeline(sharper, "run").Run(RunStages.Weigh)).Message, StringComparison.Ordinal);

        // Weights that have no sum are said so.
        var without = run with { Weighted = _weighted with { AdvantageScale = 1e300, WeightCap = double.MaxValue } };
        Pipeline(without, "without").Run(RunStages.Behavior);
        Pipeline(without, "without").Run(RunStages.Critic);
        Assert.Contains("weighted.advantageScale", Assert.Throws<TrainingDivergedException>(() => Pipeline(without, "without").Run(RunStages.Weigh)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_a_critic_with_a_value_weighs_rows()
    {
        foreach (var method in (CriticMethod[])[CriticMethod.Softmax, CriticMethod.Online])
        {
            string message = Assert.Throws<InvalidSettingException>(() => (_tiny.With(method) with { Weighted = _weighted }).Check()).Message;
            Assert.Contains("weighted.training.steps is 12", message, StringComparison.Ordinal);
            Assert.Contains(method.Name, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_online_critic_has_no_stage_of_its_own()
    {
        var pipeline = Pipeline(_tiny.With(CriticMethod.Online), "run");
        Assert.Contains("behavior, label, align, evaluate", Assert.Throws<InvalidSettingException>(() => pipeline.Run(RunStages.Critic)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_users_labels_take_the_place_of_the_critic(bool winners)
    {
        // Two candidates for each state, and the one that pushes to the right is the better one.
        string path = Path.Combine(_folder, "own.npz");
        const int Count = 12;
        using (var file = new NpzWriter(path))
        {
            file.Write("states", [Count, 4], Enumerable.Range(0, Count * 4).Select(i => 1 + (0.1f * (i % 7))).ToArray());
            file.Write("candidates", [Count, 2, 2], Enumerable.Range(0, Count).SelectMany(i => i % 2 == 0 ? (float[])[0.8f, 0, -0.8f, 0] : [-0.8f, 0, 0.8f, 0]).ToArray());
            if (winners)
                file.Write("winner", [Count], Enumerable.Range(0, Count).Select(i => (float)(i % 2)).ToArray());
            else
                file.Write("q", [Count, 2], Enumerable.Range(0, Count).SelectMany(i => i % 2 == 0 ? (float[])[1, 0] : [0, 1]).ToArray());
        }

        var run = _tiny with { Alignment = new() { Objective = winners ? ObjectiveKind.Dpo : ObjectiveKind.Value, Candidates = 2, States = 8, Steps = 150, LearningRate = 1e-3, ReportEvery = 10 } };
        var labels = UserLabels.Load(path);
        var pipeline = Pipeline(run, "run", labels);
        Assert.Equal([RunStages.Behavior, RunStages.Align, RunStages.Evaluate], pipeline.Pipeline.Stages.Select(stage => stage.Name));
        pipeline.Run(RunStages.Behavior);
        Assert.True(pipeline.Run(RunStages.Align).Completed);
        using var behavior = BottleneckDiffusionModel.FromWeights(_device, BdmWeights.Load(Files("run").BehaviorWeights));
        using var policy = BottleneckDiffusionModel.FromWeights(_device, BdmWeights.Load(Files("run").PolicyWeights));
        float[] states = [.. Enumerable.Range(0, 200 * 4).Select(i => 1 + (0.1f * (i % 7)))];
        Assert.True(Push(policy) > Push(behavior) + 0.1, $"{Push(policy)} after {Push(behavior)}");
        Assert.Equal(["behavior", "policy"], pipeline.Run(RunStages.Evaluate).Scores.Keys.Order());

        // Winners without numbers are nothing for the value objective.
        if (winners)
            Assert.Throws<InvalidFileException>(() => Pipeline(run with { Alignment = run.Alignment with { Objective = ObjectiveKind.Value } }, "run", labels).Run());

        // What was aligned on these is not gone on with on the critic's.
        pipeline = Pipeline(run, "run");
        pipeline.Run(RunStages.Critic);
        pipeline.Run(RunStages.Label);
        Assert.Contains("its data is", Assert.Throws<InvalidFileException>(() => pipeline.Run(RunStages.Align)).Message, StringComparison.Ordinal);

        double Push(BottleneckDiffusionModel model)
        {
            float[] actions = model.Sample(200, 1, new RandomDraw(3, RandomStage.Sampling, 0), states);
            return Enumerable.Range(0, 200).Average(i => Math.Clamp(actions[2 * i], -1, 1));
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused_first()
    {
        var dataset = GeneratedDataset.Create(_tiny);
        var task = DatasetTask.AnyFile.In("hopper");
        var hopper = RunBudgets.Get("smoke", task);
        string message = Assert.Throws<InvalidFileException>(() => task.Check(hopper, new(dataset, EnvironmentCatalogue.Find("hopper")))).Message;
        Assert.Contains("observations has 4 columns; hopper has 11", message, StringComparison.Ordinal);
        var flat = _tiny with { Rewards = RewardTreatment.ReturnRange, Rows = 100 };
        Assert.Contains("range of returns", Assert.Throws<InvalidFileException>(() => DatasetTask.Generated[0].Check(flat, new(GeneratedDataset.Create(flat), EnvironmentCatalogue.Find(flat.Environment)))).Message, StringComparison.Ordinal);
    }

    private TestRun Pipeline(RunSettings run, string folder, UserLabels? labels = null) => new(_device, At(folder), run) { Labels = labels };

    private StageFiles Files(string folder) => Pipeline(_tiny, folder).Files();

    private string At(string folder) => Path.Combine(_folder, folder);
}
