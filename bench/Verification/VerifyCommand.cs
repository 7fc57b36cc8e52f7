using System.CommandLine;
using EDA.Bench.Devices;
using EDA.Host.CommandLine;
using EDA.Host.Devices;

namespace EDA.Bench.Verification;

/// <summary>eda verify: does a device compute what the CPU does?</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var device = DeviceOptions.Device();
        var precision = DeviceOptions.Precision();
        var json = new Option<string?>("--json") { Description = "also write the table to this file", HelpName = "FILE" };
        var command = new Command("verify", "Compare every operation of a device with the CPU's; status 1 where they differ.") { device, precision, json };
        command.SetAction(result =>
        {
            var choice = DeviceOptions.Choice(result, device, precision);
            if (result.GetValue(json) is { } path)
                JsonDestination.Check(path, "an earlier verification", VerificationTable.Is);
            using var opened = choice.Open();
            var table = VerificationTable.Run(opened, choice.Name == DeviceChoice.Software ? VerificationCase.Small : VerificationCase.Large, Console.Out);
            if (result.GetValue(json) is { } file)
                table.Save(file);
            return table.Passed ? ExitStatus.Success : ExitStatus.Failure;
        });
        return command;
    }
}
