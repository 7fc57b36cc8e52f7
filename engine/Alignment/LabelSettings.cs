using EDA.Engine.Data;

namespace EDA.Engine.Alignment;

/// <summary>Which states are labelled for alignment, and how their candidates are sampled (method: section 5). K is the alignment's.</summary>
public sealed record LabelSettings
{
    /// <summary>The share of the dataset's states that are labelled, from 0.01 to 1. Paper: 1.</summary>
    public double Fraction
    {
        get;
        init => field = value is >= LabelSelection.LeastFraction and <= 1
            ? value
            : throw new InvalidSettingException("fraction", value, $"a number from {LabelSelection.LeastFraction} to 1");
    } = 1;

    /// <summary>The most states that are labelled, drawn from that share; 0 for no limit. Paper: no limit.</summary>
    public int MostStates { get; init => field = Setting.Range(value, 0); }

    /// <summary>Evaluations of the network per candidate, at least 1. Published code: 15.</summary>
    public int Evaluations { get; init => field = Setting.Range(value, 1, 10_000); } = 15;
}
