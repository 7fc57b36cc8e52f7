namespace EDA.Host.Runs;

/// <summary>A run's folder can no longer be written, or read. What was saved before is whole.</summary>
/// <param name="cause">What was found.</param>
internal sealed class RunWritingException(Exception cause) : IOException(cause.Message, cause);
