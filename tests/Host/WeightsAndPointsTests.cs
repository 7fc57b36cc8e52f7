using System.Globalization;
using EDA.Engine.Data.Formats;

namespace EDA.Tests.Host;

/// <summary>density, score, sample and weights, on the networks of a smoke run.</summary>
[Collection(nameof(SmokeRun))]
[Trait("speed", "slow")]
public sealed class WeightsAndPointsTests(SmokeRun run) : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private string Weights => run.At("checkpoints", "policy.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Density_adds_a_column()
    {
        string points = _folder.Write("points.csv", "t,a0,a1\n0.5,1e-1,0.20\n0.001, -1 ,2\n");
        var result = EdaProcess.Run(_folder.Path, "density", "--weights", Weights, "--in", points, "--out", "out.csv");
        Assert.True(result.Status == 0, result.Error);
        string[] lines = File.ReadAllLines(_folder.At("out.csv"));
        Assert.Equal("t,a0,a1,f", lines[0]);
        Assert.StartsWith("0.5,1e-1,0.20,", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("0.001,-1,2,", lines[2], StringComparison.Ordinal);
        Assert.True(float.IsFinite(float.Parse(lines[1].Split(',')[3], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Score_is_minus_sigma_times_the_slope_of_density()
    {
        const double Step = 0.01;
        string center = _folder.Write("center.csv", "a0,a1,t\n0.3,-0.4,0.5\n");
        string sides = _folder.Write("sides.csv", FormattableString.Invariant($"a0,a1,t\n{0.3 - Step},-0.4,0.5\n{0.3 + Step},-0.4,0.5\n"));
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "score", "--weights", Weights, "--in", center, "--out", "score.csv").Status);
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "density", "--weights", Weights, "--in", sides, "--out", "density.csv").Status);
        string[] score = File.ReadAllLines(_folder.At("score.csv"));
        Assert.Equal("a0,a1,t,eps0,eps1", score[0]);
        double[] f = [.. File.ReadAllLines(_folder.At("density.csv")).Skip(1).Select(line => double.Parse(line.Split(',')[3], CultureInfo.InvariantCulture))];
        double sigma = Math.Sqrt(1 - Math.Exp(2 * ((-0.25 * 0.25 * 19.9) - (0.5 * 0.5 * 0.1))));
        double expected = -sigma * (f[1] - f[0]) / (2 * Step);
        Assert.Equal(expected, double.Parse(score[1].Split(',')[3], CultureInfo.InvariantCulture), 0.01);
    }

    [Fact]
    public void Samples_are_repeatable_and_numbered()
    {
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "sample", "--weights", Weights, "--n", "5", "--seed", "3", "--out", "one.csv").Status);
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "sample", "--weights", Weights, "--n", "5", "--seed", "3", "--out", "two.csv").Status);
        string[] lines = File.ReadAllLines(_folder.At("one.csv"));
        Assert.Equal("state,k,a0,a1", lines[0]);
        Assert.Equal(["0,0", "0,1", "0,2", "0,3", "0,4"], lines.Skip(1).Select(line => string.Join(',', line.Split(',')[..2])));
        Assert.Equal(lines, File.ReadAllLines(_folder.At("two.csv")));
    }

    [Fact]
    public void Gaps_are_written_and_summed_up()
    {
        string labels = _folder.At("own.npz");
        using (var file = new NpzWriter(labels))
        {
            file.Write("candidates", [2, 3, 2], [0.1f, 0.2f, -1, 1, 0.5f, 0, 2, 2, 0, 0, -2, 1]);
            file.Write("winner", [2], new float[] { 2, 0 });
        }

        string behavior = run.At("checkpoints", "behavior.safetensors");
        string[] command = ["gaps", "--policy", Weights, "--behavior", behavior, "--labels", labels, "--out", "out.csv"];
        var result = EdaProcess.Run(_folder.Path, command);
        Assert.True(result.Status == 0, result.Error);
        Assert.StartsWith("states 2, candidates 3\nloss ", result.Output, StringComparison.Ordinal);
        Assert.Contains("(preference; 1.0986 where all gaps are equal)", result.Output, StringComparison.Ordinal);
        string[] lines = File.ReadAllLines(_folder.At("out.csv"));
        Assert.Equal("state,k,gap", lines[0]);
        Assert.Equal(["0,0", "0,1", "0,2", "1,0", "1,1", "1,2"], lines.Skip(1).Select(line => line[..3]));

        // A model beside itself has no gaps.
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "gaps", "--policy", behavior, "--behavior", behavior, "--labels", labels, "--out", "none.csv").Status);
        Assert.All(File.ReadAllLines(_folder.At("none.csv")).Skip(1), line => Assert.EndsWith(",0", line, StringComparison.Ordinal));

        foreach (var (more, named) in new[] { ("--temperature=-1", "--temperature is '-1'"), ("--objective=value", "holds winners and no q"), ("--objective=dpo", "has 3 candidates"), ("--objective=best", "best") })
        {
            var refused = EdaProcess.Run(_folder.Path, [.. command[..^1], "refused.csv", more]);
            Assert.Equal(2, refused.Status);
            Assert.Contains(named, Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
            Assert.False(File.Exists(_folder.At("refused.csv")));
        }
    }

    [OptionalFact(OptionalNeeds.Bash)]
    public void The_first_signal_ends_a_command_that_has_nothing_to_save()
    {
        using var process = EdaProcess.Start(_folder.Path, "sample", "--weights", Weights, "--n", "20000000", "--out", "out.csv");
        Thread.Sleep(TimeSpan.FromSeconds(3));
        using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
            kill.WaitForExit();
        bool ended = process.WaitForExit(TimeSpan.FromSeconds(10));
        process.Kill();
        Assert.True(ended);
        Assert.Equal(143, process.ExitCode);
    }

    [Theory]
    [InlineData("a0,a1,t\n0,nan,0.5\n", "row 1, column a1 is 'nan'")]
    [InlineData("a0,a1,t\n0,1,0.5\n0,one,0.5\n", "row 2, column a1 is 'one'")]
    [InlineData("a0,a1,t\n0,1e99,0.5\n", "row 1, column a1 is '1e99'")]
    [InlineData("a0,a1,t\n0,1,2\n", "row 1, column t is '2'")]
    [InlineData("a0,a1,t\n0,1\n", "row 1 has 2 fields")]
    [InlineData("a0,t\n0,0.5\n", "column a1 is missing")]
    [InlineData("a0,a1,t,s0\n0,0,0.5,1\n", "column 's0' is not known")]
    [InlineData("a0,a1,t,t\n0,0,0.5,1\n", "column t is there twice")]
    [InlineData("a0,a1,t\n", "no row")]
    [InlineData("", "empty")]
    [InlineData("a0,a1,t\n\"0,0,0.5\n", "not CSV")]
    public void Broken_points_are_named(string text, string named)
    {
        string points = _folder.Write("points.csv", text);
        var result = EdaProcess.Run(_folder.Path, "density", "--weights", Weights, "--in", points, "--out", "out.csv");
        Assert.Equal(2, result.Status);
        string message = Assert.Single(result.ErrorLines);
        Assert.Contains("points.csv", message, StringComparison.Ordinal);
        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.At("out.csv")));
    }

    [Fact]
    public void Nothing_is_overwritten()
    {
        string points = _folder.Write("points.csv", "a0,a1,t\n0,0,0.5\n");
        string there = _folder.Write("there.csv", "precious");
        var result = EdaProcess.Run(_folder.Path, "density", "--weights", Weights, "--in", points, "--out", there);
        Assert.Equal(2, result.Status);
        Assert.Equal("precious", File.ReadAllText(there));
    }

    [Fact]
    public void A_network_without_states_is_sampled_by_number()
    {
        string states = _folder.Write("states.csv", "s0\n0\n");
        var result = EdaProcess.Run(_folder.Path, "sample", "--weights", Weights, "--states", states, "--out", "out.csv");
        Assert.Equal(2, result.Status);
        Assert.Contains("--n", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Export_and_inspect_know_the_published_names()
    {
        string published = _folder.At("published.safetensors");
        var export = EdaProcess.Run(_folder.Path, "weights", "export", Weights, "--published", "--module", "policy", "--out", published);
        Assert.True(export.Status == 0, export.Error);
        var inspect = EdaProcess.Run(_folder.Path, "weights", "inspect", published);
        Assert.Contains("diffusion_policy.main.out_fc.weight", inspect.Output, StringComparison.Ordinal);
        Assert.Contains("residual", inspect.Output, StringComparison.Ordinal);
        Assert.Contains("S = 0, A = 2, width 64, 2 blocks", inspect.Output, StringComparison.Ordinal);

        string plain = _folder.At("plain.safetensors");
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "weights", "export", published, "--out", plain).Status);
        Assert.Equal(EDA.Engine.Checkpoints.BdmWeights.Load(Weights).Parameters, EDA.Engine.Checkpoints.BdmWeights.Load(plain).Parameters);
    }

    [Fact]
    public void A_prefix_names_one_network_of_several()
    {
        var published = new List<EDA.Engine.Checkpoints.NamedTensor>();
        foreach (string module in new[] { "behavior", "policy" })
        {
            string part = _folder.At(module + ".safetensors");
            Assert.Equal(0, EdaProcess.Run(_folder.Path, "weights", "export", run.At("checkpoints", module + ".safetensors"), "--published", "--module", module, "--out", part).Status);
            published.AddRange(EDA.Engine.Checkpoints.Safetensors.Read(part).Tensors);
        }

        string both = _folder.At("both.safetensors");
        EDA.Engine.Checkpoints.Safetensors.Write(both, published, null, false);
        var unnamed = EdaProcess.Run(_folder.Path, "sample", "--weights", both, "--n", "3", "--out", "out.csv");
        Assert.Equal(2, unnamed.Status);
        Assert.Contains("'diffusion_behavior.', 'diffusion_policy.'", Assert.Single(unnamed.ErrorLines), StringComparison.Ordinal);
        var unknown = EdaProcess.Run(_folder.Path, "weights", "export", both, "--prefix", "diffusion_critic.", "--out", "out.safetensors");
        Assert.Equal(2, unknown.Status);
        Assert.Contains("--prefix is 'diffusion_critic.'", Assert.Single(unknown.ErrorLines), StringComparison.Ordinal);

        string points = _folder.Write("points.csv", "a0,a1,t\n0.3,-0.4,0.5\n");
        string[][] lines =
        [
            ["density", "--in", points, "--out", "density"],
            ["score", "--in", points, "--out", "score"],
            ["sample", "--n", "3", "--out", "sample"],
            ["weights", "export", "--out", "export"],
        ];
        foreach (string[] line in lines)
        {
            var named = EdaProcess.Run(_folder.Path, [.. line[..^1], line[^1] + ".named", "--weights", both, "--prefix", "diffusion_policy."]);
            Assert.True(named.Status == 0, named.Error);
            Assert.Equal(0, EdaProcess.Run(_folder.Path, [.. line[..^1], line[^1] + ".alone", "--weights", Weights]).Status);
            Assert.Equal(File.ReadAllBytes(_folder.At(line[^1] + ".alone")), File.ReadAllBytes(_folder.At(line[^1] + ".named")));
        }

        Assert.Contains("S = 0, A = 2", EdaProcess.Run(_folder.Path, "weights", "inspect", both, "--prefix", "diffusion_policy.").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN, "main.out_fc.weight[0, 0] is NaN; allowed is a number that is finite as float32")]
    [InlineData(3e38f, "gives ")]
    public void Nothing_is_written_that_is_no_number(float weight, string named)
    {
        var content = EDA.Engine.Checkpoints.Safetensors.Read(Weights);
        Array.Fill(content.Tensors.Single(tensor => tensor.Name == "main.out_fc.weight").Values, weight);
        string sick = _folder.At("sick.safetensors");
        EDA.Engine.Checkpoints.Safetensors.Write(sick, content.Tensors);
        string points = _folder.Write("points.csv", "a0,a1,t\n0.3,-0.4,0.5\n");
        foreach (string[] line in (string[][])[["density", "--in", points], ["score", "--in", points], ["sample", "--n", "3"]])
        {
            var result = EdaProcess.Run(_folder.Path, [.. line, "--weights", sick, "--out", "out.csv"]);
            Assert.Equal(2, result.Status);
            Assert.Contains($"sick.safetensors: {named}", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
            Assert.False(File.Exists(_folder.At("out.csv")));
        }

        var inspect = EdaProcess.Run(_folder.Path, "weights", "inspect", sick);
        Assert.True(inspect.Status == 0, inspect.Error);
        Assert.Contains("main.out_fc.weight", inspect.Output, StringComparison.Ordinal);
        Assert.Equal(float.IsNaN(weight) ? 2 : 0, EdaProcess.Run(_folder.Path, "weights", "export", sick, "--out", "export.safetensors").Status);
    }

    [Fact]
    public void Inspection_lists_tensors_of_every_type()
    {
        var result = EdaProcess.Run(_folder.Path, "weights", "inspect", EDA.Tests.Data.OddFileTests.At("kinds.safetensors"));
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("steps   I64   [1]", result.Output, StringComparison.Ordinal);
        Assert.Contains("half    F16   [1×7]         norm ", result.Output, StringComparison.Ordinal);
        Assert.Contains("10 tensors, ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_weights_is_refused()
    {
        string broken = _folder.Write("broken.safetensors", "not weights at all");
        var result = EdaProcess.Run(_folder.Path, "sample", "--weights", broken, "--n", "1", "--out", "out.csv");
        Assert.Equal(2, result.Status);
        Assert.Contains("broken.safetensors", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }
}
