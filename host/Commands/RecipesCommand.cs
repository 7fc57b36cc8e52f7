using System.CommandLine;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Recipes;

namespace EDA.Host.Commands;

/// <summary>eda recipes: what can be run, with which budgets and settings.</summary>
internal static class RecipesCommand
{
    public static Command Create()
    {
        var command = new Command("recipes", "List recipes, budgets and the settings that --set changes.");
        command.SetAction(_ =>
        {
            Console.WriteLine("recipes");
            foreach (var recipe in Recipe.All)
                Console.WriteLine($"  {recipe.Name,-28} {recipe.Description}");
            Console.WriteLine();
            Console.WriteLine("budgets of bandits");
            foreach (var (name, run) in BanditBudgets.ByName)
                Console.WriteLine(FormattableString.Invariant($"  {name,-28} {run.Behavior.Steps:#,0} pretraining steps of {run.Behavior.Batch}, {run.Alignment.Steps:#,0} alignment steps of {run.Alignment.States} × {run.Alignment.Candidates}, width {run.Width}"));
            Console.WriteLine();
            Console.WriteLine("budgets of the others");
            foreach (string name in OfflineBudgets.Names)
                Console.WriteLine($"  {name,-28} {Describe(OfflineBudgets.Get(name, OfflineTask.Paper[0]))}");
            Console.WriteLine();
            Settings<BanditRun>("settings of bandits (--set KEY=VALUE)");
            Console.WriteLine();
            Settings<OfflineRun>("settings of the others");
            return ExitStatus.Success;
        });
        return command;
    }

    private static string Describe(OfflineRun run)
    {
        string states = run.Labels.MostStates == 0 ? "all" : run.Labels.MostStates.ToString("#,0", CultureInfo.InvariantCulture);
        return FormattableString.Invariant($"{run.Behavior.Steps:#,0} pretraining steps of {run.Behavior.Batch}, {run.Critic.Steps:#,0} critic steps of {run.Critic.Batch}, {states} states labelled, {run.Alignment.Steps:#,0} alignment steps of {run.Alignment.States} × {run.Alignment.Candidates}, width {run.Width}");
    }

    private static void Settings<TRun>(string title)
    {
        Console.WriteLine(title);
        foreach (string path in SettingPaths.Of<TRun>().Keys)
            Console.WriteLine($"  {path}");
    }
}
