using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using EDA.Host.CommandLine;
using EDA.Host.View;

namespace EDA.Host.Commands;

/// <summary>eda view: a web page over run and sweep folders, on this machine alone.</summary>
internal static class ViewCommand
{
    private const string Default = "runs";

    public static Command Create()
    {
        var folders = new Argument<string[]>("FOLDER") { Description = $"folders of runs, of several seeds, of sweeps, or with such folders below them ({Default})", Arity = ArgumentArity.ZeroOrMore };
        var port = new Option<string?>("--port") { Description = "the port to listen on (any that is free)", HelpName = "N" };
        var quiet = new Option<bool>("--no-browser") { Description = "do not open a browser" };
        var command = new Command("view", "Watch runs and sweeps in a browser: a list, live curves, the pages of runs, reports. Listens on this machine alone.") { folders, port, quiet };
        command.SetAction(async (result, cancellation) =>
        {
            int number = result.WholeNumber(port, 0, 65535) ?? 0;
            using var interrupt = new GracefulInterrupt();
            var server = await StartAsync(result.GetValue(folders) is { Length: > 0 } given ? given : [Default], number).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                await Console.Out.WriteLineAsync($"{server.Address}\nCtrl-C ends it").ConfigureAwait(false);
                if (!result.GetValue(quiet))
                    OpenBrowser(server.Address);
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(interrupt.Token, cancellation);
                await Task.Delay(Timeout.Infinite, ended.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
            }

            return ExitStatus.Success;
        });
        return command;
    }

    // The pack for machines with a GPU leaves the web server out.
    private static Task<ViewServer> StartAsync(IReadOnlyList<string> folders, int port)
    {
        try
        {
            return ViewServer.StartAsync(folders, port);
        }
        catch (Exception error) when (error is FileNotFoundException or TypeLoadException or TypeInitializationException)
        {
            throw new UserError("eda view needs the web server of .NET, which this pack was made without; look at the folder from an installation of EDA.Engine");
        }
    }

    private static void OpenBrowser(Uri address)
    {
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("DISPLAY") is null && Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is null)
            return;
        try
        {
            using var browser = Process.Start(OperatingSystem.IsWindows() ? new ProcessStartInfo(address.ToString()) { UseShellExecute = true }
                : new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [address.ToString()]) { RedirectStandardOutput = true, RedirectStandardError = true });
        }
        catch (Win32Exception)
        {
            // There is none; the address is printed.
        }
    }
}
