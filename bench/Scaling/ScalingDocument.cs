using System.Text.Json;

namespace EDA.Bench.Scaling;

/// <summary>A step at one place of a sweep.</summary>
/// <param name="Sweep">What is varied: threads, batch or candidates.</param>
/// <param name="Step">The step: pretraining, alignment, score, sampling, iql.</param>
/// <param name="Value">Threads, rows or K.</param>
/// <param name="Threads">The threads at work.</param>
/// <param name="Seconds">The median time of a step.</param>
/// <param name="Flop">Nominal work.</param>
/// <param name="FloorSeconds">That work over the peak of so many threads.</param>
/// <param name="PeakShare">The floor over the time.</param>
public sealed record ScalingRow(string Sweep, string Step, int Value, int Threads, double Seconds, double Flop, double FloorSeconds, double PeakShare);

/// <summary>The sweeps of <c>eda bench scaling</c>.</summary>
/// <param name="Device">The device.</param>
/// <param name="Precision">The precision of matrix products.</param>
/// <param name="Network">The network, in words.</param>
/// <param name="Sweeps">The steps.</param>
public sealed record ScalingDocument(string Device, string Precision, string Network, IReadOnlyList<ScalingRow> Sweeps) : MeasurementDocument
{
    /// <summary>Whether a document is one.</summary>
    internal static bool Is(JsonElement root) => JsonDestination.HasKeys(root, "network", "sweeps");
}
