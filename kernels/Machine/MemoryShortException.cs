using System.Globalization;

namespace EDA.Kernels;

/// <summary>There is no room in this machine's memory for what was asked. The message is one line for the user: for what, how much, how much there is.</summary>
public sealed class MemoryShortException : OutOfMemoryException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="what">What the memory was for, in words.</param>
    /// <param name="bytes">How much was asked for.</param>
    /// <param name="cause">What made it known; null for nothing.</param>
    public MemoryShortException(string what, long bytes, Exception? cause = null)
        : base($"memory is short for {what}: {InMebibytes(bytes)} are asked for, and {Used()}; fewer rows or points, a smaller batch, or a machine with more memory would do", cause) => Bytes = bytes;

    /// <summary>How much was asked for.</summary>
    public long Bytes { get; }

    /// <summary>What a message says if the size is not known.</summary>
    /// <returns>The line.</returns>
    public static string Unknown() => $"memory is short: {Used()}; fewer rows or points, a smaller batch, or a machine with more memory would do";

    private static string Used() => $"this process has {InMebibytes(Environment.WorkingSet)} of {InMebibytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)} already";

    private static string InMebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(bytes / (double)(1 << 20)):0} MiB");
}
