using System.CommandLine;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Runs;

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
            foreach (var task in RunTask.Table.All)
                Console.WriteLine($"  {task.Name,-28} {task.Summary}");
            foreach (var example in (RunTask[])[BanditTask.Each[0], DatasetTask.PaperTasks[0]])
            {
                string kind = example.Kind == RunKind.Bandit ? "bandits" : "the others";
                Console.WriteLine();
                Console.WriteLine($"budgets of {kind}");
                foreach (string name in RunBudgets.NamesOf(example.Kind))
                    Console.WriteLine($"  {name,-28} {Describe(RunBudgets.Get(name, example))}");
                Console.WriteLine();
                Console.WriteLine($"settings of {kind} (--set KEY=VALUE)");
                foreach (string path in SettingPaths.Of(example.Kind).Keys)
                    Console.WriteLine($"  {path}");
            }

            return ExitStatus.Success;
        });
        return command;
    }

    private static string Describe(RunSettings run)
    {
        string states = run.Labels.MostStates == 0 ? "all" : run.Labels.MostStates.ToString("#,0", CultureInfo.InvariantCulture);
        string critic = run.Kind == RunKind.Bandit ? string.Empty : FormattableString.Invariant($"{run.Critic.Steps:#,0} critic steps of {run.Critic.Batch}, {states} states labelled, ");
        return FormattableString.Invariant($"{run.Behavior.Steps:#,0} pretraining steps of {run.Behavior.Batch}, {critic}{run.Alignment.Steps:#,0} alignment steps of {run.Alignment.States} × {run.Alignment.Candidates}, width {run.Width}");
    }
}
