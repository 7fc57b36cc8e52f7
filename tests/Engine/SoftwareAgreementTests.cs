using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Gpu;
using EDA.Tests.Gpu;
using EDA.Tests.Host;

namespace EDA.Tests.Engine;

/// <summary>The stages by the GPU's kernels and by the CPU's, step for step, at sizes that fill no tile.</summary>
public sealed class SoftwareAgreementTests
{
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData("8gaussians", 32, 2)]
    [InlineData("moons", 96, 1)]
    public void Twenty_steps_of_each_stage_come_to_the_same_parameters(string bandit, int width, int blocks)
    {
        var run = new RunSettings
        {
            Bandit = bandit,
            Seed = 11,
            Points = 1003,
            Width = width,
            Blocks = blocks,
            Behavior = new() { Batch = 67, Steps = 20, LearningRate = 1e-3, Schedule = LearningRateSchedule.Cosine, ReportEvery = 7 },
            Alignment = new() { States = 9, Candidates = 5, Steps = 20, LearningRate = 1e-3, Averaging = 0.2, ReportEvery = 7 },
            Evaluation = new() { HeldOut = 17, Samples = 19, DistancePoints = 16 },
        };
        var cpu = Train(new CpuDevice(), run);
        var software = Train(new GpuDevice(new LeakCheckedBackend()), run);
        AssertClose(cpu.Start, cpu.Behavior, software.Behavior, "behavior");
        AssertClose(cpu.Behavior, cpu.Policy, software.Policy, "policy");
        for (int i = 0; i < cpu.Losses.Count; i++)
            Assert.Equal(cpu.Losses[i], software.Losses[i], Tolerance * Math.Abs(cpu.Losses[i]));
    }

    [Theory]
    [InlineData("implicit")]
    [InlineData("softmax")]
    [InlineData("online")]
    public void All_stages_on_a_dataset_come_to_the_same(string method)
    {
        var run = (DatasetTask.Generated[0].Paper() with
        {
            Seed = 5,
            Width = 32,
            Blocks = 1,
            CriticWidth = 32,
            Rows = 300,
            HeldOut = 20,
            Behavior = new() { Batch = 16, Steps = 6, LearningRate = 1e-3, ReportEvery = 4 },
            Critic = new() { Batch = 16, Steps = 6, ReportEvery = 4, Softmax = new() { Candidates = 2 }, Implicit = new() { Policy = PolicyExtraction.AdvantageWeighted } },
            Labels = new() { MostStates = 10, Evaluations = 2 },
            Alignment = new() { States = 4, Candidates = 4, Steps = 6, LearningRate = 1e-3, ReportEvery = 2 },
            Evaluation = new() { Episodes = 1, Candidates = 2, SolverEvaluations = 2, ShownStates = 0 },
        }).With(CriticMethod.Table.Find(method));
        var folder = Directory.CreateTempSubdirectory("eda-agreement-");
        try
        {
            using var cpu = new CpuDevice();
            using var software = new GpuDevice(new LeakCheckedBackend());
            var (expected, actual) = (RunStages(cpu, run, folder.CreateSubdirectory("cpu")), RunStages(software, run, folder.CreateSubdirectory("software")));
            var (behavior, policy) = (BdmWeights.Load(expected.BehaviorWeights).Parameters, BdmWeights.Load(expected.PolicyWeights).Parameters);
            AssertClose(behavior, policy, BdmWeights.Load(actual.PolicyWeights).Parameters, "policy");

            // The target lags so far behind that it stands for the start.
            var (critic, critics) = (CriticWeights.Load(expected.CriticWeights), CriticWeights.Load(actual.CriticWeights));
            AssertClose(critic.Target, critic.Twin, critics.Twin, "critic");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static StageFiles RunStages(IDevice device, RunSettings settings, DirectoryInfo folder)
    {
        var run = new TestRun(device, folder.FullName, settings);
        var result = run.Run();
        Assert.True(result.Completed);
        Assert.All(result.Scores.Values, score => Assert.Equal(settings.Evaluation.Episodes, score.Returns.Count));
        return run.Files();
    }

    private static (float[] Start, float[] Behavior, float[] Policy, IReadOnlyList<double> Losses) Train(IDevice opened, RunSettings settings)
    {
        using var device = opened;
        using var folder = new ScratchFolder();
        var run = new TestRun(device, folder.Path, settings);
        var recorder = new Recorder();
        using var start = BottleneckDiffusionModel.Create(device, settings.CreateShape(), settings.Seed);
        Assert.True(run.Run(observer: recorder).Completed);
        return (start.CloneParameters(), run.Behavior(), run.Policy(), recorder.Losses);
    }

    // Of the way they went, which is a small part of their norm.
    private static void AssertClose(float[] start, float[] expected, float[] actual, string what)
    {
        double off = Distance(expected, actual) / Distance(start, expected);
        Assert.True(off <= Tolerance, $"{what}: parameters are off by {off:0.0e0} of the way they went, allowed {Tolerance:0.0e0}");
    }

    private static double Distance(float[] from, float[] to) => Math.Sqrt(from.Zip(to).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)));
}
