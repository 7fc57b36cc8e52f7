namespace EDA.Kernels;

/// <summary>A device is not to be had, or cannot hold or do what is asked of it, or fails. The message is one line for the user.</summary>
public sealed class DeviceException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which device, what is wrong, and what would help.</param>
    /// <param name="cause">What made it known; null for nothing.</param>
    public DeviceException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }

    /// <summary>Whether the device failed at its work, which no other request would have avoided; nothing can be read from it any more.</summary>
    public bool HasFailed { get; init; }
}
