using System.Text;
using EDA.Engine;
using EDA.Engine.Files;
using EDA.Engine.Training;
using EDA.Host.CommandLine;
using EDA.Host.Libraries;
using EDA.Kernels;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (Console.IsOutputRedirected || !OperatingSystem.IsWindows())
    Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

if (args is [Hdf5Trial.Word, var tried])
    return Hdf5Trial.Run(tried);

try
{
    return await EdaCommandLine.InvokeAsync(args).ConfigureAwait(false);
}
catch (OperationCanceledException)
{
    return ExitStatus.Interrupted;
}
catch (Exception error) when (error is UserError or InvalidSettingException or InvalidFileException or UnwritableFileException or FolderInUseException or DeviceException { HasFailed: false } or MissingLibraryException)
{
    return Refuse(error.Message);
}
catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
{
    // A file that is gone or without permission: named by the system's own message.
    return Refuse(error.Message);
}
catch (Exception error) when (error is TrainingDivergedException or DeviceException or LostFolderException or IOException)
{
    // What no other command line would have avoided: training that diverged, a GPU that failed, a full disk.
    return Fail(error.Message);
}
catch (OutOfMemoryException error)
{
    return Fail(error is MemoryShortException ? error.Message : MemoryShortException.Unknown());
}
catch (Exception error)
{
    string details = Path.Combine(Path.GetTempPath(), $"eda-error-{DateTime.UtcNow:yyyyMMdd-HHmmss}-{Environment.ProcessId}.txt");
    try
    {
        File.WriteAllText(details, $"eda {string.Join(' ', args)}{Environment.NewLine}{error}{Environment.NewLine}");
        return Fail($"internal error: {error.Message} (details in {details})");
    }
    catch (Exception unwritten) when (unwritten is IOException or UnauthorizedAccessException)
    {
        int status = Fail($"internal error: {error.Message} (no details could be written to {details}: {unwritten.Message})");
        Console.Error.WriteLine(error);
        return status;
    }
}

static int Fail(string message)
{
    Say($"eda: {OneLine.Of(message)}");
    return ExitStatus.Failure;
}

// The terminal may be gone.
static void Say(string line)
{
    try
    {
        Console.Error.WriteLine(line);
    }
    catch (IOException)
    {
    }
}

static int Refuse(string message)
{
    Say($"eda: {OneLine.Of(message)}");
    return ExitStatus.Refused;
}
