namespace EDA.Engine;

/// <summary>
/// A native library that a feature needs is not on this machine, or is one that cannot be used. The message is one
/// line that names what would help.
/// </summary>
public sealed class MissingLibraryException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">The line.</param>
    public MissingLibraryException(string message)
        : base(message)
    {
    }
}
