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
                Console.WriteLine($"  {recipe.Name,-21} {recipe.Description}");
            Console.WriteLine();
            Console.WriteLine("budgets");
            foreach (var (name, run) in BanditBudgets.ByName)
                Console.WriteLine(FormattableString.Invariant($"  {name,-21} {run.Behavior.Steps:#,0} pretraining steps of {run.Behavior.Batch}, {run.Alignment.Steps:#,0} alignment steps of {run.Alignment.States} × {run.Alignment.Candidates}, width {run.Width}"));
            Console.WriteLine();
            Console.WriteLine("settings (--set KEY=VALUE)");
            foreach (string path in SettingPaths.Of<BanditRun>().Keys)
                Console.WriteLine($"  {path}");
            return ExitStatus.Success;
        });
        return command;
    }
}
