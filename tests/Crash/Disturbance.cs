using System.Diagnostics;
using System.Globalization;

namespace EDA.Tests.Crash;

/// <summary>What happens to a run: a signal after some time, or a fault at one of the moments of writing.</summary>
/// <param name="Fault">The fault, as EDA_FAULT has it; null for a signal.</param>
/// <param name="Signal">The signal; null for a fault.</param>
/// <param name="After">When the signal comes.</param>
internal sealed record Disturbance(string? Fault, string? Signal, TimeSpan After)
{
    /// <summary>Draws one.</summary>
    /// <param name="random">Where from.</param>
    /// <param name="whole">How long the undisturbed run took.</param>
    public static Disturbance Draw(Random random, TimeSpan whole)
    {
        int kind = random.Next(10);
        if (kind < 3)
            return new(null, "KILL", random.NextDouble() * whole);
        if (kind < 4)
            return new(null, "TERM", random.NextDouble() * whole);
        string point = random.Next(6) switch { 0 => "between", 1 => "rows", _ => "any" };
        string action = random.Next(5) switch { 0 => "full", 1 => "torn", _ => "kill" };

        // The first moments as often as the hundredth and those after.
        int number = (int)Math.Exp(random.NextDouble() * Math.Log(point == "any" ? 250 : 30));
        return new(string.Create(CultureInfo.InvariantCulture, $"{point}:{number}:{action}"), null, TimeSpan.Zero);
    }

    /// <summary>Sends the signal, if it is one, unless the process ends before.</summary>
    public void Send(Process process)
    {
        if (Signal is null || process.WaitForExit(After))
            return;
        using var kill = Process.Start("kill", ["-" + Signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <inheritdoc/>
    public override string ToString() => Fault ?? string.Create(CultureInfo.InvariantCulture, $"{Signal} after {After.TotalMilliseconds:0} ms");
}
