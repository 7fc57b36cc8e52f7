using System.CommandLine;
using System.Globalization;
using EDA.Host.CommandLine;
using EDA.Host.Reports;

namespace EDA.Bench.Results;

/// <summary>eda bench report: what the parts of a measurement left, as one JSON and one Markdown file.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var folder = new Option<string?>("--in") { Description = "the folder with the JSON files of verify, bench kernels, bench steps and the peers", HelpName = "DIR" };
        var stem = new Option<string?>("--out") { Description = "the files to write, without .json and .md", HelpName = "PATH" };
        var commit = new Option<string?>("--commit") { Description = "the commit that was measured (this program's)", HelpName = "ID" };
        var gpu = new Option<string?>("--gpu") { Description = "the GPU, driver and memory (what the measurements name)", HelpName = "TEXT" };
        var command = new Command("report", "gather measurements into one JSON and one Markdown file") { folder, stem, commit, gpu };
        command.SetAction(result =>
        {
            string source = Required(result, folder), target = Required(result, stem);
            if (!Directory.Exists(source))
                throw UserError.Value("--in", source, "a folder that exists");
            foreach (string file in (string[])[target + ".json", target + ".md"])
            {
                if (File.Exists(file) || Directory.Exists(file))
                    throw UserError.Value("--out", target, $"a name that is not taken; {file} is there, and nothing is overwritten");
            }

            if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(target))))
                throw UserError.Value("--out", target, "files in a folder that exists");
            var results = ResultsDocument.Collect(
                source, DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), result.GetValue(commit) ?? ProgramVersion.Engine, result.GetValue(gpu), ProgramVersion.System);
            if (results.IsEmpty)
                throw UserError.Value("--in", source, "a folder with measurements");
            results.Save(target + ".json");
            File.WriteAllText(target + ".md", ResultsPage.Write(results));
            Console.WriteLine($"{target}.json, {target}.md");
            return ExitStatus.Success;
        });
        return command;
    }

    private static string Required(ParseResult result, Option<string?> option) =>
        result.GetValue(option) is { Length: > 0 } text ? text : throw new UserError($"{option.Name} is missing; it is {option.Description}");
}
