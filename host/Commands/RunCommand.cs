using System.CommandLine;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Experiments;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Commands;

/// <summary>eda run: trains, evaluates and draws a recipe.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var recipe = new Argument<string?>("RECIPE") { Description = "one of " + string.Join(", ", RunTask.Table.All.Select(task => task.Name)), Arity = ArgumentArity.ZeroOrOne };
        var seeds = new Option<string?>("--seeds") { Description = $"several seeds, at most {SeedRange.Most}: of a bandit trained as one batch, else one after the other; a run folder for each and seeds.json in a folder of their own", HelpName = "FIRST..LAST" };
        var jobs = SeedJobs.Option();
        var folder = new Option<string?>("--out") { Description = "the run folder, new or empty (runs/RECIPE-seedN, numbered where taken)", HelpName = "DIR" };
        var options = new RunOptions();
        var command = new Command("run", "Run a recipe: train, align, evaluate, draw.") { recipe, seeds, jobs, folder };
        options.AddTo(command);
        command.SetAction(result =>
        {
            var range = result.Seeds(seeds, options.Seed);
            var request = options.Read(result, result.GetValue(recipe), range);
            var atOnce = SeedJobs.Of(result, jobs, range is null ? "nothing without --seeds" : request.TrainsSeedsSideBySide ? $"nothing, because seeds of {request.Task.Name} are trained as one batch" : null, options.Device.Words(result));
            using var interrupt = new GracefulInterrupt();
            return range is null ? RunOne(request, result.GetValue(folder), interrupt.Token) : RunSeeds(request, result.GetValue(folder), atOnce, interrupt.Token);
        });
        return command;
    }

    private static int RunOne(RunRequest request, string? wanted, CancellationToken cancellation)
    {
        var (folder, outcome) = RunExecution.Begin(request, wanted, null, ProgressDisplay.ForConsole(), cancellation);
        return RunSummary.Write(folder, outcome, Console.Out);
    }

    private static int RunSeeds(RunRequest request, string? wanted, SeedsAtOnce? jobs, CancellationToken cancellation)
    {
        var (folder, outcome) = jobs is null
            ? RunExecution.BeginSeeds(request, wanted, ProgressDisplay.ForConsole(), cancellation)
            : RunExecution.BeginSeedsAtOnce(request, wanted, jobs, ProgressDisplay.ForConsole(), cancellation);
        return RunSummary.Write(folder, outcome, Console.Out, Console.Error);
    }
}
