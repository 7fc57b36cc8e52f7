using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text;
using EDA.Bench;
using EDA.Bench.Torch;
using EDA.Engine;
using EDA.Engine.Training;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Kernels;

// Packed into one program (bench/gpu), every other command is the host's.
if (args.Length == 0 || args[0] is not ("bench" or "profile" or "verify"))
    return (int)(typeof(EdaCommandLine).Assembly.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [args], null) ?? 0);

DeviceChoice.Add(AutogradDevice.ProgramName, precision => new AutogradDevice(precision: precision), AutogradDevice.Fp32, AutogradDevice.Bf16);
var root = BenchCommandLine.Create();
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (Console.IsOutputRedirected || !OperatingSystem.IsWindows())
    Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
var parsed = root.Parse(args);
try
{
    if (parsed.Errors.Count > 0)
        throw new UserError(parsed.Errors[0].Message);
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception error) when (error is UserError or InvalidSettingException or InvalidFileException or DeviceException { HasFailed: false } or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"eda: {error.Message.ReplaceLineEndings(" ")}");
    return ExitStatus.Refused;
}
catch (Exception error) when (error is TrainingDivergedException or DeviceException)
{
    Console.Error.WriteLine($"eda: {error.Message.ReplaceLineEndings(" ")}");
    return ExitStatus.Failure;
}
