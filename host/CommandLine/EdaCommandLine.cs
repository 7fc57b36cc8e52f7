using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using EDA.Host.Commands;

namespace EDA.Host.CommandLine;

/// <summary>The `eda` command line: its commands, and what happens to one that cannot be understood.</summary>
public static class EdaCommandLine
{
    private const string Description =
        "Efficient Diffusion Alignment: pretrain a diffusion behavior, align it with Q-values. "
        + "More commands are the launcher's: 'eda test' runs every test, 'eda bench' measures speed, 'eda profile' shows where a recipe's time goes, 'eda verify' compares a device with the CPU.";

    /// <summary>Makes the command tree.</summary>
    /// <returns>Its root, named as users call it rather than by the program's file.</returns>
    public static Command Create()
    {
        var root = Commands();
        int place = root.Subcommands.ToList().FindIndex(command => command.Name == "recipes") + 1;
        foreach (var stage in StageCommands.Create())
            root.Subcommands.Insert(place++, stage);
        return root;
    }

    private static Command Commands() => new("eda", Description)
    {
        new HelpOption(),
        new VersionOption(),
        RunCommand.Create(),
        BranchCommand.Create(),
        SweepCommand.Create(),
        ViewCommand.Create(),
        ReportCommand.Create(),
        ReproduceCommand.Create(),
        RecipesCommand.Create(),
        DensityCommand.Create(),
        ScoreCommand.Create(),
        GapsCommand.Create(),
        ActionsCommand.Create(),
        SampleCommand.Create(),
        ActCommand.Create(),
        ExportCommand.Create(),
        WeightsCommand.Create(),
        DataCommand.Create(),
        EnvironmentCommand.Create(),
        DoctorCommand.Create(),
        SetupCommand.Create(),
    };

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">The words after the program's name.</param>
    /// <returns>The exit status.</returns>
    public static async Task<int> InvokeAsync(string[] arguments)
    {
        var root = Create();
        // Words that start with @ are words here, not files of further words.
        var parsed = root.Parse(arguments.Length == 0 ? ["--help"] : arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        // --help and --version win over what is wrong with the rest of the line.
        if (parsed.Action is ParseErrorAction)
            throw new UserError(Explain(parsed));
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return await parsed.InvokeAsync(configuration).ConfigureAwait(false);
    }

    private static string Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        bool isRoot = command == parsed.RootCommandResult.Command;
        if (parsed.UnmatchedTokens.Count > 0)
        {
            string token = parsed.UnmatchedTokens[0];
            if (token.StartsWith('-'))
                return $"unknown option '{token}'{(isRoot ? string.Empty : $" of {command.Name}")}; allowed is {OneOf(command.Options.Select(option => option.Name))}";
            if (command.Subcommands.Count > 0)
                return $"unknown command '{token}'; allowed is {OneOf(Names(command, isRoot))}";
            return $"unexpected argument '{token}' of {command.Name}; see eda {command.Name} --help";
        }

        if (command.Subcommands.Count > 0)
            return $"{command.Name} needs a command; allowed is {OneOf(Names(command, isRoot))}";
        return parsed.Errors[0].Message.ReplaceLineEndings(" ");
    }

    // The launcher's own commands belong to the list although this program never sees them.
    private static IEnumerable<string> Names(Command command, bool isRoot) =>
        command.Subcommands.Select(sub => sub.Name).Concat(isRoot ? ["test", "bench", "profile", "verify"] : []);

    private static string OneOf(IEnumerable<string> names) => "one of " + string.Join(", ", names.Order(StringComparer.Ordinal));
}
