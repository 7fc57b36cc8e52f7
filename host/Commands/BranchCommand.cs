using System.CommandLine;
using EDA.Host.CommandLine;
using EDA.Host.Experiments;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Commands;

/// <summary>eda branch: a run from another's finished stages, with other settings.</summary>
internal static class BranchCommand
{
    public static Command Create()
    {
        var source = new Argument<string?>("RUNFOLDER") { Description = "the run to start from", Arity = ArgumentArity.ZeroOrOne };
        var folder = new Option<string?>("--out") { Description = "the new run folder, new or empty (runs/RECIPE-seedN, numbered where taken)", HelpName = "DIR" };
        var set = new Option<string[]>("--set") { Description = "change one setting, for instance --set alignment.temperature=0.3; may be repeated", HelpName = "KEY=VALUE", AllowMultipleArgumentsPerToken = true };
        var dry = new Option<bool>("--dry-run") { Description = "say which stages would be taken over, and do nothing" };
        var command = new Command("branch", "Start a run from another's finished stages, linked and not copied, and do again only what a change of settings asks for.") { source, folder, set, dry };
        command.SetAction(result =>
        {
            var from = RunFolder.Open(result.GetValue(source) ?? throw new UserError($"{source.Name} is missing; it is {source.Description}"));
            string[] assignments = result.GetValue(set) ?? [];
            var branch = RunBranch.Plan(from, known => known with
            {
                Settings = assignments.Aggregate(known.Settings, SettingPaths.Apply),
                Options = [.. known.Options, .. assignments.SelectMany(assignment => (string[])["--set", assignment])],
            });
            string? wanted = result.GetValue(folder);
            if (wanted is not null)
                NewFolder.RequireFree(wanted);
            foreach (string line in branch.Lines)
                Console.Out.WriteLine(line);
            if (result.GetValue(dry))
                return ExitStatus.Success;
            using var interrupt = new GracefulInterrupt();
            var made = branch.Create(wanted);
            return RunSummary.Write(made, RunExecution.Continue(made, known => known, null, ProgressDisplay.ForConsole(), interrupt.Token), Console.Out);
        });
        return command;
    }
}
