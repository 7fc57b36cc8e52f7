using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.Setup;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>The method in PyTorch: its formulas, and the stages that it trains in run folders.</summary>
[Trait("speed", "slow")]
public sealed class ReferenceTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void The_golden_vectors_are_the_references()
    {
        string golden = Path.Combine(SourceTree.RequireRoot(), "tests", "Golden");
        foreach (string name in (string[])["generate.py", "generate_critics.py", "generate_mlps.py"])
        {
            var result = Python(Path.Combine(golden, name), "--check");
            Assert.True(result.Status == 0, result.Output + result.Error);
            Assert.Contains("every comparison agrees", result.Output, StringComparison.Ordinal);
        }

        var tampered = Python("-c", $"import sys; sys.path.insert(0, {JsonSerializer.Serialize(golden)}); import copy, generate as g; a = g.adam(); b = copy.deepcopy(a); b['after'][1][3] += 1e-6; print(g.differences(a, a, 'a'), g.differences(b, a, 'a'))");
        Assert.Equal("[] ['a.after[1]']", tampered.Output.Trim());
    }

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void Stages_go_on_from_each_others_weights()
    {
        Begin("engine");
        double measured = HeldOutLoss("engine");
        // The same pairs, times and noise: the same number from the same weights.
        string[] words = Reference("measure", "engine").Output.Split();
        Assert.Equal(measured, double.Parse(words[2], CultureInfo.InvariantCulture), 1e-4 * measured);

        // PyTorch's behavior and critic, the engine's candidates and labels, PyTorch's policy; the engine scores them.
        Reference("behavior", "pytorch", "--like", "engine");
        Assert.InRange(HeldOutLoss("pytorch"), 0.5 * measured, 2 * measured);
        Reference("critic", "pytorch");
        Refused("weigh stands at step 0", "label", "pytorch");
        Engine("weigh", "pytorch");
        Engine("label", "pytorch");
        Reference("align", "pytorch");
        Engine("evaluate", "pytorch");
        using (var result = JsonDocument.Parse(File.ReadAllText(_folder.At("pytorch/result.json"))))
        {
            Assert.All(Rollouts.Names, name => Assert.Equal(JsonValueKind.Object, result.RootElement.GetProperty("scores").GetProperty(name).ValueKind));
            Assert.Equal(HeldOutLoss("pytorch"), result.RootElement.GetProperty("held_out_loss").GetDouble());
        }

        // The other way round: the engine's behavior and critic, PyTorch's candidates and labels, the engine's policy.
        Engine("critic", "engine");
        Copy("engine", "fourth");
        Engine("weigh", "engine");
        Copy("engine", "third");
        Reference("label", "third");
        Engine("align", "third");
        Engine("label", "engine");
        // Both start the solver from the same noise.
        float[] ours = Rows("engine", "candidates"), theirs = Rows("third", "candidates");
        Assert.All(ours.Zip(theirs), pair => Assert.Equal(pair.First, pair.Second, 1e-3f * (1 + Math.Abs(pair.First))));

        // PyTorch draws rows in proportion to their weights, the engine has each as often as it counts: the losses agree.
        Reference("weigh", "fourth");
        double WeightedLoss(string folder) => File.ReadAllLines(_folder.At($"{folder}/metrics.csv")).Select(line => line.Split(',')).Where(row => (row[0], row[2]) == ("weighted", "loss")).Average(row => double.Parse(row[3], CultureInfo.InvariantCulture));
        Assert.InRange(WeightedLoss("fourth"), 0.8 * WeightedLoss("engine"), 1.25 * WeightedLoss("engine"));
        Engine("label", "fourth");
    }

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void What_is_there_is_not_overwritten_and_what_is_missing_is_named()
    {
        Begin("engine");
        byte[] weights = File.ReadAllBytes(_folder.At("engine/checkpoints/behavior.safetensors"));
        Refused("behavior.safetensors is there already", "behavior", "engine");
        Refused("new folder", "behavior", "engine", "--like", "engine");
        Refused("critic stands at step 0", "weigh", "engine");
        Refused("weigh stands at step 0", "label", "engine");
        Refused("config.json", "behavior", "nowhere");
        Refused("invalid choice", "fly", "engine");
        Assert.Equal(weights, File.ReadAllBytes(_folder.At("engine/checkpoints/behavior.safetensors")));

        // Nor does the engine train on what PyTorch has trained.
        Reference("behavior", "pytorch", "--like", "engine");
        var result = EdaProcess.Run(_folder.Path, "behavior", "pytorch");
        Assert.Equal(2, result.Status);
        Assert.Contains("trained by PyTorch", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void Both_begin_with_the_same_weights()
    {
        Begin("engine", "--set", "behavior.steps=0", "--set", "critic.steps=0");
        Engine("critic", "engine");
        Reference("behavior", "pytorch", "--like", "engine");
        Reference("critic", "pytorch");
        foreach (string name in (string[])["behavior", "critic", "iql"])
        {
            var (ours, theirs) = (Weights("engine", name), Weights("pytorch", name));
            Assert.Equal(ours.Select(tensor => (tensor.Name, string.Join('x', tensor.Shape))), theirs.Select(tensor => (tensor.Name, string.Join('x', tensor.Shape))));
            Assert.All(ours.Zip(theirs), pair => Assert.All(pair.First.Values.Zip(pair.Second.Values), value => Assert.Equal(value.First, value.Second, 1e-6f * (1 + Math.Abs(value.First)))));
        }

        IReadOnlyList<NamedTensor> Weights(string folder, string name) => Safetensors.Read(_folder.At($"{folder}/checkpoints/{name}.safetensors")).Tensors;
    }

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void Other_critics_are_trained_too()
    {
        Begin("softmax", "--critic", "softmax", "--set", "critic.softmax.candidates=2", "--set", "weighted.training.steps=0");
        Reference("critic", "softmax");
        Engine("label", "softmax");
        Begin("online", "--critic", "online", "--set", "critic.steps=10", "--set", "alignment.steps=10", "--set", "weighted.training.steps=0");
        Refused("trained in align", "critic", "online");
        Reference("label", "online");
        Reference("align", "online");
        Engine("evaluate", "online");
    }

    private static EdaResult Python(params string[] words) => Finish(new ProcessStartInfo(OptionalNeeds.PythonWithTorch!, words));

    private static EdaResult Finish(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        (start.Environment["OMP_WAIT_POLICY"], start.Environment["PYTHONDONTWRITEBYTECODE"]) = ("passive", "1");
        // Pins for another machine's kernels: the golden numbers are those of the kernels OpenBLAS chooses itself.
        start.Environment.Remove("OPENBLAS_CORETYPE");
        start.Environment.Remove("OPENBLAS_L2_SIZE");
        using var process = Process.Start(start)!;
        return EdaProcess.Finish(process);
    }

    /// <summary>A pretrained run on a file of a point maze.</summary>
    private void Begin(string name, params string[] more)
    {
        string file = _folder.At("maze.npz");
        if (!File.Exists(file))
            DatasetFile.Write(GeneratedDataset.Create(new RunSettings { Environment = "pointmaze-umaze", Rows = 600 }), file);
        string[] small = [.. PointMazeRun.Small.Where(word => word != "--set" && !word.StartsWith("rows=", StringComparison.Ordinal) && word.Contains('=')).SelectMany(word => (string[])["--set", word])];
        Engine(["behavior", name, "--recipe", "d4rl", "--env", "pointmaze-umaze", "--dataset", file, "--budget", "smoke", "--seed", "3", .. small, .. more]);
    }

    private void Engine(params string[] words)
    {
        var result = EdaProcess.Run(_folder.Path, words);
        Assert.True(result.Status == 0, result.Error);
    }

    private EdaResult Reference(params string[] words)
    {
        var result = Run(words);
        Assert.True(result.Status == 0, result.Error);
        return result;
    }

    private void Refused(string because, params string[] words)
    {
        var result = Run(words);
        Assert.Equal(2, result.Status);
        Assert.Contains(because, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    private EdaResult Run(string[] words) => Finish(
        new ProcessStartInfo(OptionalNeeds.PythonWithTorch!, [Path.Combine(SourceTree.RequireRoot(), "bench", "reference", "eda_reference.py"), .. words]) { WorkingDirectory = _folder.Path });

    private double HeldOutLoss(string name) => double.Parse(
        File.ReadLines(_folder.At($"{name}/metrics.csv")).Last(line => line.Contains(",held_out_loss,", StringComparison.Ordinal)).Split(',')[^1], CultureInfo.InvariantCulture);

    private float[] Rows(string name, string file)
    {
        byte[] bytes = File.ReadAllBytes(_folder.At($"{name}/checkpoints/{file}.npy"));
        int start = 10 + BitConverter.ToUInt16(bytes, 8);
        var rows = new float[(bytes.Length - start) / sizeof(float)];
        Buffer.BlockCopy(bytes, start, rows, 0, rows.Length * sizeof(float));
        return rows;
    }

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(_folder.At(to));
        foreach (string path in Directory.GetFiles(_folder.At(from), "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(_folder.At(to), Path.GetRelativePath(_folder.At(from), path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
    }
}
