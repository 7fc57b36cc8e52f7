using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Xml.Linq;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>What a profile leaves behind, and what it refuses.</summary>
[Collection(nameof(SoftwareProfile))]
[Trait("speed", "slow")]
public sealed class ProfileTests(SoftwareProfile profile)
{
    private const double Nanosecond = 1e-3; // in microseconds, to which a trace is rounded

    [Fact]
    public void It_ends_well_and_says_where_everything_is()
    {
        Assert.Equal(string.Empty, profile.Result.Error);
        Assert.Equal(0, profile.Result.Status);
        Assert.Contains("say nothing about a GPU", profile.Result.Output, StringComparison.Ordinal);
        Assert.Equal(
            ["index.html", "kernels.csv", "operations.csv", "profile.json", "roofline.svg", "trace.json"],
            Directory.EnumerateFiles(profile.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Keys_are_those_other_programs_read()
    {
        var document = profile.Document("profile.json");
        Assert.Equal(
            ["recipe", "device", "precision", "command", "version", "started", "peaks", "late_launches", "stages", "operations", "kernels"],
            document.EnumerateObject().Select(property => property.Name));
        Assert.Equal(["gflops", "arithmetic", "gbps", "memory"], document.GetProperty("peaks").EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ["behavior", "alignment", "evaluation"],
            document.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("name").GetString()));
        Assert.Equal("./eda profile bandit-moons --seed 0 --budget smoke --set points=64 --set behavior.batch=9 --device software --steps 2 --small", document.GetProperty("command").GetString());
        var keys = document.GetProperty("kernels")[0].EnumerateObject().Select(property => property.Name).ToList();
        Assert.Equal(keys, File.ReadLines(profile.At("kernels.csv")).First().Split(','));
        Assert.Equal(keys, File.ReadLines(profile.At("operations.csv")).First().Split(','));
    }

    [Theory]
    [InlineData("kernels")]
    [InlineData("operations")]
    public void Numbers_of_a_table_agree_with_each_other(string table)
    {
        var document = profile.Document("profile.json");
        var rows = document.GetProperty(table).EnumerateArray().ToList();
        double peak = document.GetProperty("peaks").GetProperty("gflops").GetDouble(), bandwidth = document.GetProperty("peaks").GetProperty("gbps").GetDouble();
        Assert.All(rows, row =>
        {
            double Get(string name) => row.GetProperty(name).GetDouble();
            Assert.True(Get("calls") >= 1);
            Assert.True(Get("seconds") > 0);
            Close(Get("flop"), Get("gflops") * Get("seconds") * 1e9);
            Close(Get("bytes"), Get("gbps") * Get("seconds") * 1e9);
            Close(Get("gflops"), Get("arithmetic_share") * peak);
            Close(Get("gbps"), Get("memory_share") * bandwidth);
        });
        Close(1, rows.Sum(row => row.GetProperty("time_share").GetDouble()));
        Assert.Equal(rows.Select(row => row.GetProperty("seconds").GetDouble()).OrderDescending(), rows.Select(row => row.GetProperty("seconds").GetDouble()));
        var csv = File.ReadLines(profile.At(table + ".csv")).Skip(1).Select(line => line.Split(',')).ToList();
        Assert.Equal(rows.Select(row => (row.GetProperty("name").GetString(), row.GetProperty("flop").GetDouble())), csv.Select(line => ((string?)line[1], double.Parse(line[5], CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void A_step_has_its_nominal_work()
    {
        // Batch 9, 1 block of width 32: 6 units a row, and 4 a candidate (4 states × 16), for 2 steps.
        double unit = 2 * 32 * 128 * 2;
        Assert.Equal(6 * unit * 9 * 2, Operation("denoising_step").GetProperty("flop").GetDouble());
        Assert.Equal(4 * unit * 4 * 16 * 2, Operation("alignment_step").GetProperty("flop").GetDouble());
        Assert.Equal("behavior", Operation("denoising_step").GetProperty("within").GetString());
        Assert.Equal("alignment", Operation("alignment_step").GetProperty("within").GetString());
        JsonElement Operation(string name) => profile.Document("profile.json").GetProperty("operations").EnumerateArray().Single(row => row.GetProperty("name").GetString() == name);
    }

    [Fact]
    public void The_trace_is_in_order_on_every_track_and_each_part_within_its_whole()
    {
        var events = profile.Document("trace.json").GetProperty("traceEvents").EnumerateArray().ToList();
        Assert.All(events, entry => Assert.Contains(entry.GetProperty("ph").GetString(), (string[])["M", "X"]));
        var tracks = events.Where(entry => entry.GetProperty("ph").GetString() == "X")
            .GroupBy(entry => entry.GetProperty("cat").GetString()!)
            .ToDictionary(track => track.Key, track => track.Select(entry => (Start: entry.GetProperty("ts").GetDouble(), Length: entry.GetProperty("dur").GetDouble())).ToList());
        Assert.Equal(["kernels", "operations", "stages"], tracks.Keys.Order(StringComparer.Ordinal));
        Assert.All(tracks.Values, track =>
        {
            Assert.All(track, span => Assert.True(span.Start >= 0 && span.Length >= 0));
            Assert.All(track.Zip(track.Skip(1)), pair => Assert.True(pair.First.Start + pair.First.Length <= pair.Second.Start + (2 * Nanosecond)));
        });
        AssertWithin(tracks["operations"], tracks["stages"]);
        AssertWithin(tracks["kernels"], tracks["operations"]);
        Assert.Single(events.Select(entry => entry.GetProperty("pid").GetInt32()).Distinct());
        Assert.Equal(3, events.Count(entry => entry.GetProperty("name").GetString() == "thread_name"));
    }

    [Fact]
    public void The_trace_adds_up_to_the_table()
    {
        var rows = profile.Document("profile.json").GetProperty("kernels").EnumerateArray().ToList();
        var events = profile.Document("trace.json").GetProperty("traceEvents").EnumerateArray()
            .Where(entry => entry.TryGetProperty("cat", out var kind) && kind.GetString() == "kernels").ToList();
        Assert.Equal(rows.Sum(row => row.GetProperty("calls").GetInt64()), events.Count);
        Assert.All(rows.GroupBy(row => row.GetProperty("name").GetString()), kernel =>
        {
            var spans = events.Where(entry => entry.GetProperty("name").GetString() == kernel.Key).ToList();
            Assert.Equal(kernel.Sum(row => row.GetProperty("seconds").GetDouble()) * 1e6, spans.Sum(entry => entry.GetProperty("dur").GetDouble()), spans.Count * Nanosecond);
        });
    }

    [Fact]
    public void The_roofline_is_an_image_with_every_kernel()
    {
        var root = XDocument.Load(profile.At("roofline.svg")).Root!;
        Assert.Equal("svg", root.Name.LocalName);
        var words = root.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value).ToHashSet();
        var names = profile.Document("profile.json").GetProperty("kernels").EnumerateArray().Select(row => row.GetProperty("name").GetString()!).Distinct().ToList();
        Assert.True(names.Count > 20);
        Assert.All(names, name => Assert.Contains(name, words));
        Assert.All(Enumerable.Range(1, names.Count), number => Assert.Contains(number.ToString(CultureInfo.InvariantCulture), words));
    }

    [Fact]
    public void On_the_cpu_operations_are_profiled()
    {
        string folder = Path.Combine(profile.Scratch, "cpu");
        var result = BenchProcess.Run(
            profile.Scratch, "profile", "bandit-rings", "--steps", "2", "--set", "width=32", "--set", "points=64", "--set", "behavior.batch=16", "--set", "alignment.states=4",
            "--set", "evaluation.samples=16", "--set", "heldOut=16", "--set", "distancePoints=16", "--out", folder);
        Assert.Equal(string.Empty, result.Error);
        Assert.False(File.Exists(Path.Combine(folder, "kernels.csv")));
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "profile.json")));
        Assert.Empty(document.RootElement.GetProperty("kernels").EnumerateArray());
        var operations = document.RootElement.GetProperty("operations").EnumerateArray().ToDictionary(row => (row.GetProperty("within").GetString(), row.GetProperty("name").GetString()));
        Assert.Equal(2, operations[("behavior", "denoising_step")].GetProperty("calls").GetInt64());
        Assert.Equal(2, operations[("alignment", "adam")].GetProperty("calls").GetInt64());
        Assert.Equal(2, operations[("evaluation", "sample")].GetProperty("calls").GetInt64());
    }

    [Fact]
    public void A_sentence_says_where_the_time_goes()
    {
        string sentence = profile.Result.Output.TrimEnd().Split('\n')[^1];
        Assert.Matches("^[0-9]+ % of the time is (behavior pretraining|alignment|the comparison with the exact answer), (at (less than 1|[0-9]+) % of the machine's peak|mostly outside its operations)", sentence);
        Assert.Contains(WebUtility.HtmlEncode(sentence), File.ReadAllText(profile.At("index.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bandit-moons", "vae", "--method", "generators")]
    [InlineData("pointmaze-umaze", "alignment", "--critic", "online")]
    [InlineData("pointmaze-umaze", "policy", "--method", "qgpo")]
    [InlineData("pointmaze-umaze", "policy", "--method", "diffusion-ql")]
    public void A_profile_is_short_whatever_is_trained(string recipe, string stage, params string[] options)
    {
        string folder = Path.Combine(profile.Scratch, string.Join('-', options).Trim('-'));
        var result = BenchProcess.Run(profile.Scratch, ["profile", recipe, "--small", "--steps", "2", "--out", folder, .. options]);
        Assert.Equal(string.Empty, result.Error);
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "profile.json")));
        var stages = document.RootElement.GetProperty("stages").EnumerateArray().ToDictionary(each => each.GetProperty("name").GetString()!, each => each.GetProperty("steps").GetInt64());
        Assert.Equal(2, stages[stage]);
        Assert.True(stages["evaluation"] > 0);
    }

    [Theory]
    [InlineData("recipe", "profile", "bandit-suns")]
    [InlineData("--device", "profile", "bandit-moons", "--device", "tpu")]
    [InlineData("--precision", "profile", "bandit-moons", "--device", "cuda", "--precision", "fp8")]
    [InlineData("--steps", "profile", "bandit-moons", "--steps", "0")]
    [InlineData("width", "profile", "bandit-moons", "--set", "width=33")]
    [InlineData("--device", "verify", "--device", "tpu")]
    [InlineData("--json", "verify", "--json", "missing/table.json")]
    [InlineData("--json", "bench", "kernels", "--json", "missing/table.json")]
    [InlineData("--json", "bench", "steps", "--json", "missing/times.json")]
    [InlineData("--in", "bench", "report", "--in", "missing", "--out", "results")]
    public void What_is_not_allowed_is_refused_in_one_line(string thing, params string[] arguments)
    {
        var result = BenchProcess.Run(profile.Scratch, arguments);
        Assert.Equal(2, result.Status);
        string line = Assert.Single(result.ErrorLines);
        Assert.StartsWith($"eda: {thing} is ", line, StringComparison.Ordinal);
        Assert.Contains("allowed is ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_files_in_it_is_refused_and_left_alone()
    {
        string before = File.ReadAllText(profile.At("trace.json"));
        var result = BenchProcess.Run(profile.Scratch, "profile", "bandit-moons", "--small", "--out", profile.Folder);
        Assert.Equal(2, result.Status);
        Assert.Contains("nothing is overwritten", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(profile.At("trace.json")));
    }

    [Fact]
    public void Other_commands_are_the_hosts()
    {
        var result = BenchProcess.Run(profile.Scratch, "recipes");
        Assert.Equal(0, result.Status);
        Assert.Contains("bandit-moons", result.Output, StringComparison.Ordinal);
        Assert.Equal(2, BenchProcess.Run(profile.Scratch, "bake").Status);
    }

    private static void AssertWithin(IEnumerable<(double Start, double Length)> parts, List<(double Start, double Length)> wholes) => Assert.All(parts, part =>
        Assert.Contains(wholes, whole => part.Start >= whole.Start - (2 * Nanosecond) && part.Start + part.Length <= whole.Start + whole.Length + (2 * Nanosecond)));

    private static void Close(double expected, double actual) => Assert.InRange(actual, expected - (1e-9 * Math.Abs(expected)), expected + (1e-9 * Math.Abs(expected)));
}
