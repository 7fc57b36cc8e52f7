using System.CommandLine;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Progress;
using EDA.Host.Recipes;
using EDA.Host.Reports;

namespace EDA.Host.Commands;

/// <summary>eda run: trains, evaluates and draws a recipe.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var recipe = new Argument<string?>("RECIPE") { Description = "one of " + string.Join(", ", Recipe.All.Select(entry => entry.Name)), Arity = ArgumentArity.ZeroOrOne };
        var seeds = new Option<string?>("--seeds") { Description = $"several seeds of a bandit trained as one batch, at most {SeedRange.Most}; a run folder for each and seeds.json in a folder of their own", HelpName = "FIRST..LAST" };
        var folder = new Option<string?>("--out") { Description = "the run folder, new or empty (runs/RECIPE-seedN, numbered where taken)", HelpName = "DIR" };
        var options = new OfflineOptions();
        var (seed, budget, objective, device, set) = (options.Seed, options.Budget, options.Objective, options.Device, options.Set);
        var command = new Command("run", "Run a recipe: train, align, evaluate, draw.") { recipe, seeds, folder };
        options.AddTo(command);
        command.SetAction(result =>
        {
            var found = Recipe.Find(result.GetValue(recipe));
            if (found is OfflineRecipe offline && result.GetValue(seeds) is { } several)
                throw UserError.Value(seeds.Name, several, $"nothing, because only bandits train several seeds at once; --seed of {offline.Name} is one");
            if (found is OfflineRecipe other)
                return RunOnDataset(options.Read(result, other), result.GetValue(folder));
            var entry = (BanditRecipe)found;
            options.RefuseOwn(result, entry.Name);
            string budgetName = result.OneOf(budget, Values.Budgets, "quick");
            var chosen = device.Of(result);
            string[] assignments = result.GetValue(set) ?? [];
            var range = result.Seeds(seeds, seed);
            var settings = BanditBudgets.Get(budgetName) with { Bandit = entry.Bandit, Seed = range?.First ?? result.Seed(seed) };
            if (result.GetValue(objective) is not null)
                settings = settings with { Alignment = settings.Alignment.With(Values.Objectives[result.OneOf(objective, [.. Values.Objectives.Keys], "value")]) };
            settings = assignments.Aggregate(settings, SettingPaths.Apply);
            settings.Check();
            var request = new BanditRequest(entry, budgetName, chosen.Name, result.GetValue(objective), result.GetValue(folder), assignments, settings, range) { Precision = device.PrecisionGiven(result) };
            using var interrupt = new GracefulInterrupt();
            return range is { } some ? RunSeeds(request, some, interrupt.Token) : RunOne(request, interrupt.Token);
        });
        return command;
    }

    private static int RunOnDataset(OfflineRequest request, string? folder)
    {
        using var interrupt = new GracefulInterrupt();
        var (runFolder, outcome) = OfflineRecipeRun.Begin(request, folder, null, ProgressDisplay.ForConsole(), interrupt.Token);
        return OfflineSummary.Write(runFolder, outcome);
    }

    private static int RunOne(BanditRequest request, CancellationToken cancellation)
    {
        var (folder, outcome) = BanditRecipeRun.Execute(request, ProgressDisplay.ForConsole(), cancellation);
        Summarise(folder, outcome);
        return outcome.Interrupted ? ExitStatus.Interrupted : ExitStatus.Success;
    }

    private static int RunSeeds(BanditRequest request, SeedRange seeds, CancellationToken cancellation)
    {
        var (folder, outcome) = BanditRecipeRun.ExecuteSeeds(request, seeds, ProgressDisplay.ForConsole(), cancellation);
        SeedsSummary.Write(folder, outcome, Console.Out);
        var failed = outcome.Runs.Where(run => run.Error is not null).ToList();
        foreach (var run in failed)
            Console.Error.WriteLine($"eda: seed {run.Settings.Seed}: {run.Error}");
        return outcome.Interrupted ? ExitStatus.Interrupted : failed.Count > 0 ? ExitStatus.Failure : ExitStatus.Success;
    }

    private static void Summarise(RunFolder folder, BanditOutcome outcome)
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
