using System.CommandLine;
using EDA.Engine.Data;
using EDA.Host.CommandLine;

namespace EDA.Host.Commands;

/// <summary>eda data: looks into datasets, rewrites them, fetches them.</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "Inspect, convert or download datasets.")
    {
        DataInspectCommand.Create(),
        DataConvertCommand.Create(),
        DataDownloadCommand.Create(),
    };

    /// <summary>The option that says which environment a file is from.</summary>
    public static Option<string?> EnvironmentOption() =>
        new("--env") { Description = $"the environment it is from, where the file does not say: {string.Join(", ", D4rlEnvironment.Names)}", HelpName = "NAME" };

    /// <summary>The environment asked for; null where the option is not given.</summary>
    public static D4rlEnvironment? Environment(ParseResult result, Option<string?> option) => result.GetValue(option) is { } name
        ? D4rlEnvironment.All.FirstOrDefault(environment => environment.Name == name) ?? throw UserError.Choice(option.Name, name, D4rlEnvironment.Names)
        : null;

    /// <summary>An argument that must be there.</summary>
    public static string Required(ParseResult result, Argument<string?> argument) => result.GetValue(argument) is { Length: > 0 } text
        ? text
        : throw new UserError($"{argument.Name} is missing; it is {argument.Description}");
}
