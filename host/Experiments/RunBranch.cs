using System.Text.Json.Nodes;
using EDA.Engine.Experiments;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Experiments;

/// <summary>A run that starts from another's finished stages: those that the change leaves as they are.</summary>
internal sealed class RunBranch
{
    private readonly RunFolder _from;
    private readonly StagePlan _before;
    private readonly StagePlan _now;
    private readonly HashSet<string> _taken = [];

    private RunBranch(RunFolder from, StagePlan before, StagePlan now)
    {
        (_from, _before, _now) = (from, before, now);
        var files = new StageFiles(from.Checkpoints);
        foreach (var stage in now.Stages)
        {
            // What it reads must be at hand too: a stage is of no use without those before it.
            if (before.Keys.GetValueOrDefault(stage.Name) == now.Keys[stage.Name] && before.Progress(stage, files).IsDone && now.ReadBy(stage).All(_taken.Contains))
                _taken.Add(stage.Name);
        }
    }

    /// <summary>The run that is asked for.</summary>
    public RunRequest Request => _now.Request;

    /// <summary>Says of each stage, in a line, whether it is taken over, and what changes it where it is not.</summary>
    public IEnumerable<string> Lines => _now.Stages.Select(stage =>
        _taken.Contains(stage.Name) ? $"{stage.Name,-10} from {_from.ShownPath}" : $"{stage.Name,-10} to be done{Why(stage)}");

    /// <summary>Plans a branch.</summary>
    /// <param name="from">The run to start from.</param>
    /// <param name="change">What is asked for, from what that run was made for.</param>
    /// <returns>The branch; nothing is written yet.</returns>
    /// <exception cref="UserError">Nothing differs.</exception>
    public static RunBranch Plan(RunFolder from, Func<RunRequest, RunRequest> change)
    {
        var known = RunRequest.FromConfig(from);
        var asked = change(known);
        asked.Settings.Check();
        if (asked.Settings == known.Settings && asked.Device == known.Device)
            throw new UserError($"nothing differs from the run in {from.ShownPath}; --set changes a setting, {OwnProgram.Command} resume goes on with it as it is");
        return new RunBranch(from, StagePlan.Of(known), StagePlan.Of(asked));
    }

    /// <summary>Makes the branch's folder, with what it takes over.</summary>
    /// <param name="wanted">The folder; null for a fresh one under runs/.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="UserError">It is there and not empty, or cannot be made.</exception>
    public RunFolder Create(string? wanted)
    {
        var folder = RunFolder.Create(wanted, RunFolder.NameOf(Request.Task.Name, Request.Settings.Seed));
        using var held = folder.Lock();
        StageFiles source = new(_from.Checkpoints), target = new(folder.Checkpoints);
        var taken = _now.Stages.Where(stage => _taken.Contains(stage.Name)).ToList();
        foreach (var stage in taken)
            StageLinks.Link(stage, source, target);
        MetricsFile.Collect([(_from.Metrics, [.. taken.SelectMany(stage => stage.Reports)])], folder.Metrics);
        RunDocuments.Save(Path.Combine(folder.FullPath, "branch.json"), new JsonObject
        {
            ["from"] = _from.FullPath,
            ["stages"] = new JsonObject(taken.Select(stage => KeyValuePair.Create(stage.Name, (JsonNode?)_now.Keys[stage.Name]))),
        });

        // Last, as what makes it the folder of a run.
        var config = RunDocuments.Read(_from.Config);
        foreach (var (key, value) in RunDocuments.Config(Request))
            config[key] = value?.DeepClone();
        config["options"] = new JsonArray([.. Request.Options.Select(word => (JsonNode)word)]);
        RunDocuments.Save(folder.Config, config);
        return folder;
    }

    // The settings that differ and that it, or a stage that it reads, depends on; an unfinished stage has none.
    private string Why(RunStage stage)
    {
        var sections = _now.ReadBy(stage).Append(stage.Name).Select(name => _now.Stages.Single(other => other.Name == name).Section).ToHashSet();
        string[] all = [.. SettingPaths.Differences(_before.Request.Settings, _now.Request.Settings)];
        string[] own = [.. all.Where(path => sections.Contains(path.Split('.')[0]))];
        string[] shown = own.Length > 0 ? own : all;
        return _before.Keys.GetValueOrDefault(stage.Name) == _now.Keys[stage.Name] ? ", as it was not finished there, or one before it was not" : $": {string.Join(", ", shown)}";
    }
}
