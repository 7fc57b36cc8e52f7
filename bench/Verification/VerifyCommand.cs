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
        var options = new MeasurementOptions("verification", VerificationTable.Is);
        var against = new Option<string?>("--against") { Description = $"compare 50 steps of each stage with another program's: {PyTorch}", HelpName = "NAME" };
        var python = new Option<string?>("--python") { Description = $"the python3 that has PyTorch ({PythonInterpreter.Variable}, or the first that is found)", HelpName = "FILE" };
        return options.Create("verify", "Compare every operation of a device with the CPU's, or every stage with PyTorch's; status 1 where they differ.", [against, python], result =>
        {
            var choice = options.Device(result);
            if (result.GetValue(against) is { } other)
                return Agree(choice, other, result.GetValue(python), options.IsSmall(result), () => options.Json(result, "comparison of this kind", AgreementTable.Is));
            if (result.GetValue(python) is { } unused)
                throw UserError.Value(python.Name, unused, $"nothing without --against {PyTorch}");
            string? json = options.Json(result);
            using var device = choice.Open();
            var table = VerificationTable.Run(device, options.IsSmall(result) ? VerificationCase.Small : VerificationCase.Large, Console.Out);
            if (json is not null)
                table.Save(json);
            return table.Passed ? ExitStatus.Success : ExitStatus.Failure;
        });
    }

    private static int Agree(DeviceChoice choice, string other, string? interpreter, bool isSmall, Func<string?> destination)
    {
        if (other != PyTorch)
            throw UserError.Choice("--against", other, [PyTorch]);
        if (choice.Precision != DeviceChoice.DefaultPrecision)
            throw UserError.Value("--precision", choice.Precision, $"{DeviceChoice.DefaultPrecision} with --against {PyTorch}, whose rounding is the measure");
        string? json = destination();
        var python = PythonReference.Find(interpreter);
        using var device = choice.Open();
        var table = AgreementTable.Run(device, python, isSmall ? AgreementSize.Small : AgreementSize.Published, Console.Out);
        if (json is not null)
            table.Save(json);
        return table.Passed ? ExitStatus.Success : ExitStatus.Failure;
    }
}
