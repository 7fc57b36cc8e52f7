using System.Globalization;
using EDA.Engine.Environments;
using EDA.Tests.Environments;

namespace EDA.Tests.Host;

/// <summary>eda env, run as a process.</summary>
[Trait("speed", "slow")]
public sealed class EnvironmentCommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Environments_are_listed()
    {
        var result = EdaProcess.Run(_folder.Path, "env", "list");
        Assert.Equal(0, result.Status);
        Assert.All(EnvironmentCatalogue.Names, name => Assert.Contains(name, result.Output, StringComparison.Ordinal));
    }

    [OptionalFact(OptionalNeeds.Mujoco222)]
    public void A_rollout_is_that_of_the_published_model()
    {
        var golden = PhysicsGolden.Read("hopper");
        string actions = _folder.Write("a.csv", Csv("a", golden.Actions));
        string state = _folder.Write("s.csv", Header("qpos", 6) + "," + Header("qvel", 6) + "\n" + Row([.. golden.Positions, .. golden.Velocities]));
        var result = EdaProcess.Run(_folder.Path, "env", "rollout", "hopper", "--actions", actions, "--state", state, "--out", "obs.csv");
        Assert.True(result.Status == 0, result.Error);
        string[] lines = File.ReadAllLines(Path.Combine(_folder.Path, "obs.csv"));
        Assert.Equal(Header("s", 11) + ",reward,terminated,truncated", lines[0]);
        Assert.Equal(101, lines.Length);
        for (int step = 0; step < 100; step++)
        {
            double[] fields = Fields(lines[step + 1]);
            Assert.Equal(golden.Rewards[step], fields[11], 1e-5);
            Assert.Equal(golden.Terminated[step] ? 1 : 0, fields[12]);
            Assert.Equal(0, fields[13]);
            if ((step + 1) % PhysicsGolden.Every == 0)
                Assert.All(golden.Observations[step / PhysicsGolden.Every].Zip(fields), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }

        Assert.Empty(Directory.GetFiles(_folder.Path, "MUJOCO_LOG*"));
    }

    [Fact]
    public void A_point_maze_needs_no_library_and_cuts_at_its_limit()
    {
        string actions = _folder.Write("a.csv", Csv("a", [.. Enumerable.Repeat(new double[] { 0.5, 3 }, 160)]));
        string state = _folder.Write("s.csv", "qvel1,qpos0,qpos1,qvel0\n0,1,1,0\n");
        var result = EdaProcess.Run(_folder.Path, "env", "rollout", "pointmaze-umaze", "--actions", actions, "--state", state, "--goal", "3,1.4", "--out", "obs.csv");
        Assert.True(result.Status == 0, result.Error);
        double[][] rows = [.. File.ReadAllLines(Path.Combine(_folder.Path, "obs.csv")).Skip(1).Select(Fields)];
        using var environment = new PointMazeEnvironment(PointMazeTask.UMaze) { Goal = (3, 1.4) };
        var observation = new double[4];
        environment.Restore(default, [1, 1], [0, 0], observation);
        for (int step = 0; step < rows.Length; step++)
        {
            var outcome = environment.Step([0.5, 1], observation);
            Assert.Equal([.. observation, outcome.Reward, outcome.Terminated ? 1 : 0, step >= 149 ? 1 : 0], rows[step]);
        }

        Assert.Contains(rows, row => row[4] == 1);
    }

    [Fact]
    public void Without_a_state_the_seed_decides_where_it_starts()
    {
        string actions = _folder.Write("a.csv", "a0,a1\n0,0\n");
        string Run(string seed, string name)
        {
            Assert.Equal(0, EdaProcess.Run(_folder.Path, "env", "rollout", "pointmaze-medium", "--actions", actions, "--seed", seed, "--out", name).Status);
            return File.ReadAllText(Path.Combine(_folder.Path, name));
        }

        string first = Run("1", "1.csv");
        Assert.Equal(first, Run("1", "2.csv"));
        Assert.NotEqual(first, Run("2", "3.csv"));
    }

    [Theory]
    [InlineData("ENV is 'humanoid'; allowed is one of", "humanoid", "a0,a1\n0,0\n", null)]
    [InlineData("row 2, column a1 is 'NaN'; allowed is a finite number", "pointmaze-umaze", "a0,a1\n0,0\n0,NaN\n", null)]
    [InlineData("column a1 is missing", "pointmaze-umaze", "a0\n0\n", null)]
    [InlineData("column 'a2' is not known", "pointmaze-umaze", "a0,a1,a2\n0,0,0\n", null)]
    [InlineData("there is no row below the header", "pointmaze-umaze", "a0,a1\n", null)]
    [InlineData("the file is empty", "pointmaze-umaze", "", null)]
    [InlineData("column qvel1 is missing", "pointmaze-umaze", "a0,a1\n0,0\n", "qpos0,qpos1,qvel0\n1,1,0\n")]
    [InlineData("there are 2 rows below the header; allowed is 1", "pointmaze-umaze", "a0,a1\n0,0\n", "qpos0,qpos1,qvel0,qvel1\n1,1,0,0\n1,1,0,0\n")]
    [InlineData("row 1, column qpos1 is 'x'; allowed is a finite number", "pointmaze-umaze", "a0,a1\n0,0\n", "qpos0,qpos1,qvel0,qvel1\n1,x,0,0\n")]
    [InlineData("position is '(0, 0)'; allowed is a place in a free cell of umaze", "pointmaze-umaze", "a0,a1\n0,0\n", "qpos0,qpos1,qvel0,qvel1\n0,0,0,0\n")]
    public void What_cannot_be_stepped_is_refused_in_one_line(string wanted, string environment, string actions, string? state)
    {
        string[] more = state is null ? [] : ["--state", _folder.Write("s.csv", state)];
        var result = EdaProcess.Run(_folder.Path, ["env", "rollout", environment, "--actions", _folder.Write("a.csv", actions), "--out", "obs.csv", .. more]);
        Assert.Equal(2, result.Status);
        Assert.Contains(wanted, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "obs.csv")));
    }

    [Theory]
    [InlineData("--goal is '1;2'; allowed is two numbers X,Y", "--goal", "1;2")]
    [InlineData("--seed is '-1'; allowed is a whole number", "--seed", "-1")]
    [InlineData("--state is 'none.csv'; allowed is a file that exists", "--state", "none.csv")]
    public void Options_are_refused_by_name(string wanted, string option, string value)
    {
        var result = EdaProcess.Run(_folder.Path, "env", "rollout", "pointmaze-umaze", "--actions", _folder.Write("a.csv", "a0,a1\n0,0\n"), "--out", "obs.csv", option, value);
        Assert.Equal(2, result.Status);
        Assert.Contains(wanted, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_not_there_is_named_in_one_line()
    {
        var result = RolloutWith(Path.Combine(_folder.Path, "libmujoco.so"));
        Assert.Equal(2, result.Status);
        Assert.Contains("EDA_MUJOCO is", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Linux)]
    public void A_library_that_is_another_is_named_in_one_line()
    {
        var result = RolloutWith("libc.so.6");
        Assert.Equal(2, result.Status);
        Assert.Contains("libmujoco2.2.2", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_overwritten()
    {
        string old = _folder.Write("obs.csv", "mine");
        var result = EdaProcess.Run(_folder.Path, "env", "rollout", "pointmaze-umaze", "--actions", _folder.Write("a.csv", "a0,a1\n0,0\n"), "--out", old);
        Assert.Equal(2, result.Status);
        Assert.Contains("nothing is overwritten", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(old));
    }

    private static string Csv(string prefix, double[][] rows) => Header(prefix, rows[0].Length) + "\n" + string.Join('\n', rows.Select(Row)) + "\n";

    private static string Header(string prefix, int count) => string.Join(',', Enumerable.Range(0, count).Select(i => prefix + i.ToString(CultureInfo.InvariantCulture)));

    private static string Row(double[] values) => string.Join(',', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));

    private static double[] Fields(string line) => [.. line.Split(',').Select(field => double.Parse(field, CultureInfo.InvariantCulture))];

    private EdaResult RolloutWith(string library) => EdaProcess.Run(
        _folder.Path,
        new Dictionary<string, string> { ["EDA_MUJOCO"] = library },
        "env", "rollout", "hopper", "--actions", _folder.Write("a.csv", "a0,a1,a2\n0,0,0\n"), "--out", "obs.csv");
}
