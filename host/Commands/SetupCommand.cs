using System.CommandLine;
using EDA.Engine.Optimizers;
using EDA.Host.CommandLine;
using EDA.Host.Setup;

namespace EDA.Host.Commands;

/// <summary>eda setup: gets what is too large for every build.</summary>
internal static class SetupCommand
{
    private const string Libtorch = "libtorch";

    public static Command Create()
    {
        var thing = new Argument<string?>("LIBRARY") { Description = $"{Libtorch}; without it, those present are listed", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("setup", "Get a library that is too large for every build.") { thing };
        command.SetAction(async (result, _) =>
        {
            var packages = new LibtorchPackages(TorchLibrary.Folder);
            switch (result.GetValue(thing))
            {
                case null:
                    Console.WriteLine($"eda setup {Libtorch}  {TorchLibrary.OfMachine.Brings}: {LibtorchPackages.Description}; {(packages.AreThere ? $"it is in {TorchLibrary.Folder}" : "not here")}");
                    return ExitStatus.Success;
                case Libtorch:
                    await SetUpAsync(packages).ConfigureAwait(false);
                    return ExitStatus.Success;
                case { } other:
                    throw UserError.Choice(thing.Name, other, [Libtorch]);
            }
        });
        return command;
    }

    private static async Task SetUpAsync(LibtorchPackages packages)
    {
        string after = "there already";
        if (!packages.AreThere)
        {
            Console.WriteLine($"{Libtorch}: fetching {LibtorchPackages.Description}");
            using var interrupt = new GracefulInterrupt();
            await packages.FetchAsync(interrupt.Token).ConfigureAwait(false);
            after = "now there";
        }

        Console.WriteLine($"{Libtorch} {TorchLibrary.Version} is {after}: {TorchLibrary.Folder}");
        if (TorchLibrary.OfMachine.Refusal is { } refusal)
            Console.Error.WriteLine($"eda: {refusal}");
    }
}
