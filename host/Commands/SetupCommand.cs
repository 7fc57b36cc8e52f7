using System.CommandLine;
using EDA.Host.CommandLine;
using EDA.Host.Setup;

namespace EDA.Host.Commands;

/// <summary>eda setup: turns optional packages on where they work.</summary>
internal static class SetupCommand
{
    public static Command Create()
    {
        var command = new Command("setup", "Try the optional packages, and use those that work here.");
        command.SetAction(async (_, _) =>
        {
            using var interrupt = new GracefulInterrupt();
            string root = SourceTree.RequireRoot();
            var states = OptionalProps.Read(root);
            foreach (var package in OptionalPackage.All)
            {
                string cost = package.Download is null ? string.Empty : $" ({package.Download})";
                Console.WriteLine($"{package.Name}: trying{cost} …");
                var answer = await PackageProbe.RunAsync(root, package, interrupt.Token).ConfigureAwait(false);
                switch (answer.Outcome)
                {
                    case ProbeOutcome.Works:
                        states[package.Property] = new OptionalState(true, answer.Reason);
                        Console.WriteLine($"{package.Name}: on, {answer.Reason}");
                        break;
                    case ProbeOutcome.Fails:
                        states[package.Property] = new OptionalState(false, answer.Reason);
                        Console.WriteLine($"{package.Name}: off, {answer.Reason}");
                        break;
                    default:
                        // No answer is no reason to change anything, nor to remember.
                        string stays = states[package.Property].On ? "stays on" : "stays off";
                        Console.WriteLine($"{package.Name}: {stays}, {answer.Reason}; try again later");
                        break;
                }
            }

            if (states.Values.Any(state => state.On || state.Reason is not null))
                OptionalProps.Write(root, states);
            return ExitStatus.Success;
        });
        return command;
    }
}
