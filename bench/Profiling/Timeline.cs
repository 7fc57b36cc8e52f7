namespace EDA.Bench.Profiling;

/// <summary>Something that ran from one moment to another.</summary>
/// <param name="Name">What ran.</param>
/// <param name="Parent">What it was a part of: a kernel's operation, an operation's stage.</param>
/// <param name="Start">When it began, in seconds.</param>
/// <param name="Seconds">How long it ran.</param>
/// <param name="Flop">Its floating-point operations; nominal for an operation, 0 for a stage.</param>
/// <param name="Bytes">The bytes it had to move.</param>
public readonly record struct TimedSpan(string Name, string Parent, double Start, double Seconds, double Flop, double Bytes);

/// <summary>What ran when, on one time axis: the host's where operations run at once, the device's elsewhere.</summary>
public sealed class Timeline
{
    /// <summary>The stages.</summary>
    public List<TimedSpan> Stages { get; } = [];

    /// <summary>The fused operations, within stages.</summary>
    public List<TimedSpan> Operations { get; } = [];

    /// <summary>The kernels, within operations; none on a device without.</summary>
    public List<TimedSpan> Kernels { get; } = [];
}
