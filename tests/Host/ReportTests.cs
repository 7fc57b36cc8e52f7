using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.CommandLine;
using EDA.Host.Figures;
using EDA.Host.Progress;
using EDA.Host.Reports;

namespace EDA.Tests.Host;

public sealed partial class ReportTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Checksum_is_crc32c()
    {
        // The check value of CRC-32C, E3069283, rotated by 15 bits and offset.
        byte[] digits = Encoding.ASCII.GetBytes("123456789");
        uint masked = unchecked(((0xE3069283u >> 15) | (0xE3069283u << 17)) + 0xa282ead8u);
        Assert.Equal(masked, TensorBoardFile.MaskedCrc(digits));
        Assert.Equal(masked, TensorBoardReader.MaskedCrc(digits));
    }

    [Fact]
    public void Tensor_board_round_trip()
    {
        var start = new DateTimeOffset(2024, 5, 6, 7, 8, 9, 250, TimeSpan.Zero);
        string path;
        using (var file = new TensorBoardFile(_folder.Path, start))
        {
            path = file.FilePath;
            file.Scalar("behavior/loss", 1234567890123, 0.25, start.AddSeconds(1));
            ((ITrainingObserver)file).Progress(new TrainingProgress("alignment", 7, 10, 1.5, [new Metric("loss", 2.5), new Metric("learning_rate", 1e-3)]));
        }

        var events = TensorBoardReader.Read(path);
        Assert.Equal(4, events.Count);
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal(start.ToUnixTimeMilliseconds() / 1000.0, events[0].WallTime);
        Assert.Equal(("behavior/loss", 1234567890123, 0.25f), (events[1].Tag, events[1].Step, events[1].Value));
        Assert.Equal(("alignment/loss", 7, 2.5f), (events[2].Tag, events[2].Step, events[2].Value));
        Assert.Equal("alignment/learning_rate", events[3].Tag);
    }

    [Fact]
    public void Metrics_are_on_disk_after_each_report()
    {
        string path = _folder.At("metrics.csv");
        using var file = new MetricsFile(path);
        ((ITrainingObserver)file).Progress(new TrainingProgress("behavior", 50, 100, 1, [new Metric("loss", -0.1)]));
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.Equal("stage,step,name,value\nbehavior,50,loss,-0.1\n", reader.ReadToEnd());
    }

    [Fact]
    public void Figures_are_small_well_formed_and_tell_panels_apart()
    {
        var figures = BanditFigures.Draw(SyntheticBandit.Create());
        Assert.Equal(["overview", "samples", "losses"], figures.Select(figure => figure.Name));
        var ids = new List<string>();
        foreach (var figure in figures)
        {
            Assert.True(figure.Svg.Length < 1_000_000, $"{figure.Name} has {figure.Svg.Length} characters");
            var root = XDocument.Parse(figure.Svg).Root!;
            var own = root.Descendants().Attributes("id").Select(attribute => attribute.Value).ToList();
            ids.AddRange(own);
            Assert.All(Target().Matches(figure.Svg), match => Assert.Contains(match.Groups[1].Value, own));
        }

        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void Metrics_go_on_where_the_stage_does()
    {
        string path = _folder.At("continued.csv");
        using (var file = MetricsFile.Continue(path))
        {
            file.StageStarted("behavior", 0, 30);
            Report(file, "behavior", 10, 1);
            Report(file, "behavior", 20, 2);
            Report(file, "critic", 20, 3);
        }

        // The state that was saved is of step 10: what came after it comes again.
        using (var file = MetricsFile.Continue(path))
        {
            file.StageStarted("behavior", 10, 30);
            Report(file, "behavior", 20, 4);
        }

        Assert.Equal(["stage,step,name,value", "behavior,10,loss,1", "critic,20,loss,3", "behavior,20,loss,4"], File.ReadAllLines(path));
        var history = new MetricsHistory(path);
        Assert.Equal((4, 3, null), (history.Last("behavior", "loss"), history.Last("critic", "loss"), history.Last("critic", "next_value")));
        var curve = Assert.Single(history.Curves);
        Assert.Equal([10, 20], curve.Steps);
        Assert.Equal([1, 4], curve.Values);

        static void Report(MetricsFile file, string stage, long step, double loss) =>
            file.Progress(new TrainingProgress(stage, step, 30, 1, [new Metric("loss", loss)]));
    }

    [Fact]
    public void What_is_measured_again_replaces_what_was_measured()
    {
        string path = _folder.At("metrics.csv");
        using (var file = new MetricsFile(path))
            Report(file, 0, 5, 7, 9);
        Assert.Null(new MetricsHistory(path).Scores);
        using (var file = MetricsFile.Continue(path))
        {
            Report(file, 4, 1, 2, 3);
            file.StageStarted("alignment", 4, 8);
            file.MeasuredAgain("alignment", 4, ["score", "score_std"]);
            Report(file, 4, 6, 8, null);
        }

        Assert.Equal(["stage,step,name,value", "alignment,0,score,5", "alignment,0,score_std,7", "alignment,0,loss,9", "alignment,4,loss,3", "alignment,4,score,6", "alignment,4,score_std,8"], File.ReadAllLines(path));
        var scores = new MetricsHistory(path).Scores!;
        Assert.Equal([0, 4], scores.Steps);
        Assert.Equal([5, 6], scores.Means);
        Assert.Equal([7, 8], scores.Deviations);
        Assert.Contains("<polygon", CurveFigure.Scores(scores, 20).Svg, StringComparison.Ordinal);

        static void Report(MetricsFile file, long step, double score, double deviation, double? loss) => file.Progress(new TrainingProgress(
            "alignment", step, 8, 1, [new Metric("score", score), new Metric("score_std", deviation), .. loss is { } value ? [new Metric("loss", value)] : (Metric[])[]]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_run_is_rolled_out_or_rated_and_never_shows_both(bool rollsOut)
    {
        var task = RunTask.Table.Find("pointmaze-umaze");
        var settings = RunBudgets.Get("smoke", task);
        var score = new PolicyScore(new ReferenceReturns(0, 1), [0.5], [10], [true], 1, 1);
        var rating = new PolicyRating(1, 0.5, 0.25, 0.125, 0.01);
        var rolledOut = new RunResult([], new Dictionary<string, PolicyScore> { ["policy"] = score }, null, Completed: true);
        var rated = new RunResult([], new Dictionary<string, PolicyScore>(), null, Completed: true) { Ratings = new(8, 32, rating, new Dictionary<string, PolicyRating> { ["policy"] = rating }) };
        var outcome = new RunOutcome { Task = task, Budget = "smoke", Settings = settings, Device = "cpu", Command = "./eda", Started = DateTimeOffset.UnixEpoch, Stages = [], Seconds = [] };
        HashSet<string> advanced = [Rollouts.StageName];
        foreach (bool asked in (bool[])[!rollsOut, rollsOut])
            outcome = (outcome with { Settings = settings with { Evaluation = settings.Evaluation with { RollsOut = asked } } }).With(asked ? rolledOut : rated, advanced);
        Assert.Equal((rollsOut, !rollsOut), (outcome.Scores.Count == 1, outcome.Ratings is not null));
        string page = System.Net.WebUtility.HtmlDecode(IndexPage.Write(outcome, [], []));
        Assert.Equal(rollsOut, page.Contains("<th>normalised score</th>", StringComparison.Ordinal));
        Assert.Equal(!rollsOut, page.Contains("<td>1 ± 0.5</td><td>+0.25 ± 0.125</td><td>1.0 %</td><td>8 × 32</td>", StringComparison.Ordinal));
        Assert.All(page.Split('\n').Where(line => line.StartsWith("<tr><td><code>policy", StringComparison.Ordinal)), line => Assert.Equal(rollsOut ? 5 : 6, line.Split("<td").Length - 1));
    }

    [Theory]
    [InlineData("value", true)]
    [InlineData("preference", false)]
    [InlineData("dpo", false)]
    public void Only_the_value_objective_has_an_exact_answer(string objective, bool exact)
    {
        var data = SyntheticBandit.Create();
        if (!exact)
            data = data with { IdentityLabel = [], IdentityEnergy = [] };
        var figures = BanditFigures.Draw(data);
        Assert.All(figures.Take(2), figure => Assert.Equal(exact, figure.Svg.Contains("exact", StringComparison.Ordinal)));
        Assert.Equal(exact, figures[0].Caption.Contains("exact", StringComparison.Ordinal));

        var task = RunTask.Table.Find("bandit-rings");
        var settings = RunBudgets.Get("smoke", task);
        var outcome = new RunOutcome
        {
            Task = task,
            Budget = "smoke",
            Settings = settings with { Alignment = settings.Alignment.With(ObjectiveKind.Table.Find(objective)) },
            Device = "cpu",
            Command = "./eda",
            Started = DateTimeOffset.UnixEpoch,
            Stages = [],
            Seconds = [],
            Exact = new BanditMetrics { TargetMeanQ = 0.875, PolicyMeanQ = 0.5 },
        };
        string page = IndexPage.Write(outcome, [], figures);
        Assert.Equal(exact, page.Contains("<td>0.500</td><td>0.875</td>", StringComparison.Ordinal));
        Assert.Equal(!exact, page.Contains("<td>0.500</td><td>–</td>", StringComparison.Ordinal));
        Assert.Equal(!exact, page.Contains("for comparison: 0.875", StringComparison.Ordinal));
    }

    [Fact]
    public void Maps_are_embedded_as_whole_pngs()
    {
        const int Grid = 96;
        string overview = BanditFigures.Draw(SyntheticBandit.Create(grid: Grid))[0].Svg;
        var maps = Map().Matches(overview);
        Assert.Equal(12, maps.Count);
        foreach (Match map in maps)
        {
            byte[] png = Convert.FromBase64String(map.Groups[1].Value);
            Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
            // The end chunk is the same in every PNG, its checksum included.
            Assert.Equal([0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82], png[^12..]);
            Assert.Equal(Grid * ((4 * Grid) + 1), Pixels(png).Length);
        }
    }

    [Fact]
    public void Thinning_keeps_every_part_of_a_periodic_order()
    {
        // Points that go round four parts: a fixed stride would see one or two of them.
        float[] part = [.. Enumerable.Range(0, 20_000).Select(i => (float)(i % 4))];
        var thinned = new PlanarPoints(part, part, part).AtMost(2000);
        Assert.Equal(2000, thinned.Count);
        Assert.All(Enumerable.Range(0, 4), which => Assert.InRange(thinned.Value.Count(value => value == which), 450, 550));
    }

    [Fact]
    public void Lines_come_by_tenths()
    {
        var output = new StringWriter();
        var display = new LineDisplay(output);
        display.StageStarted("behavior", 0, 1000);
        for (int step = 10; step <= 1000; step += 10)
            display.Progress(new TrainingProgress("behavior", step, 1000, step / 100.0, [new Metric("loss", 0.5)]));
        display.StageFinished(new StageResult("behavior", 1000, 1000, 10, 0.5));
        string[] lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(11, lines.Length);
        Assert.Contains("50 %  500/1000 steps  loss 0.5000  100 steps/s  5 s left", lines[4], StringComparison.Ordinal);
        Assert.Contains("done in 10 s", lines[10], StringComparison.Ordinal);

        // A stage that an earlier command finished has nothing to time.
        display.StageStarted("alignment", 500, 500);
        display.StageFinished(new StageResult("alignment", 500, 500, 1, null));
        Assert.EndsWith("alignment  was done before\n", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wanted_folder_must_be_empty()
    {
        var folder = RunFolder.Create(_folder.At("new"), "name");
        Assert.True(Directory.Exists(Path.Combine(folder.FullPath, "checkpoints")));
        Assert.Throws<UserError>(() => RunFolder.Create(_folder.At("new"), "name"));
    }

    private static byte[] Pixels(byte[] png)
    {
        using var data = new MemoryStream();
        for (int at = 8; at < png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            if (Encoding.ASCII.GetString(png, at + 4, 4) == "IDAT")
                data.Write(png, at + 8, length);
            at += length + 12;
        }

        data.Position = 0;
        using var pixels = new MemoryStream();
        using (var inflated = new ZLibStream(data, CompressionMode.Decompress))
            inflated.CopyTo(pixels);
        return pixels.ToArray();
    }

    [GeneratedRegex(@"url\(#([^)]*)\)")]
    private static partial Regex Target();

    [GeneratedRegex("data:image/png;base64,([^\"]*)")]
    private static partial Regex Map();
}
