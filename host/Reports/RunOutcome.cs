using System.Text.Json.Nodes;
using EDA.Engine.Stages;

namespace EDA.Host.Reports;

/// <summary>What a run came to, ready to be reported.</summary>
public abstract record RunOutcome
{
    /// <summary>The recipe's name.</summary>
    public required string Recipe { get; init; }

    /// <summary>The budget's name.</summary>
    public required string Budget { get; init; }

    /// <summary>The seeds it was trained with as one batch, FIRST..LAST; null where it was trained alone.</summary>
    public string? Batch { get; init; }

    /// <summary>The device, with what matters for speed.</summary>
    public required string Device { get; init; }

    /// <summary>The precision of matrix products.</summary>
    public string Precision { get; init; } = Devices.DeviceChoice.DefaultPrecision;

    /// <summary>The command that does the same again.</summary>
    public required string Command { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Whether it was cut short by the user.</summary>
    public bool Interrupted { get; init; }

    /// <summary>Why it failed; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>The stages, in order; the last may be cut short.</summary>
    public required IReadOnlyList<StageResult> Stages { get; init; }

    /// <summary>Seconds by stage, the drawing of the figures and the total included.</summary>
    public required IReadOnlyList<KeyValuePair<string, double>> Seconds { get; init; }

    /// <summary>The seed.</summary>
    public abstract ulong Seed { get; }

    /// <summary>How the alignment was done.</summary>
    public abstract AlignmentSettings Alignment { get; }

    /// <summary>The table of numbers; null where the run did not get so far.</summary>
    public abstract NumberTable? Numbers { get; }

    /// <summary>Adds the numbers of this kind of run to result.json. Their keys are there in every result; what is not known is null.</summary>
    /// <param name="document">The document.</param>
    public abstract void AddNumbers(JsonObject document);
}
