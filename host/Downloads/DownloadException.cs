namespace EDA.Host.Downloads;

/// <summary>A download that did not come to its end. The message is one line that says why and what helps.</summary>
public sealed class DownloadException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">The line.</param>
    /// <param name="inner">What was thrown underneath, if anything.</param>
    public DownloadException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
