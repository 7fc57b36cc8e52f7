namespace EDA.Kernels;

/// <summary>
/// A native library that an operation needs is not on this machine. The message is one line that names the library and
/// the package that brings it.
/// </summary>
public sealed class MissingLibraryException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">The line.</param>
    public MissingLibraryException(string message)
        : base(message)
    {
    }
}
