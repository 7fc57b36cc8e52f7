using EDA.Engine;
using EDA.Engine.Baselines;
using EDA.Engine.Baselines.DiffusionQl;
using EDA.Engine.Baselines.Td3Bc;
using EDA.Engine.Data;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels.Cpu;
using EDA.Tests.Engine;

namespace EDA.Tests.Engine.Baselines;

/// <summary>Runs of TD3+BC and Diffusion-QL from data to scores.</summary>
public sealed class ActorCriticRunTests : IDisposable
{
    private static readonly DatasetTask _task = DatasetTask.Generated[0];

    private static readonly Dictionary<string, MethodSettings> _methods = new()
    {
        ["td3-bc"] = new Td3BcSettings { Batch = 16, Steps = 11, ReportEvery = 3 },
        ["diffusion-ql"] = new DiffusionQlSettings { Batch = 16, Steps = 11, ReportEvery = 3, AverageFrom = 2, CloningSteps = 3, Samples = 5 },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-methods-").FullName;
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 2));

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("td3-bc")]
    [InlineData("diffusion-ql")]
    public void A_run_in_pieces_is_the_run_in_one_piece(string name)
    {
        var run = Tiny(name) with { Evaluation = new() { Episodes = 2, Every = 5 } };
        var scores = new List<double>();
        var whole = Pipeline(run, "whole").Run(observer: new Watcher(progress => scores.AddRange(progress.Metrics.Where(metric => metric.Name == Rollouts.Score).Select(metric => metric.Value))));
        Assert.True(whole.Completed);
        Assert.Equal([Rollouts.Policy], whole.Scores.Keys);
        Assert.Equal(4, scores.Count); // at 0, 5, 10 and the last

        // A new pipeline each time, which has only the folder to go by; it is stopped at odd steps and at even ones.
        int pieces = 0;
        RunResult piece;
        do
        {
            using var source = new CancellationTokenSource();
            piece = Pipeline(run, "pieces").Run(RunStages.Policy, new Watcher(_ => source.Cancel()), source.Token);
        }
        while (++pieces < 20 && !piece.Completed);
        Assert.InRange(pieces, 4, 19);
        var last = Pipeline(run, "pieces").Run();
        StateFiles.RequireSame(At("whole"), At("pieces"));
        Assert.Equal(whole.Scores[Rollouts.Policy].Returns, last.Scores[Rollouts.Policy].Returns);
    }

    [Theory]
    [InlineData("td3-bc")]
    [InlineData("diffusion-ql")]
    public void What_an_episode_gets_depends_on_no_other(string name)
    {
        var run = Tiny(name);
        Pipeline(run, "run").Run(RunStages.Policy);
        var files = Pipeline(run, "run").Files();
        float[] observations = [0.1f, 0.2f, 0, 0, -0.3f, 0.4f, 0.1f, 0, 0.5f, -0.5f, 0, 0.2f], all = new float[6], one = new float[2];
        using var td3 = name == "td3-bc" ? new Td3BcPolicy(_device, files.PolicyWeights, 4, 2, run.CriticWidth) : null;
        using var diffusion = td3 is null ? new DiffusionQlPolicy(_device, files.PolicyWeights, run) : null;
        Act([0, 3, 7], observations, all);
        Act([3], observations.AsSpan(4, 4), one);
        Assert.Equal(all[2..4], one, (expected, actual) => Math.Abs(expected - actual) < 1e-5);
        Act([4], observations.AsSpan(4, 4), one);
        Assert.Equal(td3 is not null, Math.Abs(all[2] - one[0]) < 1e-5); // only Diffusion-QL draws

        void Act(int[] episodes, ReadOnlySpan<float> states, Span<float> actions)
        {
            using var actor = td3 is null ? (IDisposable)new DiffusionQlActor(diffusion!, 9) : new DeterministicActor(_device, 4, 2, td3.Act);
            ((EDA.Engine.Environments.IActor)actor).Act(2, episodes, states, actions);
        }
    }

    [Fact]
    public void A_folder_of_other_settings_or_without_a_policy_is_refused()
    {
        var run = Tiny("td3-bc");
        Assert.Equal(RunStages.Policy, Assert.Throws<UnfinishedStageException>(() => Pipeline(run, "run").Run(RunStages.Evaluate)).Stage);
        Pipeline(run, "run").Run(RunStages.Policy);
        foreach (var other in (RunSettings[])[run with { Method = new Td3BcSettings { Batch = 16, Steps = 11, Alpha = 1 } }, run with { CriticWidth = 64 }])
            Assert.Throws<InvalidFileException>(() => Pipeline(other, "run").Run(RunStages.Policy));
        Assert.Throws<InvalidFileException>(() => new Td3BcPolicy(_device, Pipeline(run, "run").Files().PolicyWeights, 4, 2, 64));
    }

    [Fact]
    public void Budgets_are_the_tasks()
    {
        var umaze = Settings<DiffusionQlSettings>("antmaze-umaze-v2", "diffusion-ql");
        Assert.Equal((0.5, 2.0, false, 1_000_000, RewardTreatment.CentredTimesFour), (umaze.Own.Eta, umaze.Own.GradientBound, umaze.Own.MaxQ, umaze.Own.Steps, umaze.Run.Rewards));
        var play = Settings<DiffusionQlSettings>("antmaze-medium-play-v2", "diffusion-ql");
        Assert.Equal((2.0, 2.0, true, 1e-3), (play.Own.Eta, play.Own.GradientBound, play.Own.MaxQ, play.Own.LearningRate));
        Assert.Equal(0.005, Settings<DiffusionQlSettings>("kitchen-mixed-v0", "diffusion-ql").Own.Eta);
        Assert.Equal(
            [9, 2, 7, 9, 4, 5, 1, 4, 5],
            ((string[])["halfcheetah", "hopper", "walker2d"]).SelectMany(body => ((string[])["medium", "medium-replay", "medium-expert"]).Select(data => Settings<DiffusionQlSettings>($"{body}-{data}-v2", "diffusion-ql").Own.GradientBound)));
        var hopper = Settings<DiffusionQlSettings>("hopper-medium-v2", "diffusion-ql");
        Assert.Equal((1.0, 2_000_000, RewardTreatment.AsIs, 256, 0), (hopper.Own.Eta, hopper.Own.Steps, hopper.Run.Rewards, hopper.Run.CriticWidth, hopper.Own.CloningSteps));
        Assert.False(Settings<DiffusionQlSettings>("pointmaze-umaze", "diffusion-ql").Own.MaxQ);
        Assert.True(Settings<DiffusionQlSettings>("pointmaze-medium", "diffusion-ql").Own.MaxQ);
        Assert.Equal(0.05, Settings<DiffusionQlSettings>("pointmaze-umaze", "diffusion-ql").Own.Eta);

        Assert.Equal((1_000_000, RewardTreatment.AsIs), (Settings<Td3BcSettings>("hopper-medium-v2", "td3-bc").Own.Steps, Settings<Td3BcSettings>("hopper-medium-v2", "td3-bc").Run.Rewards));
        Assert.Equal(RewardTreatment.MinusOne, Settings<Td3BcSettings>("pointmaze-umaze", "td3-bc").Run.Rewards);

        static (RunSettings Run, T Own) Settings<T>(string task, string method)
            where T : MethodSettings
        {
            var run = RunBudgets.Get("paper", RunTask.Table.Find(task), null, Method.Table.Find(method));
            run.Check();
            return (run, (T)run.Method);
        }
    }

    private static RunSettings Tiny(string name) =>
        RunBudgets.Get("smoke", _task, null, Method.Table.Find(name)) with { Rows = 400, CriticWidth = 32, Method = _methods[name], Evaluation = new() { Episodes = 2 } };

    private TestRun Pipeline(RunSettings run, string folder) => new(_device, At(folder), run);

    private string At(string name) => Path.Combine(_folder, name);

    private sealed class Watcher(Action<TrainingProgress> onProgress) : ITrainingObserver
    {
        public void StageStarted(string stage, long step, long total)
        {
        }

        public void Progress(in TrainingProgress progress) => onProgress(progress);

        public void StageFinished(StageResult result)
        {
        }
    }
}
