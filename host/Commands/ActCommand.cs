using System.CommandLine;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Reports;

namespace EDA.Host.Commands;

/// <summary>eda act: a run's policy as a process that is told states and says actions, a line of JSON each.</summary>
internal static class ActCommand
{
    public static Command Create()
    {
        var folder = new Option<string?>("--run") { Description = "the run's folder", HelpName = "RUN" };
        var policy = new Option<string?>("--policy") { Description = "which of the run's policies, by the name of its score (policy)", HelpName = "NAME" };
        var device = new DeviceOptions();
        var command = new Command("act", "Act by a run's policy: states in, actions out, a line of JSON each (docs/take-along.md).") { folder, policy };
        device.AddTo(command);
        command.SetAction(result =>
        {
            var run = SavedRun.Open(result.Required(folder));
            string name = result.GetValue(policy) ?? Rollouts.Policy;
            using var opened = device.Of(result).Open();
            using var policies = Open(run, opened);
            var chosen = policies.All.FirstOrDefault(one => one.Name == name) ?? throw UserError.Choice(policy.Name, name, policies.All.Select(one => one.Name));
            var actor = chosen.Create();
            using var owned = actor as IDisposable;
            var environment = Engine.Environments.EnvironmentCatalogue.Find(run.Settings.Environment).Description;
            using var input = Console.OpenStandardInput();
            using var reader = new StreamReader(input);
            using var output = Console.OpenStandardOutput();
            using var writer = new StreamWriter(output) { NewLine = "\n", AutoFlush = true };
            new ActingProcess(actor, environment.ObservationSize, environment.ActionSize).Run(reader, writer);
            return ExitStatus.Success;
        });
        return command;
    }

    private static Contenders Open(SavedRun run, Kernels.IDevice device)
    {
        try
        {
            return SavedPolicies.Open(device, run.Request.Task, run.Settings, run.Files);
        }
        catch (UnfinishedStageException error)
        {
            throw new UserError($"{error.Message}: {OwnProgram.Command} {error.Stage} {run.Folder.ShownPath}");
        }
    }
}
