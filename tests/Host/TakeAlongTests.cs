using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.Reports;
using EDA.Host.Runs;
using EDA.Host.Setup;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EDA.Tests.Host;

/// <summary>A trained policy leaves as a model file, and acts for other programs as a process.</summary>
public sealed partial class TakeAlongTests : IClassFixture<TakeAlongTests.TrainedRun>
{
    private readonly TrainedRun _run;

    public TakeAlongTests(TrainedRun run) => _run = run;

    [Fact]
    public void A_process_acts_as_the_evaluation_does()
    {
        float[][] states = [[0.1f, 0.2f, 0, 0], [-0.3f, 0.1f, 0.2f, 0]];
        var answers = Act([JsonSerializer.Serialize(new { states }), JsonSerializer.Serialize(new { state = states[0] }), "{\"reset\": true}", JsonSerializer.Serialize(new { state = states[0] })]);
        using var device = new CpuDevice();
        using var model = BottleneckDiffusionModel.FromWeights(device, BdmWeights.Load(Path.Combine(_run.Folder, "checkpoints", "policy.safetensors")));
        using var actor = DiffusionActor.Sampling(model, 0, DpmSolver.Singlestep(model.Schedule, 15, 2));
        var first = new float[4];
        actor.Act(0, [0, 1], [.. states.SelectMany(state => state)], first);
        var second = new float[2];
        actor.Act(1, [0], states[0], second);
        Assert.Equal([.. first.Select(value => Math.Clamp(value, -1, 1))], answers[0]["actions"]!.AsArray().SelectMany(action => action!.AsArray()).Select(value => value!.GetValue<float>()));
        Assert.Equal([.. second.Select(value => Math.Clamp(value, -1, 1))], Numbers(answers[1]));
        Assert.Equal(0, answers[2]["step"]!.GetValue<int>());
        Assert.Equal(answers[0]["actions"]![0]!.AsArray().Select(value => value!.GetValue<float>()), Numbers(answers[3]));
    }

    [Fact]
    public void What_it_cannot_answer_it_says_in_a_line_and_goes_on()
    {
        var answers = Act(["{\"state\": [1, 2]}", "{\"states\": [[1, 2, 3, 4], [1, 2, \"x\", 4]]}", "[1]", "{", "{\"what\": 1}", "{\"state\": [0, 0, 0, 0]}"]);
        Assert.Equal(
            ["state has 2 numbers; allowed are 4", "states[1][2] is \"x\"; allowed is a finite number", "the line is no JSON object", "the line is no JSON", "the line has none of state, states and reset"],
            answers.Take(5).Select(answer => answer["error"]!.GetValue<string>()));
        Assert.Equal(2, answers[5]["action"]!.AsArray().Count);
    }

    [Fact]
    public void A_policy_that_the_run_lacks_and_a_run_without_one_are_refused()
    {
        var result = EdaProcess.Run(_run.Scratch, "act", "--run", _run.Folder, "--policy", "best");
        Assert.Equal(2, result.Status);
        Assert.StartsWith("eda: --policy is 'best'; allowed is one of behavior, policy", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        result = EdaProcess.Run(_run.Scratch, "act", "--run", ".");
        Assert.Equal("eda: RUNFOLDER is '.'; allowed is the folder of a run, with its config.json", Assert.Single(result.ErrorLines));
    }

    [Fact]
    public void An_exported_policy_says_where_it_comes_from_and_is_never_written_over()
    {
        string path = Path.Combine(_run.Scratch, "policy4.onnx");
        var result = EdaProcess.Run(_run.Scratch, "export", "onnx", _run.Folder, "--out", path, "--candidates", "4");
        Assert.Equal((0, string.Empty), (result.Status, result.Error));
        using var session = new InferenceSession(path);
        Assert.Equal([-1, 4, 2], session.InputMetadata["noise"].Dimensions);
        Assert.Equal([-1, 4], session.InputMetadata["states"].Dimensions);
        Assert.Equal([-1, 2], session.OutputMetadata["actions"].Dimensions);
        var metadata = session.ModelMetadata.CustomMetadataMap;
        Assert.Equal(("pointmaze-umaze", "4", ProgramVersion.Engine), (metadata["eda.environment"], metadata["eda.candidates"], metadata["eda.version"]));
        Assert.Contains("m/s", metadata["eda.states"], StringComparison.Ordinal);
        byte[] before = File.ReadAllBytes(path);
        result = EdaProcess.Run(_run.Scratch, "export", "onnx", _run.Folder, "--out", path);
        Assert.Equal(2, result.Status);
        Assert.Equal(before, File.ReadAllBytes(path));
        result = EdaProcess.Run(_run.Scratch, "export", "onnx", _run.Folder, "--out", "w.onnx", "--part", "density", "--candidates", "2");
        Assert.Equal("eda: --candidates is '2'; allowed is nothing with --part density", Assert.Single(result.ErrorLines));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void An_exported_policy_acts_as_the_engine_does_in_a_thousand_states_of_the_dataset(int candidates)
    {
        const int Rows = 1000;
        string path = Path.Combine(_run.Scratch, $"policy-{candidates}.onnx");
        Assert.Equal(0, EdaProcess.Run(_run.Scratch, "export", "onnx", _run.Folder, "--out", path, "--candidates", candidates.ToString(CultureInfo.InvariantCulture)).Status);
        var settings = RunRequest.FromConfig(RunFolder.Open(_run.Folder)).Settings;
        float[] states = [.. new QLearningView(GeneratedDataset.Create(settings)).States().Take(Rows * 4)];
        using var device = new CpuDevice();
        using var model = BottleneckDiffusionModel.FromWeights(device, BdmWeights.Load(Path.Combine(_run.Folder, "checkpoints", "policy.safetensors")));
        using var critic = Critic.FromWeights(device, CriticWeights.Load(Path.Combine(_run.Folder, "checkpoints", "critic.safetensors"), 4));
        critic.ClipsActions = settings.Critic.ClipsActions;
        var solver = DpmSolver.Singlestep(model.Schedule, settings.Evaluation.SolverEvaluations, 2);
        using var actor = candidates == 1 ? DiffusionActor.Sampling(model, 9, solver) : DiffusionActor.Rejecting(model, 9, candidates, CandidateRatings.ByQ(critic), solver);
        var expected = new float[Rows * 2];
        actor.Act(0, [.. Enumerable.Range(0, Rows)], states, expected);

        // Where that actor starts.
        var draw = new RandomDraw(9, RandomStage.Evaluation, 0);
        float[] noise = [.. Enumerable.Range(0, Rows * candidates * 2).Select(i => Philox.Normal(draw, RandomPurpose.SolverStart, (ulong)i))];
        using var session = new InferenceSession(path);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("states", new DenseTensor<float>(states, [Rows, 4])), NamedOnnxValue.CreateFromTensor("noise", new DenseTensor<float>(noise, [Rows, candidates, 2]))]);
        float[] actions = [.. results.Single().AsTensor<float>()];
        Assert.True(states.Distinct().Count() > Rows && actions.Distinct().Count() > Rows / 2);
        int far = actions.Zip(expected).Count(pair => Math.Abs(pair.First - Math.Clamp(pair.Second, -1, 1)) > 1e-4);
        // Two candidates of nearly the same Q may change places.
        Assert.InRange(far, 0, candidates == 1 ? 0 : 4);
    }

    [OptionalFact(OptionalNeeds.Onnx)]
    public void The_checker_of_onnx_takes_what_is_exported()
    {
        foreach (string part in (string[])["policy", "density", "score"])
        {
            string path = Path.Combine(_run.Scratch, $"checked-{part}.onnx");
            Assert.Equal(0, EdaProcess.Run(_run.Scratch, "export", "onnx", _run.Folder, "--out", path, "--part", part).Status);
            using var check = Process.Start(new ProcessStartInfo(OptionalNeeds.PythonWithOnnx!, ["-c", "import onnx, sys; onnx.checker.check_model(sys.argv[1], full_check=True)", path]) { RedirectStandardError = true })!;
            string error = check.StandardError.ReadToEnd();
            check.WaitForExit();
            Assert.Equal((0, string.Empty), (check.ExitCode, check.ExitCode == 0 ? string.Empty : error));
        }
    }

    [OptionalFact(OptionalNeeds.PythonAlone)]
    public void The_example_in_Python_drives_it()
    {
        string text = File.ReadAllText(Path.Combine(SourceTree.RequireRoot(), "docs", "take-along.md"));
        string example = Path.Combine(_run.Scratch, "example.py");
        File.WriteAllText(example, Example().Match(text).Groups[1].Value);
        string program = Path.Combine(_run.Scratch, "eda");
        File.WriteAllText(program, $"#!/bin/sh\nexec dotnet \"{typeof(RunFolder).Assembly.Location}\" \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        using var python = Process.Start(new ProcessStartInfo("python3", [example, program, _run.Folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string[] lines = python.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        python.WaitForExit();
        Assert.Equal(0, python.ExitCode);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Equal(2, JsonNode.Parse(line)!.AsArray().Count));
    }

    private static IEnumerable<float> Numbers(JsonObject answer) => answer["action"]!.AsArray().Select(value => value!.GetValue<float>());

    private List<JsonObject> Act(string[] lines)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(RunFolder).Assembly.Location, "act", "--run", _run.Folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var answers = new List<JsonObject>();
        foreach (string line in lines)
        {
            process.StandardInput.WriteLine(line);
            answers.Add(JsonNode.Parse(process.StandardOutput.ReadLine() ?? throw new InvalidOperationException(process.StandardError.ReadToEnd()))!.AsObject());
        }

        process.StandardInput.Close();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return answers;
    }

    [GeneratedRegex("```python\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    /// <summary>One smoke run on a point maze.</summary>
    public sealed class TrainedRun : IDisposable
    {
        private readonly ScratchFolder _scratch = new();

        public TrainedRun()
        {
            Folder = _scratch.At("run");
            var result = EdaProcess.Run(_scratch.Path, "run", "pointmaze-umaze", "--budget", "smoke", "--out", Folder);
            Assert.Equal((0, string.Empty), (result.Status, result.Error));
        }

        public string Scratch => _scratch.Path;

        public string Folder { get; }

        public void Dispose() => _scratch.Dispose();
    }
}
