using System.CommandLine;
using EDA.Bench.Agreement;
using EDA.Bench.Devices;
using EDA.Host.CommandLine;
using EDA.Host.Devices;

namespace EDA.Bench.Verification;

/// <summary>eda verify: does a device compute what the CPU does, or what PyTorch does?</summary>
internal static class VerifyCommand
{
    private const string PyTorch = "pytorch";

    public static Command Create()
    {
        var device = DeviceOptions.Device();
        var precision = DeviceOptions.Precision();
        var noGraphs = DeviceOptions.NoGraphs();
        var json = new Option<string?>("--json") { Description = "also write the table to this file", HelpName = "FILE" };
        var against = new Option<string?>("--against") { Description = $"compare 50 steps of each stage with another program's: {PyTorch}", HelpName = "NAME" };
        var python = new Option<string?>("--python") { Description = $"the python3 that has PyTorch ({PythonInterpreter.Variable}, or the first that is found)", HelpName = "FILE" };
        var small = new Option<bool>("--small") { Description = "small networks and batches" };
        var command = new Command("verify", "Compare every operation of a device with the CPU's, or every stage with PyTorch's; status 1 where they differ.") { device, precision, noGraphs, json, against, python, small };
        command.SetAction(result =>
        {
            var choice = DeviceOptions.Choice(result, device, precision, noGraphs);
            bool isSmall = result.GetValue(small);
            if (result.GetValue(against) is { } other)
                return Agree(choice, other, result.GetValue(python), isSmall, result.GetValue(json));
            if (result.GetValue(python) is { } unused)
                throw UserError.Value(python.Name, unused, $"nothing without --against {PyTorch}");
            if (result.GetValue(json) is { } path)
                JsonDestination.Check(path, "an earlier verification", VerificationTable.Is);
            using var opened = choice.Open();
            var table = VerificationTable.Run(opened, isSmall ? VerificationCase.Small : VerificationCase.Large, Console.Out);
            if (result.GetValue(json) is { } file)
                table.Save(file);
            return table.Passed ? ExitStatus.Success : ExitStatus.Failure;
        });
        return command;
    }

    private static int Agree(DeviceChoice choice, string other, string? interpreter, bool isSmall, string? json)
    {
        if (other != PyTorch)
            throw UserError.Choice("--against", other, [PyTorch]);
        if (choice.Precision != DeviceChoice.DefaultPrecision)
            throw UserError.Value("--precision", choice.Precision, $"{DeviceChoice.DefaultPrecision} with --against {PyTorch}, whose rounding is the measure");
        if (json is not null)
            JsonDestination.Check(json, "an earlier comparison of this kind", AgreementTable.Is);
        var python = PythonReference.Find(interpreter);
        using var opened = choice.Open();
        var table = AgreementTable.Run(opened, python, isSmall ? AgreementSize.Small : AgreementSize.Published, Console.Out);
        if (json is not null)
            table.Save(json);
        return table.Passed ? ExitStatus.Success : ExitStatus.Failure;
    }
}
