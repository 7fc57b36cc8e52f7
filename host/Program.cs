using System.Runtime.InteropServices;
using System.Text;
using EDA.Engine;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (Console.IsOutputRedirected || !OperatingSystem.IsWindows())
    Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

// The first Ctrl-C asks the command to end with what there is; a second one ends the process at once.
using var interrupt = new CancellationTokenSource();
void Interrupt(PosixSignalContext context)
{
    if (interrupt.IsCancellationRequested)
        return;
    context.Cancel = true;
    interrupt.Cancel();
}

using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

try
{
    return await EdaCommandLine.InvokeAsync(args, interrupt.Token).ConfigureAwait(false);
}
catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
{
    return ExitStatus.Interrupted;
}
catch (Exception error) when (error is UserError or InvalidSettingException or InvalidFileException)
{
    return Refuse(error.Message);
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException)
{
    // A full disk, a folder without permission: named by the system's own message.
    return Refuse(error.Message);
}
catch (TrainingDivergedException error)
{
    Console.Error.WriteLine($"eda: {OneLine(error.Message)}");
    return ExitStatus.Failure;
}
catch (Exception error)
{
    string details = Path.Combine(Path.GetTempPath(), $"eda-error-{DateTime.UtcNow:yyyyMMdd-HHmmss}-{Environment.ProcessId}.txt");
    File.WriteAllText(details, $"eda {string.Join(' ', args)}{Environment.NewLine}{error}{Environment.NewLine}");
    Console.Error.WriteLine($"eda: internal error: {OneLine(error.Message)} (details in {details})");
    return ExitStatus.Failure;
}

static int Refuse(string message)
{
    Console.Error.WriteLine($"eda: {OneLine(message)}");
    return ExitStatus.Refused;
}

static string OneLine(string message) => message.ReplaceLineEndings(" ");
