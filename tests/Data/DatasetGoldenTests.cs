using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using EDA.Engine.Data;

namespace EDA.Tests.Data;

/// <summary>
/// The Q-learning view of files that h5py and numpy wrote, bit for bit as generate_datasets.py computed it with numpy
/// and PyTorch.
/// </summary>
public class DatasetGoldenTests
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>What the view of a file must be: counts, and checksums of its arrays' bytes.</summary>
    public sealed record Expected(
        string File,
        int Rows,
        int Transitions,
        int StateSize,
        int ActionSize,
        Dictionary<string, string> Checksums,
        double? LeastReturn,
        double? GreatestReturn,
        Dictionary<string, string> Treated);

    [OptionalTheory(OptionalNeeds.Hdf5)]
    [InlineData("d4rl-float32.hdf5")]
    [InlineData("d4rl-float64.hdf5")]
    [InlineData("d4rl-without-timeouts.hdf5")]
    [InlineData("minari.hdf5")]
    public void Views_of_hdf5_files_are_numpys(string file) => Compare(At("views.json"), At(file));

    [Theory]
    [InlineData("plain.npz")]
    [InlineData("compressed.npz")]
    public void Views_of_npz_files_are_numpys(string file) => Compare(At("views.json"), At(file));

    [OptionalTheory(OptionalNeeds.RecordedDatasets)]
    [InlineData("hopper-medium-replay-like.hdf5", "hopper", 33.95)]
    [InlineData("hopper-medium-expert-like.hdf5", "hopper", 64.64)]
    [InlineData("walker2d-medium-replay-like.hdf5", "walker2d", 23.11)]
    [InlineData("halfcheetah-medium-replay-like.hdf5", "halfcheetah", 12.69)]
    public void Views_of_recorded_files_are_numpys(string file, string environment, double score)
    {
        var dataset = Compare(At("recorded.json"), Path.Combine(RecordedData.Folder!, file));
        Assert.Equal(environment, dataset.Environment?.Name);
        Assert.Equal(score, dataset.Episodes.Average(episode => dataset.Environment!.Reference.Score(episode.Return)), 0.005);
        Assert.All(dataset.Episodes, episode => Assert.NotEqual(EpisodeEnd.Unfinished, episode.End));
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Files_say_what_environment_they_are_from()
    {
        Assert.Null(OfflineDataset.Load(At("d4rl-float32.hdf5"), trustsOrder: true).Environment);
        Assert.Equal("hopper", OfflineDataset.Load(At("d4rl-float32.hdf5"), trustsOrder: true).Provenance.Note);
        Assert.Equal("mujoco/hopper/medium-v0", OfflineDataset.Load(At("minari.hdf5")).Provenance.Note);
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Provenance_names_the_file_and_its_sum()
    {
        string path = At("d4rl-float64.hdf5");
        var provenance = OfflineDataset.Load(path).Provenance;
        Assert.Equal(path, provenance.Path);
        Assert.Equal("D4RL HDF5", provenance.Format);
        Assert.Equal(new FileInfo(path).Length, provenance.Bytes);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), provenance.Sha256);
    }

    internal static string At(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", "data", "datasets", name);

    private static OfflineDataset Compare(string expectations, string path)
    {
        var expected = JsonSerializer.Deserialize<Expected[]>(File.ReadAllBytes(expectations), Options)!.Single(entry => entry.File == Path.GetFileName(path));
        // The next_observations of d4rl-float32.hdf5 are other numbers on purpose: the view ignores them.
        var dataset = OfflineDataset.Load(path, trustsOrder: Path.GetFileName(path) == "d4rl-float32.hdf5");
        var view = new QLearningView(dataset);
        Assert.Equal((expected.Rows, expected.Transitions), (dataset.Count, view.Count));
        Assert.Equal((expected.StateSize, expected.ActionSize), (dataset.StateSize, dataset.ActionSize));
        Assert.Equal(expected.Checksums["rows"], Checksum(view.Rows));
        Assert.Equal(expected.Checksums["states"], Checksum<float>(view.States()));
        Assert.Equal(expected.Checksums["nextStates"], Checksum<float>(view.NextStates()));
        Assert.Equal(expected.Checksums["actions"], Checksum<float>(view.Actions()));
        Assert.Equal(expected.Checksums["rewards"], Checksum<float>(view.Rewards()));
        Assert.Equal(expected.Checksums["terminals"], Checksum<float>(view.Terminals()));
        Assert.Equal(expected.Treated["minusOne"], Checksum<float>(RewardTreatments.Apply(view, RewardTreatment.MinusOne)));
        Assert.Equal(expected.Checksums["rewards"], Checksum<float>(RewardTreatments.Apply(view, RewardTreatment.AsIs)));
        Assert.Equal(new ReturnRange(expected.LeastReturn!.Value, expected.GreatestReturn!.Value), RewardTreatments.Range(view));
        Assert.Equal(expected.Treated["returnRange"], Checksum<float>(RewardTreatments.Apply(view, RewardTreatment.ReturnRange)));
        return dataset;
    }

    private static string Checksum<T>(ReadOnlySpan<T> values)
        where T : unmanaged =>
        Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values)));
}
