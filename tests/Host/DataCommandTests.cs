using EDA.Engine.Data;
using EDA.Tests.Data;

namespace EDA.Tests.Host;

/// <summary>eda data inspect and eda data convert.</summary>
[Trait("speed", "slow")]
public sealed class DataCommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Inspect_shows_fields_episodes_and_scores()
    {
        var data = new SyntheticTransitions(1, 400, 11, 3, terminals: 0.02, timeouts: 0.02);
        string path = TestFiles.Hdf5(_folder.At("hopper-x.hdf5"), TestFiles.Fields(data), new(100, 1, 4));
        var result = EdaProcess.Run(_folder.Path, "data", "inspect", path);
        Assert.True(result.Status == 0, result.Error);
        var dataset = OfflineDataset.Load(path);
        double[] scores = [.. dataset.Episodes.Select(episode => dataset.Environment!.Reference.Score(episode.Return))];
        string[] words =
        [
            "D4RL HDF5", dataset.Provenance.Sha256!, "observations", "400×11", "float32", "chunks of 100×1, gzip", "environment  hopper",
            "400, S = 11, A = 3", $"{new QLearningView(dataset).Count} transitions", $"episodes     {scores.Length}:", "normalised score",
            FormattableString.Invariant($"{scores.Average():0.00}"), "a critic's rewards are divided by", "the last episode has no end", "problems     none",
        ];
        Assert.All(words, word => Assert.Contains(word, result.Output, StringComparison.Ordinal));
    }

    /// <summary>Two files that HDF5 1.10.8 does not survive: an overflow that it notices, and one that it does not.</summary>
    [OptionalTheory(OptionalNeeds.Hdf5)]
    [InlineData("damaged-overflow.hdf5")]
    [InlineData("damaged-segmentation.hdf5")]
    public void A_file_that_the_library_crashes_on_is_refused_in_one_line(string file)
    {
        foreach (string[] words in (string[][])[["inspect", DatasetGoldenTests.At(file)], ["convert", DatasetGoldenTests.At(file), "out.csv"]])
        {
            var result = EdaProcess.Run(_folder.Path, ["data", .. words]);
            // Another version of the library may read on, or refuse.
            Assert.Contains(result.Status, (int[])[0, 2]);
            Assert.True(result.ErrorLines.Length == result.Status / 2, result.Error);
        }
    }

    [Fact]
    public void Inspect_without_an_environment_shows_returns()
    {
        string path = TestFiles.Npz(_folder.At("data.npz"), TestFiles.Fields(new SyntheticTransitions(1, 40)));
        var result = EdaProcess.Run(_folder.Path, "data", "inspect", path);
        Assert.Equal(0, result.Status);
        Assert.Contains("environment  unknown", result.Output, StringComparison.Ordinal);
        Assert.Contains("episodes by return", result.Output, StringComparison.Ordinal);
        Assert.Contains("--env names it (hopper,", result.Output, StringComparison.Ordinal);

        var wrong = EdaProcess.Run(_folder.Path, "data", "inspect", path, "--env", "hopper");
        Assert.Equal(2, wrong.Status);
        Assert.Contains("observations has 3 columns; hopper has 11", Assert.Single(wrong.ErrorLines), StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Hdf5AndBash)]
    public void A_disk_that_is_full_leaves_no_file()
    {
        // Room for all but the end of the file, which the HDF5 library writes only when it is closed; and for less.
        string source = TestFiles.Npz(_folder.At("data.npz"), TestFiles.Fields(new SyntheticTransitions(1, 4000, 11, 3)));
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "data", "convert", source, "whole.hdf5").Status);
        long whole = new FileInfo(_folder.At("whole.hdf5")).Length;
        foreach (long room in (long[])[(whole - 1) / 1024, whole / 2048])
        {
            var result = EdaProcess.RunOnFullDisk(_folder.Path, room, "data", "convert", source, "copy.hdf5");
            Assert.Equal(1, result.Status);
            Assert.Contains("cannot be written", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
            Assert.Equal([_folder.At("data.npz"), _folder.At("whole.hdf5")], Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Inspect_lists_problems_and_refuses()
    {
        var data = new SyntheticTransitions(1, 40);
        data.States[5] = float.NaN;
        data.Actions[3] = 2;
        string path = TestFiles.Npz(_folder.At("data.npz"), TestFiles.Fields(data));
        var result = EdaProcess.Run(_folder.Path, "data", "inspect", path);
        Assert.Equal(2, result.Status);
        Assert.Contains("problem      observations, row 1, column 2 is NaN", result.Output, StringComparison.Ordinal);
        Assert.Contains("problem      actions, row 1, column 1 is 2", result.Output, StringComparison.Ordinal);
        Assert.Contains("data.npz: observations, row 1, column 2 is NaN", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_writes_the_same_numbers_and_never_over_a_file()
    {
        var data = new SyntheticTransitions(1, 60);
        string source = TestFiles.Npz(_folder.At("data.npz"), new Dictionary<string, (int[], Array)>(TestFiles.Fields(data)) { ["infos"] = ([2], new float[2]) });
        var result = EdaProcess.Run(_folder.Path, "data", "convert", source, "data.csv");
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("60 rows, S = 3, A = 2", result.Output, StringComparison.Ordinal);
        Assert.Contains("not carried over: infos", result.Output, StringComparison.Ordinal);
        Assert.Equal(data.States, OfflineDataset.Load(_folder.At("data.csv")).States.ToArray());

        byte[] before = File.ReadAllBytes(_folder.At("data.csv"));
        var again = EdaProcess.Run(_folder.Path, "data", "convert", source, "data.csv");
        Assert.Equal(2, again.Status);
        Assert.Contains("nothing is overwritten", Assert.Single(again.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_folder.At("data.csv")));
    }

    [Theory]
    [InlineData("FILE is missing", "inspect")]
    [InlineData("FILE is 'none.hdf5'; allowed is a file that exists", "inspect", "none.hdf5")]
    [InlineData("--env is 'ant'; allowed is one of hopper,", "inspect", "page.hdf5", "--env", "ant")]
    [InlineData("page.hdf5: not an HDF5 file", "inspect", "page.hdf5")]
    [InlineData("page.hdf5: not an HDF5 file", "convert", "page.hdf5", "out.npz")]
    [InlineData("OUT is 'out.txt'; allowed is a file that ends in .hdf5, .h5, .npz, .csv", "convert", "page.hdf5", "out.txt")]
    [InlineData("OUT is missing", "convert", "page.hdf5")]
    [InlineData("data needs a command; allowed is one of convert, download, inspect")]
    public void Mistakes_are_named(string named, params string[] arguments)
    {
        _folder.Write("page.hdf5", "<html>");
        var result = EdaProcess.Run(_folder.Path, ["data", .. arguments]);
        Assert.Equal(2, result.Status);
        Assert.Contains(named, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(["page.hdf5"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_missing_library_is_named_with_its_package()
    {
        var nowhere = new Dictionary<string, string> { ["EDA_HDF5"] = _folder.At("libhdf5.so") };
        var result = EdaProcess.Run(_folder.Path, nowhere, "data", "inspect", DatasetGoldenTests.At("d4rl-float64.hdf5"));
        Assert.Equal(2, result.Status);
        Assert.Contains("EDA_HDF5 is", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Linux)]
    public void Another_library_that_loads_and_lacks_what_is_needed_is_missing()
    {
        var other = new Dictionary<string, string> { ["EDA_HDF5"] = "libc.so.6" };
        var result = EdaProcess.Run(_folder.Path, other, "data", "inspect", DatasetGoldenTests.At("d4rl-float64.hdf5"));
        Assert.Equal(2, result.Status);
        Assert.Contains("libhdf5-103-1", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }
}
