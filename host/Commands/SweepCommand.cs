using System.CommandLine;
using EDA.Engine.Baselines;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Experiments;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Commands;

/// <summary>eda sweep: recipes over a grid of settings and seeds, with every stage that several runs share computed once.</summary>
internal static class SweepCommand
{
    public static Command Create()
    {
        var recipes = new Argument<string[]>("RECIPE") { Description = "one or more recipes", Arity = ArgumentArity.ZeroOrMore };
        var folder = new Option<string?>("--out") { Description = "the sweep's folder, new or empty (runs/sweep-RECIPE, numbered where taken)", HelpName = "DIR" };
        var grid = new Option<string[]>("--grid") { Description = "a setting and its values, for instance --grid alignment.temperature=0.3,1,3; may be repeated", HelpName = "KEY=V1,V2,…" };
        var seeds = new Option<string?>("--seeds") { Description = "the seeds (0..0)", HelpName = "FIRST..LAST" };
        var datasets = new Option<string?>("--datasets") { Description = "the folder of the recipes' datasets, by D4RL's file names or as RECIPE.hdf5, .npz or .csv", HelpName = "DIR" };
        var workers = new WorkerOptions();
        var dry = new Option<bool>("--dry-run") { Description = "say what would be computed and what is shared, and do nothing" };
        var options = new RunOptions();
        var command = new Command("sweep", "Run recipes over a grid of settings and seeds; stages that several runs share are computed once.") { recipes, folder, grid, seeds, datasets, dry };
        workers.AddTo(command);
        options.AddTo(command);
        command.Options.Remove(options.Seed);
        command.Subcommands.Add(Resume());
        command.Subcommands.Add(Status());
        command.Subcommands.Add(Work());
        command.SetAction(result =>
        {
            string[] names = result.GetValue(recipes) ?? [];
            if (names.Length == 0)
                throw new UserError($"{recipes.Name} is missing; allowed is one or more of {string.Join(", ", RunTask.Table.All.Select(task => task.Name))}");
            var definition = Define(result, [.. names.Distinct()], result.GetValue(grid) ?? [], result.GetValue(seeds), result.GetValue(datasets), options);
            var work = workers.Of(result);
            if (result.GetValue(dry))
            {
                foreach (string line in new SweepPlan(Sweep.Of("sweep", definition)).Lines)
                    Console.Out.WriteLine(line);
                return ExitStatus.Success;
            }

            _ = Sweep.Of("sweep", definition); // what is not allowed is refused before anything is made
            string path = NewFolder.Create(result.GetValue(folder), $"sweep-{names[0]}", SweepDefinition.FileName);
            definition.Save(path);
            return Run(Sweep.Open(path), work);
        });
        return command;
    }

    private static Command Resume()
    {
        var folder = new Argument<string?>("DIR") { Description = "the sweep's folder", Arity = ArgumentArity.ZeroOrOne };
        var grid = new Option<string[]>("--grid") { Description = "further values of a setting that varies", HelpName = "KEY=V1,V2,…" };
        var seeds = new Option<string?>("--seeds") { Description = "further seeds", HelpName = "FIRST..LAST" };
        var workers = new WorkerOptions();
        var command = new Command("resume", "Go on with a sweep, and try again what failed; with further seeds or values it is extended.") { folder, grid, seeds };
        workers.AddTo(command);
        command.SetAction(result =>
        {
            string path = Given(result, folder);
            var work = workers.Of(result);
            var definition = SweepDefinition.Load(path);
            foreach (var (key, values) in Grid(result.GetValue(grid) ?? [], definition.Recipes, definition.Options))
            {
                var known = definition.Grid.GetValueOrDefault(key) ?? throw UserError.Choice("--grid", key, definition.Grid.Keys);
                definition = definition with { Grid = new Dictionary<string, IReadOnlyList<string>>(definition.Grid) { [key] = [.. known.Union(values)] } };
            }

            if (result.GetValue(seeds) is { } range)
                definition = definition with { Seeds = [.. definition.Seeds.Union(SeedsOf(seeds.Name, range)).Order()] };
            var sweep = Sweep.Of(path, definition);
            definition.Save(path);
            sweep.ForgetFailures();
            return Run(sweep, work);
        });
        return command;
    }

    private static Command Status()
    {
        var folder = new Argument<string?>("DIR") { Description = "the sweep's folder", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("status", "What of a sweep is done, running or failed, and why.") { folder };
        command.SetAction(result =>
        {
            var sweep = Sweep.Open(Given(result, folder));
            foreach (string line in new SweepStatus(sweep).Lines.Concat(new SlurmJobs(sweep, []).Lines()))
                Console.Out.WriteLine(line);
            return ExitStatus.Success;
        });
        return command;
    }

    private static Command Work()
    {
        var folder = new Argument<string?>("DIR") { Description = "the sweep's folder", Arity = ArgumentArity.ZeroOrOne };
        var task = new Option<string?>("--task") { Description = "the one stage to do, as sweep status names it, with what it reads where that is not done", HelpName = "STAGE" };
        var command = new Command(SweepJobs.Word, "Work on a sweep beside other workers, on this machine or on others that share the folder, until nothing is left to do.") { folder, task };
        command.SetAction(result =>
        {
            var sweep = Sweep.Open(Given(result, folder));
            var only = result.GetValue(task) is not { } id ? null : sweep.Graph.Stages.FirstOrDefault(stage => stage.Id == id) ?? throw UserError.Value(task.Name, id, "a stage of the sweep");
            using var interrupt = new GracefulInterrupt();
            new SweepWorker(sweep, new LineDisplay(Console.Out), Console.Out, interrupt.Token).Run(only);
            return interrupt.Token.IsCancellationRequested ? ExitStatus.Interrupted : ExitStatus.Success;
        });
        return command;
    }

    /// <summary>Has a sweep worked on, and says where it stands then.</summary>
    /// <returns>The exit status.</returns>
    public static int Run(Sweep sweep, (int Jobs, IReadOnlyList<string>? Slurm) work)
    {
        if (work.Slurm is { } slurm)
        {
            foreach (string line in new SlurmJobs(sweep, slurm).Submit())
                Console.Out.WriteLine(line);
            Console.Out.WriteLine($"{OwnProgram.Command} sweep status {sweep.ShownPath} shows how it goes");
            return ExitStatus.Success;
        }

        using var interrupt = new GracefulInterrupt();
        if (work.Jobs == 1)
            new SweepWorker(sweep, ProgressDisplay.ForConsole(), Console.Out, interrupt.Token).Run();
        else
            new SweepJobs(sweep, work.Jobs, Console.Out, interrupt.Token).Run();
        var status = new SweepStatus(sweep);
        foreach (string line in status.Lines)
            Console.Out.WriteLine(line);
        if (interrupt.Token.IsCancellationRequested)
        {
            Console.Out.WriteLine($"interrupted; {OwnProgram.Command} sweep resume {sweep.ShownPath} goes on with it");
            return ExitStatus.Interrupted;
        }

        foreach (string failure in status.Failures)
            Console.Error.WriteLine($"eda: {failure}");
        return status.IsDone ? ExitStatus.Success : ExitStatus.Failure;
    }

    private static SweepDefinition Define(ParseResult result, IReadOnlyList<string> recipes, string[] grid, string? seeds, string? datasets, RunOptions options)
    {
        var words = options.Words(result);
        var files = recipes.Select(RunTask.Table.Find).OfType<DatasetTask>().Where(task => !task.MakesItsData)
            .ToDictionary(task => task.Name, task => options.DatasetFile(result) ?? Dataset(task.Name, datasets ?? throw new UserError($"--dataset or --datasets is missing: {task.Name} needs a dataset's file")));
        if (files.Count > 1 && options.DatasetFile(result) is { } one)
            throw UserError.Value("--dataset", one, "the file of one recipe; --datasets names the folder of several");
        return new SweepDefinition(
            recipes, Grid(grid, recipes, words), [.. SeedsOf("--seeds", seeds ?? "0..0")], words, files, files.ToDictionary(file => file.Key, file => ChecksumFile.Compute(file.Value)));
    }

    private static Dictionary<string, IReadOnlyList<string>> Grid(string[] assignments, IReadOnlyList<string> recipes, IReadOnlyList<string> options)
    {
        var kinds = recipes.Select(name => RunTask.Table.Find(name).Kind).Distinct().ToList();
        var grid = new Dictionary<string, IReadOnlyList<string>>();
        foreach (string assignment in assignments)
        {
            int equals = assignment.IndexOf('=', StringComparison.Ordinal);
            string[] values = equals <= 0 ? [] : assignment[(equals + 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (values.Length == 0)
                throw UserError.Value("--grid", assignment, "KEY=V1,V2,…, for instance alignment.temperature=0.3,1,3");
            string key = assignment[..equals].Trim();
            string[] paths = key == SweepDefinition.MethodKey ? [key] : [.. kinds.Select(kind => SettingPaths.Resolve([.. Paths(kind)], key, "--grid key")).Distinct()];
            if (paths.Length > 1 || !grid.TryAdd(paths[0], values))
                throw UserError.Value("--grid", assignment, "a setting that all recipes have, each once");
        }

        return grid;

        // Of every method: what the one of a point has none of is refused when the point is.
        static IEnumerable<string> Paths(RunKind kind) => Method.Table.All.Where(method => method.Kinds.Contains(kind)).SelectMany(method => SettingPaths.Of(kind, method).Keys).Distinct();
    }

    private static IEnumerable<ulong> SeedsOf(string name, string text)
    {
        var range = SeedRange.Parse(name, text);
        return Enumerable.Range(0, range.Count).Select(m => range.First + (ulong)m);
    }

    private static string Dataset(string recipe, string folder)
    {
        if (!Directory.Exists(folder))
            throw UserError.Value("--datasets", folder, "a folder that exists");
        return DatasetFolder.Find(folder, recipe)
            ?? throw UserError.Value("--datasets", folder, $"a folder with the dataset of {recipe}, as {string.Join(" or ", DatasetFolder.NamesOf(recipe))}");
    }

    private static string Given(ParseResult result, Argument<string?> folder) =>
        result.GetValue(folder) ?? throw new UserError($"{folder.Name} is missing; it is {folder.Description}");
}
