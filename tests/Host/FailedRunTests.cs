using System.Text.Json;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.Progress;
using EDA.Host.Runs;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Host;

/// <summary>A run that fails keeps what it trained until then.</summary>
public sealed class FailedRunTests : IDisposable
{
    private static readonly RunTask _rings = RunTask.Table.Find("bandit-rings");

    private static readonly RunSettings _tiny = RunBudgets.Get("smoke", _rings) with
    {
        Points = 1000,
        Width = 32,
        Blocks = 1,
        Behavior = new() { Batch = 16, Steps = 4, LearningRate = 1e-3, ReportEvery = 2 },
        Alignment = new() { States = 4, Candidates = 4, Steps = 4, LearningRate = 1e-3, ReportEvery = 2 },
        Evaluation = new() { HeldOut = 64, Samples = 64, DistancePoints = 32 },
    };

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_diverged_alignment_leaves_the_behavior()
    {
        Fail<TrainingDivergedException>("alignment", 2, new TrainingDivergedException("alignment", 2, double.NaN));
        Assert.True(File.Exists(Checkpoint("behavior")));
        Assert.False(File.Exists(Checkpoint("policy")));
        Assert.Contains("alignment diverged", Error(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_diverged_behavior_leaves_none()
    {
        Fail<TrainingDivergedException>("behavior", 2, new TrainingDivergedException("behavior", 2, double.NaN));
        Assert.False(File.Exists(Checkpoint("behavior")));
    }

    [Fact]
    public void Any_other_failure_leaves_the_weights_as_they_were()
    {
        Fail<InvalidOperationException>("alignment", 2, new InvalidOperationException("out of\npaper"));
        Assert.True(File.Exists(Checkpoint("behavior")));
        Assert.True(File.Exists(Checkpoint("policy")));
        Assert.Equal("out of paper", Error());
    }

    [Fact]
    public void A_failed_evaluation_leaves_both()
    {
        Fail<InvalidOperationException>("evaluation", 0, new InvalidOperationException("no ruler"));
        Assert.True(File.Exists(Checkpoint("behavior")));
        Assert.True(File.Exists(Checkpoint("policy")));
        Assert.Equal("no ruler", Error());
    }

    [Theory]
    [InlineData("0x8000000", "memory is short for the points: ")]
    [InlineData("0x4000000", "memory is short")]
    public void Where_memory_is_short_that_is_said(string limit, string words)
    {
        var result = EdaProcess.Run(_folder.Path, new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = limit }, "run", "bandit-moons", "--budget", "smoke", "--set", "points=40000000");
        Assert.Equal(1, result.Status);
        Assert.StartsWith("eda: " + words, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("MiB", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_that_is_gone_ends_nothing()
    {
        var display = new LineDisplay(new GoneWriter());
        display.StageStarted("behavior", 0, 10);
        display.Progress(new TrainingProgress("behavior", 5, 10, 1, [new Metric("loss", 1)]));
        display.Noticed("the disk is slow");
        display.StageFinished(new StageResult("behavior", 10, 10, 2, 1));
    }

    [Theory]
    [InlineData(true, "behavior diverged")]
    [InlineData(false, "alignment diverged")]
    public void Models_that_give_no_numbers_have_diverged(bool breakBehavior, string named)
    {
        using var device = new CpuDevice();
        using var behavior = BottleneckDiffusionModel.Create(device, _tiny.CreateShape(), 0);
        using var policy = behavior.Copy();
        float[] broken = behavior.CloneParameters();
        Array.Fill(broken, float.NaN);
        (breakBehavior ? behavior : policy).SetParameters(broken);
        var dataset = BanditDataset.Create(_tiny.Bandit!, _tiny.Points, 0);
        var error = Assert.Throws<TrainingDivergedException>(() => BanditEvaluation.Measure(_tiny, dataset, behavior, policy));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    private string Checkpoint(string name) => Path.Combine(_folder.At("run"), "checkpoints", name + ".safetensors");

    private string? Error()
    {
        using var result = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.At("run"), "result.json")));
        Assert.True(File.Exists(Path.Combine(_folder.At("run"), "index.html")));
        return result.RootElement.GetProperty("error").GetString();
    }

    private void Fail<T>(string stage, long step, T failure)
        where T : Exception
    {
        var request = new RunRequest { Task = _rings, Budget = "smoke", Device = "cpu", Settings = _tiny, Options = [] };
        Assert.Same(failure, Assert.Throws<T>(() => RunExecution.Begin(request, _folder.At("run"), null, new FailingDisplay(stage, step, failure), default)));
    }

    private sealed class GoneWriter : StringWriter
    {
        public override void WriteLine(string? value) => throw new IOException("Input/output error");
    }

    // Fails where a stage reports a step; at step 0, where it starts.
    private sealed class FailingDisplay(string stage, long step, Exception failure) : IProgressDisplay, ITrainingObserver
    {
        public T Show<T>(Func<ITrainingObserver, T> work) => work(this);

        public void StageStarted(string started, long at, long total) => FailAt(started, at);

        public void Progress(in TrainingProgress progress) => FailAt(progress.Stage, progress.Step);

        public void StageFinished(StageResult result)
        {
        }

        private void FailAt(string at, long reached)
        {
            if (at == stage && reached == step)
                throw failure;
        }
    }
}
