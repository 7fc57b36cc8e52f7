using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using EDA.Engine.Data;
using EDA.Engine.Environments.Scenes;
using EDA.Engine.Evaluation.Recordings;
using EDA.Engine.Runs;
using EDA.Host.Figures;
using EDA.Host.Player;
using EDA.Host.Reports;

namespace EDA.Tests.Host;

/// <summary>The section of a page that plays rollouts: its numbers are the recorded ones, it is small, and it needs nothing else.</summary>
public sealed class RolloutPlayerTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_unpacked_is_what_was_recorded(bool hasQ)
    {
        const int Steps = 57;
        var scores = Record(policies: 2, episodes: 2, Steps, points: 3, seconds: 0.05, hasQ);
        var data = Data(RolloutPlayer.Section(_folder.Path, scores, name => "about " + name, 1_000_000)!);
        Assert.Equal(("side", 0.05, 1), (data["plane"]!.GetValue<string>(), data["seconds"]!.GetValue<double>(), data["stride"]!.GetValue<int>()));
        Assert.Equal(["policy0", "policy1"], data["policies"]!.AsArray().Select(policy => policy!["name"]!.GetValue<string>()));
        Assert.Equal("about policy1", data["policies"]![1]!["what"]!.GetValue<string>());
        var episode = data["policies"]![1]!["episodes"]![1]!.AsObject();
        Assert.Equal((1, Steps, Steps + 1), (episode["episode"]!.GetValue<int>(), episode["length"]!.GetValue<int>(), episode["frames"]!.GetValue<int>()));
        var (rewards, q, points) = RecordedArrays.ReadPicture(_folder.At("policy1-1.npz"), Steps, 3);
        int[][] columns = Unpack(episode["track"]!.GetValue<string>(), 6 + (hasQ ? 2 : 1), Steps + 1);
        double unit = data["unit"]!.GetValue<double>();
        for (int frame = 0; frame <= Steps; frame++)
        {
            for (int point = 0; point < 3; point++)
            {
                Assert.Equal(points[(((frame * 3) + point) * 3) + 0], columns[2 * point][frame] * unit, unit);
                Assert.Equal(points[(((frame * 3) + point) * 3) + 2], columns[(2 * point) + 1][frame] * unit, unit);
            }

            Assert.Equal(rewards.Take(frame).Sum(reward => (double)reward), Part(episode["returns"]!, columns[6][frame]), 0.01);
            if (hasQ)
                Assert.Equal(q![Math.Min(frame, Steps - 1)], Part(episode["q"]!, columns[7][frame]), 0.05);
        }

        Assert.Equal(hasQ, episode["q"] is not null);

        static double Part(JsonNode scale, int value) => scale[0]!.GetValue<double>() + (scale[1]!.GetValue<double>() * value);
    }

    [Fact]
    public void Numbers_of_any_size_come_through()
    {
        // A simulation that flew apart, and one that stood still.
        var points = new float[] { 0, 0, 0, 9e5f, 0, -9e5f, float.NaN, 0, float.PositiveInfinity, 1, 0, 1, -9e5f, 0, 1e30f };
        Write("policy0-0.npz", [1, 1, 1, 1], null, points);
        var scores = List([[Episode("policy0-0.npz", 0, 4, 4)]], 1, 0.1);
        var data = Data(RolloutPlayer.Section(_folder.Path, scores, _ => string.Empty, 1_000_000)!);
        var episode = data["policies"]![0]!["episodes"]![0]!;
        int[][] columns = Unpack(episode["track"]!.GetValue<string>(), 3, 5);
        Assert.Equal([0, 450_000_000, 0, 500, -450_000_000], columns[0]);
        Assert.Equal([0, -450_000_000, 0, 500, 1_000_000_000], columns[1]);
    }

    [Fact]
    public void A_page_of_eight_policies_with_long_episodes_is_less_than_two_megabytes()
    {
        var scores = Record(policies: 8, episodes: 4, steps: 1000, points: 16, seconds: 0.05, hasQ: true);
        var task = DatasetTask.PaperTasks[1];
        var settings = RunBudgets.Get("smoke", task);
        var outcome = new RunOutcome
        {
            Task = task,
            Budget = "smoke",
            Settings = settings,
            Device = "cpu",
            Command = "./eda",
            Started = DateTimeOffset.UnixEpoch,
            Stages = [],
            Seconds = [],
            Scores = scores,
        };
        var figures = new[] { new Figure("scores", "scores", "<svg>" + new string('x', 700_000) + "</svg>") };
        string page = IndexPage.Write(outcome, [], figures, most => RolloutPlayer.Section(_folder.Path, outcome, most));
        Assert.InRange(Encoding.UTF8.GetByteCount(page), 1_000_000, 1_999_999);
        var data = Data(page);
        Assert.InRange(data["stride"]!.GetValue<int>(), 1, 4);
        Assert.Equal(32, data["policies"]!.AsArray().Sum(policy => policy!["episodes"]!.AsArray().Count));

        // Nothing outside of it, wherever one looks for it; and a data block that ends no script.
        string section = RolloutPlayer.Section(_folder.Path, outcome, 1_000_000)!;
        foreach (string reference in (string[])["http:", "https:", "src=", "@import", "url(", "fetch(", "import("])
            Assert.DoesNotContain(reference, section, StringComparison.Ordinal);
        Assert.Equal(2, section.Split("</script>").Length - 1);

        // Little room: fewer frames, the last one among them.
        var small = Data(RolloutPlayer.Section(_folder.Path, outcome, 200_000)!);
        Assert.InRange(small["stride"]!.GetValue<int>(), data["stride"]!.GetValue<int>() + 1, 100);
        Assert.True(RolloutPlayer.Section(_folder.Path, outcome, 200_000)!.Length <= 200_000);
    }

    [Fact]
    public void Episodes_of_other_rollouts_than_the_scores_are_not_shown()
    {
        var scores = Record(policies: 2, episodes: 2, steps: 5, points: 1, seconds: 0.1, hasQ: false);
        scores["policy0"]["returns"]![1] = -1.0;
        var data = Data(RolloutPlayer.Section(_folder.Path, scores, _ => string.Empty, 1_000_000)!);
        Assert.Equal([1, 2], data["policies"]!.AsArray().Select(policy => policy!["episodes"]!.AsArray().Count));
        Assert.Null(RolloutPlayer.Section(_folder.Path, new Dictionary<string, JsonObject>(), _ => string.Empty, 1_000_000));
        Assert.Null(RolloutPlayer.Section(_folder.At("nothing"), scores, _ => string.Empty, 1_000_000));
    }

    [Fact]
    public void What_has_no_picture_or_is_broken_is_said_in_one_line()
    {
        var scores = Record(policies: 1, episodes: 1, steps: 5, points: 1, seconds: 0.1, hasQ: false);
        (RecordedRollouts.Read(_folder.Path)! with { Environment = "kitchen-mixed", Scene = null }).Save(_folder.Path);
        Assert.Contains("there is no picture of kitchen-mixed", Section(), StringComparison.Ordinal);
        Record(policies: 1, episodes: 1, steps: 5, points: 1, seconds: 0.1, hasQ: false);
        Write("policy0-0.npz", new double[4], null, new float[15]);
        Assert.Contains("cannot be shown", Section(), StringComparison.Ordinal);
        File.Delete(_folder.At("policy0-0.npz"));
        Assert.Contains("cannot be shown", Section(), StringComparison.Ordinal);
        File.WriteAllText(_folder.At(RecordedRollouts.FileName), "{");
        Assert.Contains("is no list of episodes", Section(), StringComparison.Ordinal);

        string Section() => RolloutPlayer.Section(_folder.Path, scores, _ => string.Empty, 1_000_000)!;
    }

    private static JsonObject Data(string page)
    {
        const string Begin = "<script type=\"application/json\">";
        int from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        return JsonNode.Parse(page[from..page.IndexOf("</script>", from, StringComparison.Ordinal)])!.AsObject();
    }

    // As the page's program unpacks it.
    private static int[][] Unpack(string text, int count, int frames)
    {
        using var inflate = new DeflateStream(new MemoryStream(Convert.FromBase64String(text)), CompressionMode.Decompress);
        using var memory = new MemoryStream();
        inflate.CopyTo(memory);
        byte[] bytes = memory.ToArray();
        Assert.Equal(count + (4 * count * frames), bytes.Length);
        var columns = new int[count][];
        for (int c = 0; c < count; c++)
        {
            columns[c] = new int[frames];
            int value = 0, change = 0;
            for (int f = 0; f < frames; f++)
            {
                uint word = 0;
                for (int plane = 0; plane < 4; plane++)
                    word |= (uint)bytes[count + (((plane * count) + c) * frames) + f] << (8 * plane);
                int step = (int)(word >> 1) ^ -(int)(word & 1);
                change = bytes[c] == 2 ? unchecked(change + step) : step;
                value = unchecked(value + change);
                columns[c][f] = value;
            }
        }

        return columns;
    }

    // Policies whose points swing about as a running robot's do, fast and with what no one could foretell.
    private Dictionary<string, JsonObject> Record(int policies, int episodes, int steps, int points, double seconds, bool hasQ)
    {
        var random = new Random(3);
        var list = new List<RecordedEpisode[]>();
        for (int policy = 0; policy < policies; policy++)
        {
            var kept = new List<RecordedEpisode>();
            for (int episode = 0; episode < episodes; episode++)
            {
                var places = new float[(steps + 1) * points * 3];
                double[] phase = [.. Enumerable.Range(0, points).Select(_ => 7 * random.NextDouble())];
                double x = 0;
                for (int frame = 0; frame <= steps; frame++)
                {
                    x += 0.4 * random.NextDouble();
                    for (int point = 0; point < points; point++)
                    {
                        phase[point] += 0.4 + (0.5 * random.NextDouble());
                        int at = ((frame * points) + point) * 3;
                        (places[at], places[at + 2]) = ((float)(x + (0.2 * Math.Sin(phase[point]))), (float)(0.5 + (0.2 * Math.Cos(phase[point]))));
                    }
                }

                double[] rewards = [.. Enumerable.Range(0, steps).Select(_ => 5 * random.NextDouble())];
                string file = $"policy{policy}-{episode}.npz";
                Write(file, rewards, hasQ ? [.. rewards.Select((_, step) => (float)(50 + (5 * Math.Sin(step)) + random.NextDouble()))] : null, places);
                double sum = 0;
                foreach (double reward in rewards)
                    sum += reward;
                kept.Add(Episode(file, episode, steps, sum));
            }

            list.Add([.. kept]);
        }

        return List(list, points, seconds);
    }

    private void Write(string file, double[] rewards, float[]? q, float[] points)
    {
        File.Delete(_folder.At(file));
        new RecordedArrays { Observations = new float[rewards.Length], Actions = new float[rewards.Length], Rewards = rewards, Q = q, Points = points }.Write(_folder.At(file));
    }

    private static RecordedEpisode Episode(string file, int number, int length, double total) =>
        new(number, [EpisodeChoice.Names[number % 4]], file, length, total, total, false, null);

    private Dictionary<string, JsonObject> List(IReadOnlyList<RecordedEpisode[]> policies, int points, double seconds)
    {
        var scene = new Scene(ScenePlane.Side, points, [.. Enumerable.Range(0, points).Select(point => new SceneShape(point, Math.Max(0, point - 1), 0.05, point % 3))]);
        new RecordedRollouts("halfcheetah", seconds, new ReferenceReturns(0, 100), scene, [.. policies.Select((kept, policy) => new RecordedPolicy($"policy{policy}", kept))]).Save(_folder.Path);
        return policies.Select((kept, policy) => (policy, kept)).ToDictionary(
            each => $"policy{each.policy}",
            each => new JsonObject
            {
                ["normalized_mean"] = 1.0,
                ["normalized_std"] = 1.0,
                ["return_mean"] = 1.0,
                ["episodes"] = (double)each.kept.Length,
                ["returns"] = new JsonArray([.. each.kept.Select(episode => (JsonNode)episode.Return)]),
            });
    }
}
