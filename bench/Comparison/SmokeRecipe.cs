using System.Globalization;
using System.Text.Json.Nodes;
using EDA.Engine.Data;
using EDA.Host.Devices;

namespace EDA.Bench.Comparison;

/// <summary>
/// The stages of a run on a dataset from file to weights, the same on both sides: behavior, critic, labelled candidates,
/// alignment, each a command over a run folder, in one process. Published sizes and few steps; the data are random, which
/// times do not depend on.
/// </summary>
internal sealed class SmokeRecipe : IDisposable
{
    /// <summary>The row's name.</summary>
    public const string Name = "smoke_recipe";

    private const string Environment = "walker2d";

    private static readonly string[] _stages = ["behavior", "critic", "label", "align"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("eda-compare-");
    private readonly DeviceChoice _device;
    private readonly bool _small;
    private readonly string _dataset;
    private int _runs;

    public SmokeRecipe(DeviceChoice device, bool small)
    {
        (_device, _small) = (device, small);
        _dataset = Path.Combine(_folder.FullName, "random.npz");
        DatasetFile.Write(RandomDataset.Create(small ? 4000 : 20_000, 17, 6), _dataset);
    }

    /// <summary>What it is, in words.</summary>
    public string What => string.Create(CultureInfo.InvariantCulture, $"{Behavior}, {Critic}, {Align} steps, {States} labelled");

    private int Behavior => _small ? 2 : 8;

    private int Critic => _small ? 4 : 100;

    private int States => _small ? 8 : 128;

    private int Align => _small ? 2 : 8;

    /// <summary>Commands of the engine that make a run in a folder of its own.</summary>
    public JsonArray EngineStages()
    {
        string folder = Folder($"eda-{++_runs}");
        string[] settings =
        [
            $"behavior.steps={Behavior}", $"behavior.batch={(_small ? 64 : 2048)}", $"critic.steps={Critic}", $"labels.mostStates={States}", "labels.fraction=1",
            $"alignment.steps={Align}", $"alignment.states={(_small ? 4 : 256)}", $"width={(_small ? 32 : 256)}", $"blocks={(_small ? 1 : 3)}", $"criticWidth={(_small ? 32 : 256)}", "heldOut=0",
        ];
        string[] first =
        [
            _stages[0], folder, "--recipe", "d4rl", "--env", Environment, "--dataset", _dataset, "--budget", "paper", "--device", _device.Name,
            .. _device.IsCuda ? (string[])["--precision", _device.Precision] : [], .. settings.SelectMany(setting => (string[])["--set", setting]),
        ];
        return [Words(first), .. _stages.Skip(1).Select(stage => Words(stage, folder))];
    }

    /// <summary>Stages of the reference that make the same run in another folder; after the engine's.</summary>
    public JsonArray ReferenceStages()
    {
        string folder = Folder($"reference-{++_runs}"), config = Directory.EnumerateFiles(_folder.FullName, "config.json", SearchOption.AllDirectories).First();
        Directory.CreateDirectory(folder);
        File.Copy(config, Path.Combine(folder, "config.json"));
        return [.. _stages.Select(stage => Words([stage, folder, .. _device.IsCuda ? (string[])["--device", "cuda"] : []]))];
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static JsonArray Words(params string[] words) => [.. words.Select(word => (JsonNode)word)];

    private string Folder(string name) => Path.Combine(_folder.FullName, name);
}
