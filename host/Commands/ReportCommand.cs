using System.CommandLine;
using EDA.Host.CommandLine;
using EDA.Host.Experiments.Report;
using EDA.Host.Progress;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Commands;

/// <summary>eda report: what finished runs come to together, with what is certain of it.</summary>
internal static class ReportCommand
{
    private const int FewestReplications = 2000, MostReplications = 50_000, Replications = 10_000;

    public static Command Create()
    {
        var folders = new Argument<string[]>("FOLDER") { Description = "runs, several seeds, or folders with such below them", Arity = ArgumentArity.ZeroOrMore };
        var by = new Option<string[]>("--by") { Description = "a setting that makes the groups, for instance alignment.temperature; may be repeated (all settings in which runs differ)", HelpName = "KEY", AllowMultipleArgumentsPerToken = false };
        var folder = new Option<string?>("--out") { Description = "the report's folder, new or empty (report beside the one folder that is given, else runs/report; numbered where taken)", HelpName = "DIR" };
        var replications = new Option<string?>("--replications") { Description = $"replications of the bootstrap, {FewestReplications} to {MostReplications} ({Replications})", HelpName = "N" };
        var published = new Option<bool>("--published") { Description = "the datasets are the published files: set the paper's scores beside their runs" };
        var command = new Command("report", "Compare finished runs over settings, tasks and seeds: tables, figures, confidence intervals.") { folders, by, folder, replications, published };
        command.SetAction(result =>
        {
            string[] given = result.GetValue(folders) ?? [];
            if (given.Length == 0)
                throw new UserError($"{folders.Name} is missing; it is {folders.Description}");
            string[] keys = result.GetValue(by) ?? [];
            int count = result.WholeNumber(replications, FewestReplications, MostReplications) ?? Replications;
            bool isPublished = result.GetValue(published);
            string command = ShellWords.Join(
            [
                OwnProgram.Command, "report", .. given, .. keys.SelectMany(key => (string[])[by.Name, key]),
                .. count == Replications ? (string[])[] : [replications.Name, count.ToString(CultureInfo.InvariantCulture)], .. isPublished ? (string[])[published.Name] : [],
            ]);
            var report = RunReport.Of(new ReportRequest(given, keys, count, isPublished, command));
            string place = NewFolder.Create(result.GetValue(folder), "report", ReportFiles.MarkdownName, given.Length == 1 ? Beside(given[0]) : "runs");
            ReportFiles.Write(report, place);
            using var output = new FleetingWriter(Console.Out);
            output.WriteLine(MarkdownReport.Write(report));
            output.WriteLine($"open {Path.Combine(NewFolder.Shown(place), "index.html")}; all of it is in {NewFolder.Shown(place)}");
            return ExitStatus.Success;
        });
        return command;
    }

    private static string Beside(string folder) => Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) ?? folder;
}
