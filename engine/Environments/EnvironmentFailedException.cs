namespace EDA.Engine.Environments;

/// <summary>An environment that is not this program's own cannot go on.</summary>
public sealed class EnvironmentFailedException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which, and why, in one line.</param>
    public EnvironmentFailedException(string message)
        : base(OneLine.Of(message))
    {
    }
}
