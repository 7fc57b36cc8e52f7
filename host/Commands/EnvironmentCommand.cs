using System.CommandLine;
using EDA.Engine.Environments;
using EDA.Engine.Environments.Mujoco;
using EDA.Host.CommandLine;
using EDA.Host.Tables;
using EDA.Kernels;

namespace EDA.Host.Commands;

/// <summary>eda env: lists environments and steps them, so that others can check their physics.</summary>
internal static class EnvironmentCommand
{
    public static Command Create() => new("env", "List environments, or step one on given actions.") { List(), Rollout() };

    private static Command List()
    {
        var command = new Command("list", "List the environments (docs/environments.md describes them).");
        command.SetAction(_ =>
        {
            foreach (var kind in EnvironmentCatalogue.All)
            {
                var about = kind.Description;
                string needs = kind.NeededModel is not null ? "MuJoCo and --model" : kind.NeedsMujoco ? "MuJoCo" : "nothing";
                Console.WriteLine($"{about.Name,-17} S {about.ObservationSize,2}  A {about.ActionSize}  steps {about.StepLimit,4}  needs {needs,-18}  {about.Summary}");
            }

            if (MujocoLibrary.OfMachine.Refusal is { } refusal)
                Console.WriteLine(refusal);
            return ExitStatus.Success;
        });
        return command;
    }

    private static Command Rollout()
    {
        var name = new Argument<string?>("ENV") { Description = $"the environment, one of {string.Join(", ", EnvironmentCatalogue.Names)}, {EnvironmentCatalogue.OfOnesOwn}", Arity = ArgumentArity.ZeroOrOne };
        var actions = new Option<string?>("--actions") { Description = "the CSV file of actions, with columns a0…; beyond ±1 counts as ±1", HelpName = "FILE" };
        var state = new Option<string?>("--state") { Description = "the CSV file with one row, the full state to start from, with columns qpos0…, qvel0…; without it the environment is reset", HelpName = "FILE" };
        var goal = new Option<string?>("--goal") { Description = "the goal X,Y in m, for a maze; without it that of the reset", HelpName = "X,Y" };
        var model = new Option<string?>("--model") { Description = "the kitchen's model file, " + KitchenTask.ModelFile + " of D4RL", HelpName = "FILE" };
        var seed = new Option<string?>("--seed") { Description = "the seed of the reset (0)", HelpName = "N" };
        var target = new Option<string?>("--out") { Description = "the CSV file to write, which must not exist yet", HelpName = "FILE" };
        var command = new Command("rollout", "Step an environment on given actions, one row each, also past its end.") { name, actions, state, goal, model, seed, target };
        command.SetAction(result =>
        {
            string chosen = result.GetValue(name) ?? throw new UserError($"{name.Name} is missing; it is {name.Description}");
            if (!EnvironmentCatalogue.Knows(chosen))
                throw UserError.Choice(name.Name, chosen, [.. EnvironmentCatalogue.Names, EnvironmentCatalogue.OfOnesOwn]);
            var kind = EnvironmentCatalogue.Find(chosen).WithModel(result.GetValue(model) is { } file ? Values.ExistingFile(model.Name, file) : null);
            var about = kind.Description;
            var actionNames = ColumnNames.Actions(about);
            var table = PointTable.Read(Values.ExistingFile(actions.Name, result.Required(actions)), actionNames);
            string targetPath = Values.NewFile(target.Name, result.Required(target));
            double[] moves = table.Doubles(actionNames);
            using var environment = kind.Create();
            var observation = new double[about.ObservationSize];
            string? start = result.GetValue(state);
            if (start is not null && about.Positions + about.Velocities == 0)
                throw UserError.Value(state.Name, start, $"nothing, because {about.Name} cannot be put into a state");
            Start(environment, start is null ? null : Values.ExistingFile(state.Name, start), result.Seed(seed), observation);
            if (result.GetValue(goal) is { } place)
                SetGoal(environment, goal.Name, place);
            Write(targetPath, about, Steps(environment, moves, observation));
            if (MujocoLibrary.Warnings > 0)
                Console.Error.WriteLine($"eda: MuJoCo warned {MujocoLibrary.Warnings} times; it resets a simulation that becomes unstable");
            return ExitStatus.Success;
        });
        return command;
    }

    private static void Start(IEnvironment environment, string? path, ulong seed, double[] observation)
    {
        var episode = new RandomDraw(seed, RandomStage.Evaluation, 0);
        if (path is null)
        {
            environment.Reset(episode, observation);
            return;
        }

        var positions = ColumnNames.Positions(environment.Description);
        var velocities = ColumnNames.Velocities(environment.Description);
        var table = PointTable.Read(path, [.. positions, .. velocities]);
        if (table.Count != 1)
            throw new UserError($"{path}: there are {table.Count} rows below the header; allowed is 1, the state to start from");
        environment.Restore(episode, table.Doubles(positions), table.Doubles(velocities), observation);
    }

    private static void SetGoal(IEnvironment environment, string option, string text)
    {
        if (environment is not IGoalEnvironment maze)
            throw UserError.Value(option, text, $"nothing, because {environment.Description.Name} has no goal");
        string[] parts = text.Split(',');
        maze.Goal = parts.Length == 2 && Number(parts[0]) is { } x && Number(parts[1]) is { } y
            ? (x, y)
            : throw UserError.Value(option, text, "two numbers X,Y");
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;

    private static List<(double[] Observation, StepOutcome Outcome)> Steps(IEnvironment environment, double[] moves, double[] observation)
    {
        int size = environment.Description.ActionSize;
        var steps = new List<(double[], StepOutcome)>();
        for (int first = 0; first < moves.Length; first += size)
        {
            var outcome = environment.Step(moves.AsSpan(first, size), observation);
            steps.Add(([.. observation], outcome));
        }

        return steps;
    }

    private static void Write(string path, EnvironmentDescription about, List<(double[] Observation, StepOutcome Outcome)> steps)
    {
        using var csv = CsvFile.Create(path);
        csv.Row([.. ColumnNames.Observations(about), ColumnNames.Reward, ColumnNames.Terminated, ColumnNames.Truncated]);
        foreach (var (observation, outcome) in steps)
            csv.Row([.. observation.Select(CsvFile.Text), CsvFile.Text(outcome.Reward), Flag(outcome.Terminated), Flag(outcome.Truncated)]);
    }

    private static string Flag(bool value) => value ? "1" : "0";
}
