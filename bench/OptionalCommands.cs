using System.CommandLine;

namespace EDA.Bench;

/// <summary>Commands that only some builds have: whose files are not compiled, are not there.</summary>
internal static partial class OptionalCommands
{
    /// <summary>Those of this build.</summary>
    public static IReadOnlyList<Command> All
    {
        get
        {
            var commands = new List<Command>();
            AddSuites(commands);
            AddPtx(commands);
            return commands;
        }
    }

    static partial void AddSuites(List<Command> commands);

    static partial void AddPtx(List<Command> commands);
}
