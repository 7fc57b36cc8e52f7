using System.Text.Json;
using EDA.Engine;
using EDA.Engine.Baselines;
using EDA.Engine.Critics;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.Runs;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Engine.Baselines;

/// <summary>Every method beside EDA through its whole run: trained, rolled out, interrupted, and its settings as documents have them.</summary>
[Trait("speed", "slow")]
public sealed class MethodRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("eda-methods-").FullName;
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 2));

    public static TheoryData<string> Methods => [.. Method.Table.All.Where(method => method != Method.Eda && method.Kinds.Contains(RunKind.Dataset)).Select(method => method.Name)];

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_run_in_pieces_is_the_run_in_one_piece(string name)
    {
        var run = Tiny(Method.Table.Find(name));
        var whole = Run(run, "whole").Run();
        Assert.True(whole.Completed);
        Assert.Contains("policy", whole.Scores.Keys);
        Assert.All(whole.Scores.Values, score => Assert.Equal(run.Evaluation.Episodes, score.Episodes));

        // A new pipeline each time, stopped at its second report.
        int pieces = 0;
        bool isDone;
        do
        {
            using var source = new CancellationTokenSource();
            int reports = 0;
            isDone = Run(run, "pieces").Run(observer: new Watcher(progress => StopAt(progress, ++reports, source)), cancellation: source.Token).Completed;
        }
        while (++pieces < 40 && !isDone);

        Assert.InRange(pieces, 2, 39);
        StateFiles.RequireSame(Path.Combine(_folder, "whole"), Path.Combine(_folder, "pieces"));

        static void StopAt(TrainingProgress progress, int reports, CancellationTokenSource source)
        {
            if (reports == 2 && progress.Stage != "evaluation")
                source.Cancel();
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_curve_of_its_training_changes_nothing(string name)
    {
        var run = Tiny(Method.Table.Find(name));
        if (run.Method.CountSteps() == 0 || name == "gaussian")
            return;
        Run(run, "plain").Run();
        var scores = new List<long>();
        Run(run with { Evaluation = run.Evaluation with { Every = 5 } }, "curve").Run(observer: new Watcher(progress =>
        {
            if (progress.Stage == RunStages.Policy && progress.Metrics.Any(metric => metric.Name == "score"))
                scores.Add(progress.Step);
        }));
        Assert.Equal([0, 5, 10, 12], scores);
        StateFiles.RequireSame(Path.Combine(_folder, "plain"), Path.Combine(_folder, "curve"));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Every_budget_has_settings_that_fit(string name)
    {
        foreach (var task in DatasetTask.Generated.Concat(DatasetTask.PaperTasks))
        {
            foreach (string budget in RunBudgets.NamesOf(RunKind.Dataset))
            {
                var run = RunBudgets.Get(budget, task, null, Method.Table.Find(name));
                run.Check();
                Assert.Equal(name, run.Method.Row.Name);

                // What a method does not look at is as it is by default, so that config.json holds all there is.
                Assert.Equal(run, SettingPaths.Document(run).Deserialize<RunSettings>(SettingPaths.Json));
            }
        }
    }

    [Fact]
    public void A_critic_that_a_method_does_not_take_is_refused()
    {
        var task = DatasetTask.Generated[0];
        Assert.Equal("critic is 'online'; allowed is implicit, softmax with the method qgpo", Assert.Throws<InvalidSettingException>(() => RunBudgets.Get("smoke", task, CriticMethod.Online, Method.Qgpo)).Message);
        Assert.StartsWith("method is 'qgpo'; allowed is one of eda", Assert.Throws<InvalidSettingException>(() => RunBudgets.Get("smoke", BanditTask.Each[0], null, Method.Qgpo)).Message, StringComparison.Ordinal);
    }

    private static RunSettings Tiny(Method method)
    {
        var smoke = RunBudgets.Get("smoke", DatasetTask.Generated[0], null, method);
        var run = smoke with
        {
            Seed = 5,
            Width = 32,
            Blocks = 1,
            CriticWidth = 32,
            Rows = 400,
            HeldOut = 30,
            Behavior = new() { Batch = 16, Steps = 12, LearningRate = 1e-3, ReportEvery = 4 },
            Critic = smoke.Critic with { Batch = 16, Steps = 12, ReportEvery = 4 },
            Labels = new() { MostStates = 40, Evaluations = 2 },
            Method = smoke.Method.WithSteps(12),
            Evaluation = new() { Episodes = 2, SolverEvaluations = 2 },
        };
        return SettingPaths.Knows(RunKind.Dataset, method, "method.reportEvery") ? SettingPaths.Apply(run, "method.reportEvery=4") : run;
    }

    private TestRun Run(RunSettings run, string name) => new(_device, Path.Combine(_folder, name), run);
}
