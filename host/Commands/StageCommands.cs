using System.CommandLine;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Commands;

/// <summary>
/// eda behavior, critic, weigh, label, align, policy, vae, ebm, evaluate: one stage of a run, over its folder; and eda resume: all
/// that is left of it.
/// </summary>
internal static class StageCommands
{
    // The settings that a stage may still change: its own, and those of the stages after it.
    private static readonly (string Stage, string Section, string Description)[] _stages =
    [
        (RunStages.Behavior, "behavior", "Pretrain the behavior of a run."),
        (RunStages.Critic, "critic", "Train the critic of a run on a dataset."),
        (RunStages.Weigh, "weighted", "Train on the rows of a dataset as the critic weighs them."),
        (RunStages.Label, "labels", "Sample and label the candidates of a run on a dataset."),
        (RunStages.Align, "alignment", "Align the policy with the labels, or with your own."),
        (RunStages.Policy, "method", "Train the policy of a method beside EDA."),
        (RunStages.Vae, "method.vae", "Train the variational autoencoder of a comparison of generative models."),
        (RunStages.Ebm, "method.ebm", "Train the energy-based model of a comparison of generative models."),
        (RunStages.Evaluate, "evaluation", "Measure what a run has trained: rollouts, or a bandit's exact answer."),
    ];

    public static IEnumerable<Command> Create() =>
    [
        .. _stages.Select(stage => Create(stage.Stage, stage.Description, stage.Stage)),
        Create("resume", "Go on with an interrupted run.", null),
    ];

    private static Command Create(string name, string description, string? stage)
    {
        var folder = new Argument<string?>("RUNFOLDER") { Description = "the run folder, as eda run leaves it" + (stage is null ? ", or that of several seeds" : "; a new one needs --recipe"), Arity = ArgumentArity.ZeroOrOne };
        var recipe = new Option<string?>("--recipe") { Description = "the recipe, for a new run folder", HelpName = "NAME" };
        var labels = new Option<string?>("--labels") { Description = "your own annotations, an .npz file of states, candidates, and q or winner", HelpName = "FILE" };
        var options = new RunOptions();
        var command = new Command(name, description) { folder };
        if (stage is not null)
            command.Options.Add(recipe);
        if (stage == RunStages.Align)
            command.Options.Add(labels);
        var jobs = SeedJobs.Option();
        if (stage is null)
            command.Options.Add(jobs);
        options.AddTo(command);
        command.SetAction(result =>
        {
            string path = result.GetValue(folder) ?? throw new UserError($"{folder.Name} is missing; it is {folder.Description}");
            string? recipeName = stage is null ? null : result.GetValue(recipe);
            string? labelFile = stage == RunStages.Align && result.GetValue(labels) is { } given ? Path.GetFullPath(Values.ExistingFile(labels.Name, given)) : null;
            using var interrupt = new GracefulInterrupt();
            var display = ProgressDisplay.ForConsole();
            if (recipeName is not null)
            {
                var (made, outcome) = RunExecution.Begin(WithLabels(options.Read(result, recipeName), labelFile), path, stage, display, interrupt.Token);
                return RunSummary.Write(made, outcome, Console.Out);
            }

            if (stage is null && SeedsFolder.IsOne(path))
            {
                var (several, seeds) = SeedsFolder.Open(path);
                options.RefuseFixed(result, several.ShownPath);
                var atOnce = SeedJobs.Of(result, jobs, null, [.. options.Words(result), .. options.DatasetFile(result) is { } file ? (string[])["--dataset", file] : []]);
                return RunSummary.Write(several, RunExecution.ContinueSeeds(several, seeds, known => Changed(result, known, null), atOnce, display, interrupt.Token), Console.Out, Console.Error);
            }

            if (stage is null)
                SeedJobs.Of(result, jobs, "nothing, because this is the folder of one run", []);

            var opened = RunFolder.Open(path);
            options.RefuseFixed(result, opened.ShownPath);
            return RunSummary.Write(opened, RunExecution.Continue(opened, known => Changed(result, known, labelFile), stage, display, interrupt.Token), Console.Out);
        });
        return command;

        RunRequest Changed(ParseResult result, RunRequest known, string? labelFile)
        {
            var changed = WithLabels(options.OnDevice(result, Change(known, result.GetValue(options.Set) ?? [], stage)), labelFile ?? known.Labels) with
            {
                Dataset = options.GivenDataset(result, known.Task) ?? known.Dataset,
            };
            if (options.Model(result) is { } model)
                changed = changed with { Model = model, Options = known.Model is null ? [.. changed.Options, "--model", model] : changed.Options };
            changed = options.Trusting(result, changed);
            changed.Settings.Check();
            return changed;
        }

        RunRequest WithLabels(RunRequest request, string? file) => file is null || request.Settings.Kind == RunKind.Dataset
            ? request with { Labels = file }
            : throw UserError.Value(labels.Name, file, $"nothing, because {request.Task.Name} is labelled by its own energy");
    }

    private static RunRequest Change(RunRequest request, string[] assignments, string? stage)
    {
        var allowed = (stage is null ? [] : _stages[Array.FindIndex(_stages, row => row.Stage == stage)..].Select(row => row.Section + ".")).Concat(["checkpoints.", "memory."]).ToList();
        var settings = request.Settings;
        foreach (string assignment in assignments)
        {
            var changed = SettingPaths.Apply(settings, assignment);
            string[] differing = [.. SettingPaths.Differences(settings, changed)];
            if (differing.FirstOrDefault(path => !allowed.Exists(start => path.StartsWith(start, StringComparison.Ordinal))) is { } refused)
                throw UserError.Value("--set", assignment, stage is null ? "for resume nothing but checkpoints.* and memory.*" : $"a setting of this stage or a later one ({string.Join(", ", allowed.Select(start => start + "*"))}), and {refused} is none");
            settings = changed;
        }

        return request with { Settings = settings, Options = [.. request.Options, .. assignments.SelectMany(assignment => (string[])["--set", assignment])] };
    }
}
