using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Runs;

namespace EDA.Engine.Evaluation;

/// <summary>What has been rolled out so far, by the name of its score, as a saved state that an interrupted evaluation goes on from.</summary>
internal sealed class RolloutLog
{
    private const string TrainedKey = "trained";

    private readonly string? _path;
    private readonly Dictionary<string, string> _identity;
    private readonly Dictionary<string, ActionLog> _logs = [];

    /// <summary>An empty log that is not saved.</summary>
    public RolloutLog() => _identity = [];

    /// <summary>Opens the log: the existing one if it is of the same models and settings, else an empty one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="run">The settings.</param>
    /// <param name="models">A name for each of the models that are rolled out (<see cref="Contenders.Identity"/>).</param>
    /// <param name="notice">Is told of a damaged file.</param>
    /// <param name="trained">The steps that the policy in training has had; null of finished models.</param>
    public RolloutLog(string path, RunSettings run, IReadOnlyDictionary<string, string> models, Action<string> notice, long? trained = null)
    {
        _path = path;
        _identity = new()
        {
            ["stage"] = Rollouts.StageName,
            ["environment"] = run.Environment,
            [TrainingState.SettingsKey] = TrainingState.Describe(run.Evaluation.Numerical),
        };
        foreach (var (key, name) in models)
            _identity[key] = name;
        if (trained is not null)
            _identity[TrainedKey] = Text(trained.Value);
        if (!StateFile.Exists(path))
            return;
        try
        {
            foreach (var (name, saved) in TrainingState.Load(path, _identity, notice).Arrays)
                _logs[name] = ActionLog.From(saved);
        }
        catch (InvalidFileException)
        {
            // Of what was trained, or set, before: nothing of it is of use now.
        }
    }

    /// <summary>How many are complete.</summary>
    public int Complete => _logs.Values.Count(log => log.IsComplete);

    /// <summary>Whether a file holds all of what was rolled out of a policy in training.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trained">The steps that it has had.</param>
    public static bool IsCompleteAt(string path, long trained)
    {
        try
        {
            return File.Exists(path) && TrainingState.StepOf(path) > 0 && Safetensors.ReadMetadata(path).GetValueOrDefault(TrainedKey) == Text(trained);
        }
        catch (InvalidFileException)
        {
            return false;
        }
    }

    /// <summary>The log of one policy.</summary>
    /// <param name="name">The name of its score.</param>
    public ActionLog Of(string name)
    {
        if (!_logs.TryGetValue(name, out var log))
            _logs[name] = log = new ActionLog();
        return log;
    }

    /// <summary>Writes all down.</summary>
    /// <returns>Whether there is a file to write to.</returns>
    public bool Save()
    {
        if (_path is null)
            return false;
        new TrainingState(Complete, _identity, _logs.ToDictionary(log => log.Key, log => log.Value.ToArray())).Save(_path);
        return true;
    }

    private static string Text(long step) => step.ToString(CultureInfo.InvariantCulture);
}
