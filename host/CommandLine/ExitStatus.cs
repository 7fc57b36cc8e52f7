namespace EDA.Host.CommandLine;

/// <summary>What the program's exit status means.</summary>
public static class ExitStatus
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The program failed: an internal error, a training that diverged, a GPU that failed, a full disk.</summary>
    public const int Failure = 1;

    /// <summary>The user asked for something that is not allowed, or that takes a library which is missing.</summary>
    public const int Refused = 2;

    /// <summary>Ended by Ctrl-C, SIGTERM or a hangup, after saving its state; as shells number the first, 128 + SIGINT.</summary>
    public const int Interrupted = 130;
}
