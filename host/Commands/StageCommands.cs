using System.CommandLine;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Progress;
using EDA.Host.Recipes;
using EDA.Host.Reports;

namespace EDA.Host.Commands;

/// <summary>
/// eda behavior, critic, label, align, evaluate: one stage of a run on a dataset, over its folder; and eda resume: all
/// that is left of it.
/// </summary>
internal static class StageCommands
{
    // The settings that a stage may still change: its own, and those of the stages after it.
    private static readonly Dictionary<OfflineStage, string> _sections = new()
    {
        [OfflineStage.Behavior] = "behavior",
        [OfflineStage.Critic] = "critic",
        [OfflineStage.Label] = "labels",
        [OfflineStage.Align] = "alignment",
        [OfflineStage.Evaluate] = "evaluation",
    };

    public static IEnumerable<Command> Create() =>
    [
        Create("behavior", "Pretrain the behavior of a run on a dataset.", OfflineStage.Behavior),
        Create("critic", "Train the critic of a run on a dataset.", OfflineStage.Critic),
        Create("label", "Sample and label candidates.", OfflineStage.Label),
        Create("align", "Align the policy with the labels, or with your own.", OfflineStage.Align),
        Create("evaluate", "Roll out what a run has trained.", OfflineStage.Evaluate),
        Create("resume", "Go on with an interrupted run on a dataset.", null),
    ];

    private static Command Create(string name, string description, OfflineStage? stage)
    {
        var folder = new Argument<string?>("RUNFOLDER") { Description = "the run folder, as eda run leaves it" + (stage is null ? string.Empty : "; a new one needs --recipe"), Arity = ArgumentArity.ZeroOrOne };
        var recipe = new Option<string?>("--recipe") { Description = "the recipe, for a new run folder", HelpName = "NAME" };
        var labels = new Option<string?>("--labels") { Description = "your own annotations, an .npz file of states, candidates, and q or winner", HelpName = "FILE" };
        var options = new OfflineOptions();
        var command = new Command(name, description) { folder };
        if (stage is not null)
            command.Options.Add(recipe);
        if (stage == OfflineStage.Align)
            command.Options.Add(labels);
        options.AddTo(command);
        command.SetAction(result =>
        {
            string path = result.GetValue(folder) ?? throw new UserError($"{folder.Name} is missing; it is {folder.Description}");
            string? recipeName = stage is null ? null : result.GetValue(recipe);
            string? labelFile = stage == OfflineStage.Align && result.GetValue(labels) is { } given ? Path.GetFullPath(Values.ExistingFile(labels.Name, given)) : null;
            using var interrupt = new GracefulInterrupt();
            var display = ProgressDisplay.ForConsole();
            if (recipeName is not null)
            {
                if (Recipe.Find(recipeName) is not OfflineRecipe offline)
                    throw UserError.Choice(recipe.Name, recipeName, OfflineRecipe.Each.Select(each => each.Name));
                var request = options.Read(result, offline) with { Labels = labelFile };
                var (made, outcome) = OfflineRecipeRun.Begin(request, path, stage, display, interrupt.Token);
                return OfflineSummary.Write(made, outcome);
            }

            var opened = RunFolder.Open(path);
            options.RefuseFixed(result, opened.ShownPath);
            var known = OfflineRequest.FromConfig(opened);
            var changed = options.OnDevice(result, Change(known, result.GetValue(options.Set) ?? [], stage)) with
            {
                Dataset = options.GivenDataset(result, known.Recipe) ?? known.Dataset,
                Labels = labelFile ?? known.Labels,
            };
            if (options.Model(result) is { } model)
                changed = changed with { Model = model, Options = known.Model is null ? [.. changed.Options, "--model", model] : changed.Options };
            changed.Settings.Check();
            return OfflineSummary.Write(opened, OfflineRecipeRun.Continue(opened, changed, stage, display, interrupt.Token));
        });
        return command;
    }

    private static OfflineRequest Change(OfflineRequest request, string[] assignments, OfflineStage? stage)
    {
        var allowed = _sections.Where(section => stage is { } now && section.Key >= now).Select(section => section.Value + ".").ToList();
        var settings = request.Settings;
        foreach (string assignment in assignments)
        {
            var changed = SettingPaths.Apply(settings, assignment);
            string[] differing = [.. SettingPaths.Differences(settings, changed)];
            if (differing.FirstOrDefault(path => !allowed.Exists(start => path.StartsWith(start, StringComparison.Ordinal))) is { } refused)
                throw UserError.Value("--set", assignment, allowed.Count == 0 ? "nothing for resume" : $"a setting of this stage or a later one ({string.Join(", ", allowed.Select(start => start + "*"))}), and {refused} is none");
            settings = changed;
        }

        return request with { Settings = settings, Options = [.. request.Options, .. assignments.SelectMany(assignment => (string[])["--set", assignment])] };
    }
}
