using System.Globalization;
using System.Text.Json.Nodes;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Host.Devices;

namespace EDA.Bench.Comparison;

/// <summary>
/// A run from a dataset's file to a score, the same on all sides: behavior, critic, weighted rows, labelled candidates and
/// alignment as the budget quick has them, with a share of its steps, each a command over a run folder; then rollouts, which
/// are the engine's for all. The data are random, in the shape of a maze, which needs no library; times do not depend on them.
/// </summary>
internal sealed class FileToScore : IDisposable
{
    /// <summary>The row's name.</summary>
    public const string Name = "file_to_score";

    private const string Environment = "pointmaze-umaze";
    private const int Rows = 20_000, StateSize = 4, ActionSize = 2;

    private static readonly string[] _trained = [RunStages.Behavior, RunStages.Critic, RunStages.Weigh, RunStages.Label, RunStages.Align];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("eda-compare-");
    private readonly IReadOnlyList<string> _engine;
    private readonly IReadOnlyList<(string Setting, long Value)> _settings;
    private readonly string _dataset;
    private int _runs;

    /// <summary>Prepares.</summary>
    /// <param name="engine">The options of the engine's device, which all are rolled out on.</param>
    /// <param name="share">Quick has so many times as many steps; the trial's sizes where it is null.</param>
    public FileToScore(IReadOnlyList<string> engine, int? share)
    {
        _engine = engine;
        _dataset = Path.Combine(_folder.FullName, "random.npz");
        DatasetFile.Write(RandomDataset.Create(Rows, StateSize, ActionSize), _dataset);
        var quick = RunBudgets.Get("quick", DatasetTask.AnyFile.In(Environment));
        long Of(long steps) => share is { } whole ? steps / whole : 2;
        _settings =
        [
            ("behavior.steps", Of(quick.Behavior.Steps)), ("critic.steps", Of(quick.Critic.Steps)), ("weighted.training.steps", Of(quick.Weighted.Training.Steps)),
            ("labels.mostStates", Of(quick.Labels.MostStates)), ("alignment.steps", Of(quick.Alignment.Steps)), ("alignment.schedule.warmUpSteps", Of(quick.Alignment.Schedule.WarmUpSteps)),
            ("evaluation.episodes", Math.Max(1, 40 / (share ?? 40))),
            .. share is null ? (ReadOnlySpan<(string, long)>)[("width", 32), ("criticWidth", 32), ("alignment.states", 4), ("evaluation.solverEvaluations", 2)] : [],
        ];
    }

    /// <summary>What it is, in words.</summary>
    public string What => string.Join(", ", _settings.Select(setting => string.Create(CultureInfo.InvariantCulture, $"{setting.Setting} {setting.Value}"))) + "; rollouts by the engine";

    /// <summary>Commands that make a run in a folder of its own.</summary>
    /// <param name="device">The options of the device that it is trained on.</param>
    /// <returns>Commands of the engine.</returns>
    public JsonArray Stages(IReadOnlyList<string> device)
    {
        string folder = Folder("engine");
        string[] first = [_trained[0], folder, "--recipe", "d4rl", "--env", Environment, "--dataset", _dataset, .. device, .. _settings.SelectMany(setting => (string[])["--set", string.Create(CultureInfo.InvariantCulture, $"{setting.Setting}={setting.Value}")])];
        return [Words(first), .. _trained.Skip(1).Select(stage => Words(stage, folder)), Evaluation(folder)];
    }

    /// <summary>Stages of the PyTorch reference that make the same run in another folder; after one of the engine's.</summary>
    /// <param name="isCuda">Whether on a GPU.</param>
    /// <returns>Stages of the reference, and the command of the engine that rolls out what they leave.</returns>
    public (JsonArray Trained, JsonArray RolledOut) ReferenceStages(bool isCuda)
    {
        string config = Directory.EnumerateFiles(_folder.FullName, "config.json", SearchOption.AllDirectories).First(), folder = Folder("reference");
        Directory.CreateDirectory(folder);
        File.Copy(config, Path.Combine(folder, "config.json"));
        return ([.. _trained.Select(stage => Words([stage, folder, .. isCuda ? (string[])["--device", "cuda"] : []]))], [Evaluation(folder)]);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private JsonArray Evaluation(string folder) => Words([RunStages.Evaluate, folder, .. _engine]);

    private static JsonArray Words(params string[] words) => [.. words.Select(word => (JsonNode)word)];

    private string Folder(string side) => Path.Combine(_folder.FullName, string.Create(CultureInfo.InvariantCulture, $"{side}-{++_runs}"));
}
