using System.Runtime.InteropServices;

namespace EDA.Host.CommandLine;

/// <summary>
/// While it lives the first Ctrl-C, SIGTERM or hangup asks the command to save its state and end, and a second Ctrl-C ends
/// the process at once; a second SIGTERM or hangup may be the same one said twice, by a shell and by what started it, and
/// is not looked at. For commands that look at the token; all others end at the first.
/// </summary>
internal sealed class GracefulInterrupt : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _hangUp;

    public GracefulInterrupt()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Ask);
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _hangUp.Dispose();
        _terminate.Dispose();
        _interrupt.Dispose();
        _source.Dispose();
    }

    private void Ask(PosixSignalContext context)
    {
        if (_source.IsCancellationRequested && context.Signal == PosixSignal.SIGINT)
            return;
        context.Cancel = true;
        _source.Cancel();
    }
}
