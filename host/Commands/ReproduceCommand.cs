using System.CommandLine;
using System.Text.Json;
using EDA.Engine.Baselines;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Experiments;
using EDA.Host.Experiments.Paper;
using EDA.Host.Experiments.Report;
using EDA.Host.Figures;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Commands;

/// <summary>eda reproduce: a table or figure of the paper, by name.</summary>
internal static class ReproduceCommand
{
    private const int Replications = 10_000;

    public static Command Create()
    {
        var name = new Argument<string?>("NAME") { Description = string.Join("; ", Reproduction.Table.All.Select(row => $"{row.Name}: {row.What}")), Arity = ArgumentArity.ZeroOrOne };
        var budget = new Option<string?>("--budget") { Description = $"how much work each run is: {string.Join(", ", RunBudgets.NamesOf(RunKind.Dataset))}; bandits have no hour ({RunBudgets.Default})", HelpName = "NAME" };
        var datasets = new Option<string?>("--datasets") { Description = "the folder of D4RL's files; without it a point maze stands for tasks that need one", HelpName = "DIR" };
        var seeds = new Option<string?>("--seeds") { Description = "the seeds (as many as the paper has)", HelpName = "FIRST..LAST" };
        var set = new Option<string[]>("--set") { Description = "change one setting of all runs; may be repeated", HelpName = "KEY=VALUE", AllowMultipleArgumentsPerToken = true };
        var folder = new Option<string?>("--out") { Description = "the folder, new or empty, or that of the same experiment, which is gone on with (runs/NAME, numbered where taken)", HelpName = "DIR" };
        var published = new Option<bool>("--published") { Description = "the datasets are the published files: set the paper's scores beside ours" };
        var workers = new WorkerOptions();
        var device = new DeviceOptions();
        var command = new Command("reproduce", "Reproduce a table or figure of the paper: its runs as a sweep, then the report.") { name, budget, datasets, seeds, set, folder, published };
        workers.AddTo(command);
        device.AddTo(command);
        command.SetAction(result =>
        {
            string given = result.GetValue(name) ?? throw new UserError($"{name.Name} is missing; allowed is one of {string.Join(", ", Reproduction.Table.Names)}");
            var row = Reproduction.Table.Names.Contains(given) ? Reproduction.Table.Find(given) : throw UserError.Choice(name.Name, given, Reproduction.Table.Names);
            var work = workers.Of(result);
            if (result.GetValue(datasets) is { } where && !Directory.Exists(where))
                throw UserError.Value(datasets.Name, where, "a folder that exists");
            var (recipes, lines) = row.Find(result.GetValue(datasets));
            foreach (string line in lines)
                Console.Out.WriteLine(line);
            if (recipes.Count == 0)
                throw UserError.Value(datasets.Name, result.GetValue(datasets)!, $"a folder with a file of {string.Join(", ", row.Tasks)}");
            string[] words =
            [
                "--budget", result.GetValue(budget) ?? RunBudgets.Default, .. row.Method == Method.Eda ? [] : (string[])["--method", row.Method.Name],
                .. (result.GetValue(set) ?? []).SelectMany(assignment => (string[])["--set", assignment]), .. device.Words(result),
            ];
            var files = recipes.Where(recipe => recipe.Value is not null).ToDictionary(recipe => recipe.Key, recipe => recipe.Value!);
            var range = result.GetValue(seeds) is { } text ? SeedRange.Parse(seeds.Name, text) : new SeedRange(0, row.Seeds);
            var definition = new SweepDefinition(
                [.. recipes.Keys], row.Grid, [.. Enumerable.Range(0, range.Count).Select(m => range.First + (ulong)m)], words, files, files.ToDictionary(file => file.Key, file => ChecksumFile.Compute(file.Value)))
            {
                Together = row.Points is null ? [] : Points(row.Points(method => Planned(result.GetValue(budget) ?? RunBudgets.Default, recipes.Keys, method, result.GetValue(set) ?? [])), result.GetValue(set) ?? []),
            };
            _ = Sweep.Of(row.Name, definition); // what is not allowed is refused before anything is made
            foreach (var (task, file) in files)
            {
                if (result.GetValue(published) || ChecksumFile.IsRecorded(file, definition.Digests[task]))
                    Console.Out.WriteLine(PublishedFile.Line(D4rlTask.Of(task), file));
            }

            string path = Open(result.GetValue(folder), row.Name, definition);
            int status = SweepCommand.Run(Sweep.Open(path), work);
            if (work.Slurm is not null)
            {
                Console.Out.WriteLine($"when that is done, {OwnProgram.Command} reproduce {row.Name} with --out {NewFolder.Shown(path)} and the same options makes the report");
                return status;
            }

            return status == ExitStatus.Interrupted ? status : Math.Max(status, Report(row, path, result.GetValue(published)));
        });
        return command;
    }

    // What the user sets of all runs, no point sets otherwise.
    private static IReadOnlyList<IReadOnlyDictionary<string, string>> Points(IReadOnlyList<IReadOnlyDictionary<string, string>> points, string[] assignments)
    {
        string[] keys = [.. assignments.Select(assignment => assignment.Split('=')[0].Trim())];
        return [.. points.Select(point => point.Where(setting => !keys.Any(key => setting.Key == key || setting.Key.EndsWith("." + key, StringComparison.Ordinal))).ToDictionary())];
    }

    // What a method's run would be, of the recipe in which it trains longest.
    private static RunSettings Planned(string budget, IEnumerable<string> recipes, Method method, string[] assignments) =>
        recipes.Select(recipe => RunBudgets.Get(budget, RunTask.Table.Find(recipe), null, method))
            .Select(run => assignments.Where(assignment => SettingPaths.Knows(run.Kind, method, assignment.Split('=')[0].Trim())).Aggregate(run, SettingPaths.Apply))
            .MaxBy(method.CurveSteps)!;

    private static string Open(string? wanted, string name, SweepDefinition definition)
    {
        if (wanted is not null && File.Exists(Path.Combine(wanted, SweepDefinition.FileName)))
        {
            return Text(SweepDefinition.Load(wanted)) == Text(definition) ? Path.GetFullPath(wanted)
                : throw UserError.Value("--out", wanted, "a folder that is new or empty, or that of the same experiment; this sweep is another");
        }

        string path = NewFolder.Create(wanted, name, SweepDefinition.FileName);
        definition.Save(path);
        return path;

        static string Text(SweepDefinition sweep) => JsonSerializer.Serialize(sweep, SettingPaths.Json);
    }

    private static int Report(Reproduction row, string path, bool published)
    {
        string runs = Path.Combine(path, "runs");
        if (!Directory.EnumerateFiles(runs, RunFolder.ResultName, SearchOption.AllDirectories).Any())
            return ExitStatus.Failure;
        string command = ShellWords.Join([OwnProgram.Command, "reproduce", row.Name, "--out", NewFolder.Shown(path)]);
        var report = RunReport.Of(new ReportRequest([runs], row.By, Replications, published, command));
        report = report with
        {
            MainTables = [.. row.OwnTable is null ? [] : (ReportTable[])[row.OwnTable(report)], .. report.MainTables],
            Figures = [.. row.OwnFigure is null ? [] : (Figure[])[row.OwnFigure(report)], .. BanditGallery.Of(report), .. report.Figures],
        };
        string place = NewFolder.Create(null, "report", ReportFiles.MarkdownName, path);
        ReportFiles.Write(report, place);
        Console.Out.WriteLine(MarkdownReport.Write(report with { FurtherTables = [] }));
        Console.Out.WriteLine($"open {Path.Combine(NewFolder.Shown(place), "index.html")}; all of it is in {NewFolder.Shown(path)}");
        return ExitStatus.Success;
    }
}
