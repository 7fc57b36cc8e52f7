using System.Text.Json.Serialization;
using EDA.Engine.Data;

namespace EDA.Engine.Evaluation;

/// <summary>
/// What the episodes of an evaluation came to, under the keys that result.json gives them. Standard deviations are
/// those of the episodes, divided by their count.
/// </summary>
public sealed class PolicyScore
{
    /// <summary>Makes the score of episodes.</summary>
    /// <param name="reference">What the returns are measured by.</param>
    /// <param name="returns">Each episode's return.</param>
    /// <param name="lengths">Each episode's steps.</param>
    /// <param name="terminated">Whether each episode terminated, rather than being cut.</param>
    /// <param name="seconds">How long the evaluation took.</param>
    /// <param name="actingSeconds">How much of it went into choosing actions.</param>
    public PolicyScore(ReferenceReturns reference, IReadOnlyList<double> returns, IReadOnlyList<int> lengths, IReadOnlyList<bool> terminated, double seconds, double actingSeconds)
    {
        (Returns, Lengths, Terminated) = (returns, lengths, terminated);
        (ReturnMean, ReturnStd) = Moments(returns);
        (NormalizedMean, NormalizedStd) = Moments([.. returns.Select(reference.Score)]);
        (Seconds, ActingSeconds) = (seconds, actingSeconds);
    }

    /// <summary>The mean of the D4RL normalised scores.</summary>
    [JsonPropertyName("normalized_mean")]
    public double NormalizedMean { get; }

    /// <summary>Their standard deviation over episodes.</summary>
    [JsonPropertyName("normalized_std")]
    public double NormalizedStd { get; }

    /// <summary>The mean return; in a maze the share of episodes that reached the goal.</summary>
    [JsonPropertyName("return_mean")]
    public double ReturnMean { get; }

    /// <summary>The returns' standard deviation.</summary>
    [JsonPropertyName("return_std")]
    public double ReturnStd { get; }

    /// <summary>How many episodes there were.</summary>
    [JsonPropertyName("episodes")]
    public int Episodes => Returns.Count;

    /// <summary>Every return, by episode.</summary>
    [JsonPropertyName("returns")]
    public IReadOnlyList<double> Returns { get; }

    /// <summary>Every episode's count of steps.</summary>
    [JsonPropertyName("lengths")]
    public IReadOnlyList<int> Lengths { get; }

    /// <summary>Which episodes terminated; the others were cut at the step limit.</summary>
    [JsonPropertyName("terminated")]
    public IReadOnlyList<bool> Terminated { get; }

    /// <summary>How long the evaluation took.</summary>
    [JsonPropertyName("seconds")]
    public double Seconds { get; }

    /// <summary>How much of that went into choosing actions.</summary>
    [JsonPropertyName("acting_seconds")]
    public double ActingSeconds { get; }

    /// <summary>Which of several it is, where it was the best of them; null where there was nothing to choose.</summary>
    [JsonPropertyName("chosen")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Chosen { get; private set; }

    /// <summary>The same score as the one that was chosen.</summary>
    /// <param name="which">Which of several it is.</param>
    /// <returns>The score.</returns>
    public PolicyScore ChosenAs(string which)
    {
        var same = (PolicyScore)MemberwiseClone();
        same.Chosen = which;
        return same;
    }

    private static (double Mean, double Std) Moments(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        return (mean, Math.Sqrt(values.Average(value => (value - mean) * (value - mean))));
    }
}
