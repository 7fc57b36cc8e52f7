using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>Seeds of a run on a dataset, several at once.</summary>
[Trait("speed", "slow")]
public sealed class SeedsAtOnceTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Seeds_at_once_come_to_what_they_come_to_one_after_the_other()
    {
        foreach (string[] jobs in (string[][])[["--out", "alone"], ["--jobs", "2", "--out", "atonce"]])
        {
            var result = EdaProcess.Run(_folder.Path, ["run", "pointmaze-umaze", .. SweepFolder.Small, "--seeds", "0..2", .. jobs]);
            Assert.True(result.Status == 0, result.Error);
            Assert.Contains("of 3 of 3 seeds", result.Output, StringComparison.Ordinal);
        }

        for (int seed = 0; seed < 3; seed++)
        {
            foreach (string file in (string[])["checkpoints/policy.safetensors", "checkpoints/candidates.npy"])
                Assert.Equal(Bytes("alone", seed, file), Bytes("atonce", seed, file));
            Assert.Equal(SweepFolder.ScoresOf(Run("alone", seed)), SweepFolder.ScoresOf(Run("atonce", seed)));
            Assert.True(File.Exists(_folder.At($"atonce/workers/seed{seed}.log")));
        }
    }

    [Fact]
    public void What_was_not_finished_is_gone_on_with_at_once()
    {
        Assert.Equal(0, EdaProcess.Run(_folder.Path, ["run", "pointmaze-umaze", .. SweepFolder.Small, "--seeds", "4..5", "--out", "seeds"]).Status);
        string expected = SweepFolder.ScoresOf(Run("seeds", 5));
        File.Delete(Path.Combine(Run("seeds", 5), "result.json"));
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Run("seeds", 5), "checkpoints")).Where(path => Path.GetFileName(path).Split('.')[0] is "policy" or "alignment" or "evaluation"))
            File.Delete(file);
        Directory.Delete(Run("seeds", 4), recursive: true);
        var result = EdaProcess.Run(_folder.Path, "resume", "seeds", "--jobs", "2");
        Assert.True(result.Status == 0, result.Error);
        Assert.Contains("of 2 of 2 seeds", result.Output, StringComparison.Ordinal);
        Assert.Equal(expected, SweepFolder.ScoresOf(Run("seeds", 5)));
        Assert.True(File.Exists(Path.Combine(Run("seeds", 4), "result.json")));
    }

    [Theory]
    [InlineData("allowed is nothing without --seeds", "run", "pointmaze-umaze", "--jobs", "2")]
    [InlineData("trained as one batch", "run", "bandit-moons", "--seeds", "0..1", "--jobs", "2")]
    [InlineData("--jobs is '0'", "run", "pointmaze-umaze", "--seeds", "0..1", "--jobs", "0")]
    public void Jobs_are_refused_where_there_is_nothing_to_share_out(string named, params string[] arguments)
    {
        var result = EdaProcess.Run(_folder.Path, arguments);
        Assert.Equal(2, result.Status);
        Assert.Contains(named, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    private string Run(string seeds, int seed) => _folder.At($"{seeds}/pointmaze-umaze-seed{seed}");

    private byte[] Bytes(string seeds, int seed, string file) => File.ReadAllBytes(Path.Combine(Run(seeds, seed), file));
}
