using System.Globalization;
using EDA.Engine.Data.Formats;
using EDA.Tests.Host;

namespace EDA.Tests.Environments;

/// <summary>Environments with Gymnasium's interface, stepped in Python.</summary>
public sealed class PythonEnvironmentTests : IDisposable
{
    private const string Module = """
        import os
        import sys
        import numpy

        class Box:
            def __init__(self, bound, size):
                self.low, self.high = -numpy.full(size, bound, numpy.float32), numpy.full(size, bound, numpy.float32)
                self.shape, self.dtype = (size,), self.low.dtype

        class Walk:
            observation_space, action_space = Box(numpy.inf, 3), Box(2, 2)
            metadata = {"render_fps": 20}

            def reset(self, seed=None, options=None):
                self.state, self.steps = numpy.array([0.0, 0.0, seed]), 0
                print("a word that is no answer")
                return self.state.copy(), {}

            def step(self, action):
                self.state[:2] += action
                self.steps += 1
                return self.state.copy(), 1.0, bool(self.state[0] > 5), self.steps == 7, {}

            def close(self):
                pass

        class Hot(Walk):
            def step(self, action):
                if self.steps == 2:
                    raise RuntimeError("the motor is hot")
                return super().step(action)

        class Endless(Walk):
            def step(self, action):
                return super().step(action)[0] * numpy.inf, 0.0, False, False, {}

        class Fine(Walk):
            action_space = Box(1, 2)

        class Gone(Walk):
            def step(self, action):
                print("a warning", file=sys.stderr, flush=True)
                os._exit(9)

        class Image(Walk):
            observation_space = "a picture"
        """;

    private readonly ScratchFolder _folder = new();

    public PythonEnvironmentTests() => _folder.Write("probe.py", Module);

    public void Dispose() => _folder.Dispose();

    [OptionalFact(OptionalNeeds.Numpy)]
    public void It_is_stepped_as_it_says()
    {
        _folder.Write("a.csv", "a0,a1\n1,0\n-0.5,0.25\n3,0\n");
        // Actions are spread over [-2, 2], and beyond ±1 count as ±1; the first episode's seed is 1001.
        Assert.Equal([[2, 0, 1001], [1, 0.5, 1001], [3, 0.5, 1001]], Rollout("python:probe:Walk"));
    }

    [OptionalFact(OptionalNeeds.Numpy)]
    public void Where_its_actions_are_within_1_they_are_taken_as_they_are()
    {
        _folder.Write("a.csv", "a0,a1\n1e-12,1\n3e-12,-1\n");
        Assert.Equal([[1e-12f, 1, 1001], [(double)1e-12f + 3e-12f, 0, 1001]], Rollout("python:probe:Fine"));
    }

    [OptionalFact(OptionalNeeds.Numpy)]
    public void It_cannot_be_put_into_a_state()
    {
        _folder.Write("a.csv", "a0,a1\n1,0\n");
        _folder.Write("s.csv", "qpos0\n1\n");
        var result = Run("env", "rollout", "python:probe:Walk", "--actions", "a.csv", "--state", "s.csv", "--out", "obs.csv");
        Assert.Equal((2, "eda: --state is 's.csv'; allowed is nothing, because python:probe:Walk cannot be put into a state"), (result.Status, Assert.Single(result.ErrorLines)));
    }

    [OptionalFact(OptionalNeeds.Numpy)]
    public void A_run_trains_and_rolls_out_in_it()
    {
        WriteDataset("walks.npz", 3, 2);
        var result = Run("run", "d4rl", "--env", "python:probe:Walk", "--dataset", "walks.npz", "--budget", "smoke", "--out", "run");
        Assert.Equal((0, string.Empty), (result.Status, result.Error));
        var scores = EDA.Host.Reports.RunDocuments.Read(_folder.At("run/result.json"))["scores"]!["policy"]!;
        Assert.Contains("<thead><tr><th></th><th>return</th><th>episodes</th><th></th></tr></thead>", File.ReadAllText(_folder.At("run/index.html")), StringComparison.Ordinal);
        // A point for each of seven steps, unless it has gone too far before; the score is the return.
        Assert.All(scores["returns"]!.AsArray(), value => Assert.InRange(value!.GetValue<double>(), 1, 7));
        Assert.Equal(scores["return_mean"]!.GetValue<double>(), scores["normalized_mean"]!.GetValue<double>(), 1e-9);
        result = Run("report", "run", "--out", "report");
        Assert.Equal((0, string.Empty), (result.Status, result.Error));
    }

    [OptionalTheory(OptionalNeeds.Numpy)]
    [InlineData("python:probe:Hot", 1, "eda: python:probe:Hot: its Python process ended: RuntimeError: the motor is hot")]
    [InlineData("python:probe:Gone", 1, "eda: python:probe:Gone: its Python process ended: exit status 9, its last line: a warning")]
    [InlineData("python:probe:Endless", 1, "eda: python:probe:Endless: its Python process gave a number that is not finite")]
    [InlineData("python:probe:Image", 2, "eda: environment is 'python:probe:Image'; allowed is one that Python can make (its Python process ended: TypeError: python:probe:Image: its observation_space is a picture; allowed is a Box of one dimension)")]
    [InlineData("python:nowhere:Walk", 2, "eda: environment is 'python:nowhere:Walk'; allowed is one that Python can make (its Python process ended: ModuleNotFoundError: No module named 'nowhere')")]
    [InlineData("python:probe:Nothing", 2, "eda: environment is 'python:probe:Nothing'; allowed is one that Python can make (its Python process ended: AttributeError: module 'probe' has no attribute 'Nothing')")]
    public void What_is_wrong_with_it_is_one_line_with_Pythons_last(string environment, int status, string line)
    {
        _folder.Write("a.csv", "a0,a1\n1,0\n1,0\n1,0\n1,0\n");
        var result = Run("env", "rollout", environment, "--actions", "a.csv", "--out", "obs.csv");
        Assert.Equal((status, line), (result.Status, Assert.Single(result.ErrorLines)));
    }

    [OptionalFact(OptionalNeeds.Numpy)]
    public void Its_sizes_must_be_the_datasets()
    {
        WriteDataset("other.npz", 4, 2);
        var result = Run("run", "d4rl", "--env", "python:probe:Walk", "--dataset", "other.npz", "--budget", "smoke", "--out", "run");
        Assert.Equal((2, true), (result.Status, Assert.Single(result.ErrorLines).EndsWith("observations has 4 columns; python:probe:Walk has 3", StringComparison.Ordinal)));
    }

    [Fact]
    public void Without_Python_the_refusal_says_what_to_do()
    {
        _folder.Write("a.csv", "a0,a1\n1,0\n");
        var result = EdaProcess.Run(_folder.Path, new Dictionary<string, string> { ["EDA_PYTHON"] = _folder.At("no-python") }, "env", "rollout", "gym:Hopper-v4", "--actions", "a.csv", "--out", "obs.csv");
        Assert.Equal((2, $"eda: gym:Hopper-v4: '{_folder.At("no-python")}' was not found; install python3, or set EDA_PYTHON to the Python that has the environment"), (result.Status, Assert.Single(result.ErrorLines)));
    }

    private double[][] Rollout(string environment)
    {
        var result = Run("env", "rollout", environment, "--actions", "a.csv", "--out", "obs.csv");
        Assert.Equal((0, string.Empty), (result.Status, result.Error));
        string[][] rows = [.. File.ReadAllLines(_folder.At("obs.csv")).Select(line => line.Split(','))];
        return [.. rows.Skip(1).Select(row => rows[0].Zip(row).Where(cell => cell.First is "s0" or "s1" or "s2").Select(cell => double.Parse(cell.Second, CultureInfo.InvariantCulture)).ToArray())];
    }

    private EdaResult Run(params string[] arguments) => EdaProcess.Run(_folder.Path, new Dictionary<string, string> { ["EDA_PYTHON"] = OptionalNeeds.PythonWithNumpy! }, arguments);

    private void WriteDataset(string name, int states, int actions)
    {
        const int Rows = 400, Episode = 20;
        var random = new Random(5);
        using var file = new NpzWriter(_folder.At(name));
        file.Write("observations", [Rows, states], Numbers(Rows * states));
        file.Write("actions", [Rows, actions], Numbers(Rows * actions));
        file.Write("rewards", [Rows], Numbers(Rows));
        file.Write("terminals", [Rows], new bool[Rows]);
        file.Write("timeouts", [Rows], [.. Enumerable.Range(1, Rows).Select(row => row % Episode == 0)]);

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((1.8 * random.NextDouble()) - 0.9))];
    }
}
