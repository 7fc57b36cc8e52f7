using System.CommandLine;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Progress;
using EDA.Host.Recipes;
using EDA.Host.Reports;
using EDA.Host.Setup;

namespace EDA.Host.Commands;

/// <summary>eda run: trains, evaluates and draws a recipe.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var recipe = new Argument<string?>("RECIPE") { Description = "one of " + string.Join(", ", Recipe.All.Select(entry => entry.Name)), Arity = ArgumentArity.ZeroOrOne };
        var seed = new Option<string?>("--seed") { Description = "the seed of everything random (0)", HelpName = "N" };
        var folder = new Option<string?>("--out") { Description = "the run folder, new or empty (runs/RECIPE-seedN, numbered where taken)", HelpName = "DIR" };
        var budget = new Option<string?>("--budget") { Description = $"how much work: {string.Join(", ", Values.Budgets)} (quick)", HelpName = "NAME" };
        var objective = new Option<string?>("--objective") { Description = $"the alignment loss: {string.Join(", ", Values.Objectives.Keys)} (value)", HelpName = "NAME" };
        var device = new DeviceOptions();
        var set = new Option<string[]>("--set") { Description = "change one setting, for instance --set behavior.steps=1000; may be repeated", HelpName = "KEY=VALUE", AllowMultipleArgumentsPerToken = true };
        var command = new Command("run", "Run a recipe: train, align, evaluate, draw.") { recipe, seed, folder, budget, objective, set };
        device.AddTo(command);
        command.SetAction(result =>
        {
            var entry = Recipe.Find(result.GetValue(recipe));
            string budgetName = result.OneOf(budget, Values.Budgets, "quick");
            var chosen = device.Of(result);
            string[] assignments = result.GetValue(set) ?? [];
            var settings = BanditBudgets.Get(budgetName) with { Bandit = entry.Bandit, Seed = result.Seed(seed) };
            if (result.GetValue(objective) is not null)
                settings = settings with { Alignment = settings.Alignment.With(Values.Objectives[result.OneOf(objective, [.. Values.Objectives.Keys], "value")]) };
            settings = assignments.Aggregate(settings, SettingPaths.Apply);
            settings.Check();
            var request = new BanditRequest(entry, budgetName, chosen.Name, result.GetValue(objective), result.GetValue(folder), assignments, settings) { Precision = device.PrecisionGiven(result) };
            using var interrupt = new GracefulInterrupt();
            var (runFolder, outcome) = BanditRecipeRun.Execute(request, ProgressDisplay.ForConsole(), interrupt.Token);
            Summarise(runFolder, outcome);
            SetupHint.Once(SourceTree.Root, !CudaDevices.AreBuiltIn && NvidiaDriver.IsPresent, Console.Out);
            return outcome.Interrupted ? ExitStatus.Interrupted : ExitStatus.Success;
        });
        return command;
    }

    private static void Summarise(RunFolder folder, RunOutcome outcome)
    {
        if (outcome.Metrics is { } metrics)
        {
            if (metrics.QCorrelation is { } correlation && metrics.QSlope is { } slope)
                Line("Q_θ against qQ", $"correlation {correlation:0.000}, slope {slope:0.000} (exact: 1, 1)");
            string target = outcome.TargetIsExact ? "exact" : "value objective's answer, for comparison";
            string zero = outcome.TargetIsExact ? "exact: 0" : "to the value objective's answer, for comparison";
            Line("mean Q", $"policy {metrics.PolicyMeanQ:0.000} ({target}: {metrics.TargetMeanQ:0.000}), behavior {metrics.BehaviorMeanQ:0.000} (exact: {outcome.DatasetMeanQ:0.000})");
            Line("energy distance", $"policy {metrics.EnergyDistancePolicy:0.0000} ({zero}), behavior {metrics.EnergyDistanceBehavior:0.0000} (exact: 0)");
        }

        string state = outcome.Interrupted ? "interrupted; what there is" : FormattableString.Invariant($"{outcome.Seconds[^1].Value:0} s; open {Path.Combine(folder.ShownPath, "index.html")}; all of it");
        Console.WriteLine($"{state} is in {folder.ShownPath}");

        static void Line(string name, FormattableString numbers) => Console.WriteLine($"{name,-16} {FormattableString.Invariant(numbers)}");
    }
}
