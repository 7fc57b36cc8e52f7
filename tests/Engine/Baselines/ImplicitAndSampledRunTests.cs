using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Baselines;
using EDA.Engine.Baselines.Gaussian;
using EDA.Engine.Baselines.Idql;
using EDA.Engine.Baselines.Iql;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Experiments;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels.Cpu;
using EDA.Tests.Host;

namespace EDA.Tests.Engine.Baselines;

/// <summary>Runs of iql, gaussian and idql, from data to rollouts.</summary>
public sealed class ImplicitAndSampledRunTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 1));

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("iql", "policy")]
    [InlineData("gaussian", "behavior policy")]
    [InlineData("idql", "behavior policy")]
    public void A_run_in_pieces_is_the_run_in_one_piece(string method, string scores)
    {
        var run = Tiny(method);
        var whole = Of("whole", run).Run();
        Assert.True(whole.Completed);
        Assert.Equal(scores.Split(' '), whole.Scores.Keys);

        // Stopped at its second report, again and again.
        int pieces = 0;
        foreach (var stage in Of("pieces", run).Pipeline.Stages.SkipLast(1))
        {
            RunResult piece;
            do
            {
                using var source = new CancellationTokenSource();
                piece = Of("pieces", run).Run(stage.Name, new Stopper(source), source.Token);
            }
            while (++pieces < 30 && !piece.Completed);
        }

        Assert.InRange(pieces, 4, 29);
        var last = Of("pieces", run).Run();
        StateFiles.RequireSame(_folder.At("whole"), _folder.At("pieces"));
        Assert.All(whole.Scores, score => Assert.Equal(score.Value.Returns, last.Scores[score.Key].Returns));
    }

    [Fact]
    public void What_methods_have_in_common_is_computed_once()
    {
        var (eda, iql, gaussian, idql) = (Keys(Smoke("eda")), Keys(Smoke("iql")), Keys(Smoke("gaussian")), Keys(Smoke("idql")));
        Assert.Equal(eda["critic"], iql["critic"]);
        Assert.Equal(eda["critic"], idql["critic"]);
        Assert.Equal(eda["behavior"], idql["behavior"]);
        Assert.NotEqual(eda["critic"], gaussian["critic"]);

        // How many samples there are to choose from, and which rows the policy has, is no business of what comes before.
        var more = Keys(Smoke("idql") with { Method = new IdqlSettings { Samples = 7 } });
        Assert.Equal((idql["behavior"], idql["critic"]), (more["behavior"], more["critic"]));
        Assert.NotEqual(idql["evaluate"], more["evaluate"]);
        var fewer = Keys(Smoke("iql") with { Labels = new() { Fraction = 0.1 } });
        Assert.Equal(iql["critic"], fewer["critic"]);
        Assert.NotEqual(iql["policy"], fewer["policy"]);
    }

    [Fact]
    public void The_policy_learns_from_a_share_of_the_rows_over_a_critic_of_all()
    {
        var run = Tiny("iql");
        Of("run", run).Run();
        byte[] critic = File.ReadAllBytes(Of("run", run).Files().CriticWeights);
        var few = run with { Labels = new() { Fraction = 0.02 } };
        Assert.Contains("policy.state.safetensors: belongs to another run: its fraction is 1 and not 0.02", Assert.Throws<InvalidFileException>(() => Of("run", few).Run()).Message, StringComparison.Ordinal);
        foreach (string file in Directory.GetFiles(_folder.At("run"), "policy*", SearchOption.AllDirectories))
            File.Delete(file);
        var heard = new List<string>();
        Assert.True(Of("run", few).Run(RunStages.Policy, new Noticing(heard)).Completed);
        Assert.Contains(heard, what => what.EndsWith(" of 5 rows", StringComparison.Ordinal));
        Assert.Equal(critic, File.ReadAllBytes(Of("run", run).Files().CriticWeights));
    }

    [Fact]
    public void Rollouts_along_the_training_change_no_bit_of_it()
    {
        var run = Tiny("iql");
        Of("plain", run).Run();
        var curve = run with { Evaluation = run.Evaluation with { Every = 5 }, Checkpoints = new() { Keep = true } };
        var points = new List<(long Step, double Score)>();
        var result = Of("curve", curve).Run(observer: new Scores(points));
        Assert.Equal([0, 5, 10, 12], points.Select(point => point.Step));
        Assert.Equal(result.Scores[Rollouts.Policy].NormalizedMean, points[^1].Score);
        Assert.Equal(File.ReadAllBytes(Of("plain", run).Files().PolicyWeights), File.ReadAllBytes(Of("curve", run).Files().PolicyWeights));
        Assert.True(File.Exists(Of("curve", run).Files().PolicyWeightsAt(10)));
    }

    [Fact]
    public void Another_number_of_samples_is_measured_anew_and_trained_no_more()
    {
        var run = Tiny("idql");
        Of("run", run).Run();
        var (files, other) = (Of("run", run).Files(), run with { Method = new IdqlSettings { Samples = 9 } });
        DateTime trained = File.GetLastWriteTimeUtc(files.BehaviorState);
        byte[] log = File.ReadAllBytes(files.EvaluationState);
        Of("run", other).Run();
        Assert.Equal(trained, File.GetLastWriteTimeUtc(files.BehaviorState));
        Assert.NotEqual(log, File.ReadAllBytes(files.EvaluationState));
    }

    [Fact]
    public void What_does_not_fit_a_method_is_refused()
    {
        foreach (string method in (string[])["gaussian", "idql"])
        {
            var run = Tiny(method);
            Assert.StartsWith("evaluation.every is 5; allowed is 0 with the method " + method, Assert.Throws<InvalidSettingException>((run with { Evaluation = run.Evaluation with { Every = 5 } }).Check).Message, StringComparison.Ordinal);
        }

        Assert.Equal("critic is 'softmax'; allowed is implicit with the method iql", Assert.Throws<InvalidSettingException>(Tiny("iql").With(CriticMethod.Softmax).Check).Message);
        Assert.Equal(RunStages.Policy, Assert.Throws<UnfinishedStageException>(() => Of("none", Tiny("iql")).Run(RunStages.Evaluate)).Stage);
        Assert.Equal(RunStages.Behavior, Assert.Throws<UnfinishedStageException>(() => Of("none", Tiny("idql")).Run(RunStages.Evaluate)).Stage);
        Of("run", Tiny("gaussian")).Run(RunStages.Policy);
        Assert.Equal([Rollouts.Behavior], Of("run", Tiny("gaussian")).Run(RunStages.Evaluate).Scores.Keys);
    }

    [Fact]
    public void The_paper_budgets_are_their_papers()
    {
        var hopper = DatasetTask.PaperTasks.First(task => task.Name == "hopper-medium-v2");
        var iql = RunBudgets.Get("paper", hopper, method: Method.Iql);
        Assert.Equal(new IqlSettings { AdvantageScale = 3, WeightCap = 100, Batch = 256, Steps = 1_000_000, LearningRate = 3e-4 }, iql.Method);
        Assert.Equal(10, Assert.IsType<IqlSettings>(RunBudgets.Get("paper", DatasetTask.Generated[0], method: Method.Iql).Method).AdvantageScale);
        Assert.Equal(0.5, Assert.IsType<IqlSettings>(RunBudgets.Get("paper", DatasetTask.PaperTasks[^1], method: Method.Iql).Method).AdvantageScale);
        Assert.Equal((1.0, 0), (iql.Labels.Fraction, iql.Labels.MostStates));
        var gaussian = RunBudgets.Get("paper", hopper, method: Method.Gaussian);
        Assert.Equal((16, 16), (gaussian.Critic.Softmax.Candidates, Assert.IsType<GaussianSettings>(gaussian.Method).Samples));
        foreach (var (budget, samples) in new[] { ("paper", 64), ("day", 64), ("hour", 8), ("quick", 8), ("smoke", 4) })
            Assert.Equal(samples, Assert.IsType<IdqlSettings>(RunBudgets.Get(budget, hopper, method: Method.Idql).Method).Samples);
    }

    private static RunSettings Smoke(string method) => RunBudgets.Get("smoke", DatasetTask.Generated[0], method: Method.Table.Find(method));

    private static RunSettings Tiny(string name)
    {
        var run = Smoke(name);
        return run with
        {
            Seed = 5,
            Method = run.Method switch
            {
                GaussianTrainingSettings training => training with { Batch = 16, Steps = 12, ReportEvery = 4 },
                var other => other,
            },
            Width = 32,
            Blocks = 1,
            CriticWidth = 32,
            Rows = 300,
            HeldOut = 20,
            Behavior = new() { Batch = 16, Steps = 12, LearningRate = 1e-3, ReportEvery = 4 },
            Critic = run.Critic with { Batch = 16, Steps = 12, ReportEvery = 4 },
            Evaluation = run.Evaluation with { SolverEvaluations = 2 },
        };
    }

    private static IReadOnlyDictionary<string, string> Keys(RunSettings run) =>
        StageKeys.Of(DatasetTask.Generated[0].Stages([run], new(Environment: EnvironmentCatalogue.Find(run.Environment))), run, "data");

    private TestRun Of(string folder, RunSettings run) => new(_device, _folder.At(folder), run);

    private abstract class Observer : ITrainingObserver
    {
        public void StageStarted(string stage, long step, long total)
        {
        }

        public virtual void Progress(in TrainingProgress progress)
        {
        }

        public void StageFinished(StageResult result)
        {
        }

        public virtual void Noticed(string what)
        {
        }
    }

    private sealed class Stopper(CancellationTokenSource source) : Observer
    {
        private int _reports;

        public override void Progress(in TrainingProgress progress)
        {
            if (++_reports == 2)
                source.Cancel();
        }
    }

    private sealed class Noticing(List<string> heard) : Observer
    {
        public override void Noticed(string what) => heard.Add(what);
    }

    private sealed class Scores(List<(long Step, double Score)> points) : Observer
    {
        public override void Progress(in TrainingProgress progress)
        {
            foreach (var metric in progress.Metrics)
            {
                if (progress.Stage == RunStages.Policy && metric.Name == Rollouts.Score)
                    points.Add((progress.Step, metric.Value));
            }
        }
    }
}
