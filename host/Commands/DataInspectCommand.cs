using System.CommandLine;
using EDA.Engine;
using EDA.Engine.Data;
using EDA.Host.CommandLine;
using EDA.Host.Libraries;
using EDA.Host.Tables;
using Spectre.Console;

namespace EDA.Host.Commands;

/// <summary>eda data inspect: fields, episodes, returns and problems of a file.</summary>
internal static class DataInspectCommand
{
    // A pipe or a file has no width of its own.
    private const int WidthElsewhere = 120;

    public static Command Create()
    {
        var file = new Argument<string?>("FILE") { Description = "the dataset: HDF5 of D4RL or Minari, NPZ, CSV", Arity = ArgumentArity.ZeroOrOne };
        var environment = DataCommand.EnvironmentOption();
        var command = new Command("inspect", "Show what a dataset holds: shapes, episodes, returns, normalised scores, problems.") { file, environment };
        command.SetAction(result =>
        {
            string path = Values.ExistingFile(file.Name, DataCommand.Required(result, file));
            Hdf5Trial.Require(path);
            var inspection = DatasetInspection.Of(path, DataCommand.Environment(result, environment));
            var console = AnsiConsole.Create(new AnsiConsoleSettings());
            if (Console.IsOutputRedirected)
                console.Profile.Width = WidthElsewhere;
            DatasetReport.Write(console, inspection);
            return inspection.Problems.Count == 0
                ? ExitStatus.Success
                : throw new InvalidFileException(path, inspection.Problems[0]);
        });
        return command;
    }
}
