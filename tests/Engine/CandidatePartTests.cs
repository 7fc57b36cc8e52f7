using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Tests.Host;
using EDA.Tests.Kernels;

namespace EDA.Tests.Engine;

/// <summary>Candidates and labels of many candidates and all states serve few candidates and a share of the states, to the bits of files of their own.</summary>
[Trait("speed", "slow")]
public sealed class CandidatePartTests : IDisposable
{
    private static readonly RunSettings _many = TestRun.Tiny with
    {
        Critic = new() { Batch = 16, Steps = 6, ReportEvery = 4, Softmax = new() { Candidates = 20 } },
        Labels = new() { MostStates = 120, Evaluations = 2 },
        Alignment = new() { States = 8, Candidates = 36, Steps = 7, LearningRate = 1e-3, ReportEvery = 2 },
        Evaluation = new() { Episodes = 1, Candidates = 2, SolverEvaluations = 2 },
    };

    private readonly ScratchFolder _folder = new();

    public static TheoryData<string, int, double> Parts
    {
        get
        {
            // Fewer candidates than a block, whole blocks, and more; all states, and a share that is less than the most.
            var parts = new TheoryData<string, int, double> { { "software", 4, 0.25 }, { "software", 20, 0.25 } };
            foreach (var (candidates, share) in new (int, double)[] { (4, 1), (16, 1), (32, 1), (36, 0.25), (4, 0.25), (16, 0.3) })
                parts.Add("Portable, 4 threads", candidates, share);
            return parts;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_part_is_what_was_sampled_and_labelled_alone(string name, int candidates, double share)
    {
        using var device = TestDevices.Create(name);
        Label(device, "many", _many);
        var few = Few(candidates, share);
        Label(device, "alone", few);
        Run("alone", device, few, RunStages.Align);
        Take("many", "part");

        // A part is done as it stands, and is not written to.
        var before = File.ReadAllBytes(At("part", "candidates.npy"));
        Assert.True(Pipeline("part", device, few).Stages.Single(stage => stage.Name == RunStages.Label).Progress(new SeedRun(few, Files("part"))).IsDone);
        var labelled = Run("part", device, few, RunStages.Label);
        Assert.True(labelled.Completed);
        Assert.Equal([(CandidateSampling.StageName, (long)Count(few)), (CandidateLabelling.StageName, Count(few))], labelled.Stages.Select(stage => (stage.Stage, stage.Steps)));

        // Interrupted in the middle, with the rows now on the device and now in the file.
        using var source = new CancellationTokenSource();
        Assert.False(Run("part", device, few with { Memory = new() { Resident = 0 } }, RunStages.Align, new Recorder { OnProgress = _ => source.Cancel() }, source.Token).Completed);
        Assert.True(Run("part", device, few, RunStages.Align).Completed);
        Assert.Equal(File.ReadAllBytes(At("alone", "policy.safetensors")), File.ReadAllBytes(At("part", "policy.safetensors")));
        Assert.Equal(before, File.ReadAllBytes(At("part", "candidates.npy")));

        // The alone's own numbers are the first of the many's, where the two have a state in common.
        Assert.Equal(candidates == 36 && share == 1, File.ReadAllBytes(At("alone", "candidates.npy")).AsSpan().SequenceEqual(before));
    }

    [Fact]
    public void A_part_can_be_labelled_where_the_whole_is_not()
    {
        using var device = TestDevices.Create("Portable, 4 threads");
        Label(device, "many", _many);
        var few = Few(4, 0.25);
        Label(device, "alone", few);
        Take("many", "part");
        foreach (string file in RowStore.FilesOf(Files("part").Labels))
            File.Delete(file);
        Run("part", device, few, RunStages.Label);
        Assert.Equal(File.ReadAllBytes(At("alone", "labels.npy")), File.ReadAllBytes(At("part", "labels.npy")));

        // And of these labels, with the many's candidates, still fewer.
        var fewer = Few(2, 0.1);
        Label(device, "fewer", fewer);
        Run("fewer", device, fewer, RunStages.Align);
        Run("part", device, fewer, RunStages.Align);
        Assert.Equal(File.ReadAllBytes(At("fewer", "policy.safetensors")), File.ReadAllBytes(At("part", "policy.safetensors")));
    }

    [Fact]
    public void What_does_not_hold_the_part_is_refused()
    {
        using var device = TestDevices.Create("Portable, 4 threads");
        var some = Few(16, 0.3);
        Label(device, "some", some);
        int there = Count(some);
        Assert.InRange(there, 65, 119);
        Refused(Few(17, 0.3), "its candidates is 16 and not 17");
        Refused(Few(4, 0.4), $"it is of {there} states and not {Count(Few(4, 0.4))}");
        var otherwise = Few(4, 0.1) with { Labels = new() { Fraction = 0.1, MostStates = 100, Evaluations = 2 } };
        Refused(otherwise, $"it is of {there} states and not {Count(otherwise)}");
        Refused(Few(4, 0.1) with { Labels = new() { Fraction = 0.1, MostStates = 120, Evaluations = 3 } }, "its evaluations is 2 and not 3");

        // Not all there: what is missing is the other run's to do.
        var ordinary = File.ReadAllText(At("some", "candidates.npy.json"));
        File.WriteAllText(At("some", "candidates.npy.json"), Cut(ordinary));
        Refused(Few(4, 0.1), $"candidates.npy: has 64 of {there} states with 16 candidates each");
        File.WriteAllText(At("some", "candidates.npy.json"), ordinary);
        string labels = File.ReadAllText(At("some", "labels.npy.json"));
        File.WriteAllText(At("some", "labels.npy.json"), Cut(labels));
        Refused(Few(4, 0.1), $"labels.npy: has 64 of {there} states");
        File.WriteAllText(At("some", "labels.npy.json"), labels);
        Run("some", device, Few(4, 0.1), RunStages.Align);

        // Another behavior's, or another critic's labels.
        Label(device, "other", some with { Behavior = some.Behavior with { LearningRate = 2e-3 } });
        Take("some", "mixed");
        File.Copy(At("other", "behavior.safetensors"), At("mixed", "behavior.safetensors"), overwrite: true);
        Assert.Contains("its behavior is", Assert.Throws<InvalidFileException>(() => Run("mixed", device, Few(4, 0.1), RunStages.Align)).Message, StringComparison.Ordinal);

        string Cut(string progress)
        {
            string cut = progress.Replace($"\"Completed\":{there}", "\"Completed\":64", StringComparison.Ordinal);
            Assert.NotEqual(progress, cut);
            return cut;
        }

        void Refused(RunSettings run, string line) =>
            Assert.Contains(line, Assert.Throws<InvalidFileException>(() => Run("some", device, run, RunStages.Label)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Next_actions_serve_fewer_too()
    {
        using var device = TestDevices.Create("Portable, 4 threads");
        var many = _many.With(CriticMethod.Softmax);
        var few = many with { Critic = many.Critic with { Softmax = many.Critic.Softmax with { Candidates = 3 } } };
        foreach (var (folder, run) in new[] { ("many", many), ("alone", few) })
        {
            Run(folder, device, run, RunStages.Behavior);
            Run(folder, device, run, RunStages.Critic);
        }

        Directory.CreateDirectory(_folder.At("part"));
        foreach (string file in Directory.GetFiles(_folder.At("many")).Where(file => Path.GetFileName(file) is var name && (name.StartsWith("behavior", StringComparison.Ordinal) || name.StartsWith("next", StringComparison.Ordinal))))
            File.Copy(file, At("part", Path.GetFileName(file)));
        Run("part", device, few, RunStages.Critic);
        Assert.Equal(File.ReadAllBytes(At("alone", "critic.safetensors")), File.ReadAllBytes(At("part", "critic.safetensors")));
        Assert.NotEqual(File.ReadAllBytes(At("many", "critic.safetensors")), File.ReadAllBytes(At("part", "critic.safetensors")));
    }

    [Fact]
    public void An_online_critic_labels_a_part_as_it_is_drawn()
    {
        using var device = TestDevices.Create("Portable, 4 threads");
        var many = _many.With(CriticMethod.Online);
        var few = Few(4, 0.25).With(CriticMethod.Online);
        Run("many", device, many, RunStages.Behavior);
        Run("many", device, many, RunStages.Label);
        Take("many", "part");
        Run("part", device, few, RunStages.Align);
        Run("alone", device, few, RunStages.Behavior);
        Run("alone", device, few, RunStages.Label);
        Run("alone", device, few, RunStages.Align);
        Assert.Equal(File.ReadAllBytes(At("alone", "policy.safetensors")), File.ReadAllBytes(At("part", "policy.safetensors")));
    }

    private static RunSettings Few(int candidates, double share) => _many with
    {
        Labels = _many.Labels with { Fraction = share },
        Alignment = _many.Alignment with { Candidates = candidates },
    };

    private static int Count(RunSettings run) => LabelSelection.Count(new QLearningView(GeneratedDataset.Create(run)).Count, run.Labels.Fraction, run.Labels.MostStates);

    private void Label(IDevice device, string folder, RunSettings run)
    {
        foreach (string stage in (string[])[RunStages.Behavior, RunStages.Critic, RunStages.Label])
            Assert.True(Run(folder, device, run, stage).Completed);
    }

    // All of a run's files, as a sweep shares finished stages.
    private void Take(string from, string to)
    {
        Directory.CreateDirectory(_folder.At(to));
        foreach (string file in Directory.GetFiles(_folder.At(from)))
            File.Copy(file, At(to, Path.GetFileName(file)));
    }

    private RunPipeline Pipeline(string folder, IDevice device, RunSettings run) =>
        new(device, DatasetTask.Generated[0], new(GeneratedDataset.Create(run), EDA.Engine.Environments.EnvironmentCatalogue.Find(run.Environment)), run, Files(folder));

    private RunResult Run(string folder, IDevice device, RunSettings run, string stage, ITrainingObserver? observer = null, CancellationToken cancellation = default) =>
        Pipeline(folder, device, run).Run(stage, observer, cancellation);

    private StageFiles Files(string folder) => new(Directory.CreateDirectory(_folder.At(folder)).FullName);

    private string At(string folder, string name) => Path.Combine(_folder.At(folder), name);
}
