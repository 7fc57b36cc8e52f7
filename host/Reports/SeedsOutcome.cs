using EDA.Host.CommandLine;
using EDA.Host.Runs;

namespace EDA.Host.Reports;

/// <summary>What several seeds came to together.</summary>
public sealed record SeedsOutcome
{
    /// <summary>What the user asked for.</summary>
    public required RunRequest Request { get; init; }

    /// <summary>The seeds.</summary>
    public required SeedRange Seeds { get; init; }

    /// <summary>The device, with what matters for speed.</summary>
    public required string Device { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>The runs' folders within the seeds' folder, in order; empty where there are none yet.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>What each came to, in order; empty where the run failed as a whole.</summary>
    public required IReadOnlyList<RunOutcome> Runs { get; init; }

    /// <summary>Why the run failed as a whole; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Whether it was cut short by the user.</summary>
    public bool Interrupted => Runs.Any(run => run.Interrupted);

    /// <summary>The numbers of the seeds that were finished, by their keys; those that the objective or the critic does not have are left out.</summary>
    public IReadOnlyDictionary<string, Spread> Numbers => Runs.Where(run => run.IsMeasured)
        .SelectMany(RunPresentation.Of(Request.Settings).Numbers)
        .GroupBy(number => number.Key, number => number.Value)
        .ToDictionary(group => group.Key, group => Spread.Of([.. group]));
}
