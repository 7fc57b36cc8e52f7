using System.Globalization;
using EDA.Engine.Optimizers;

namespace EDA.Engine.Baselines.Qgpo;

/// <summary>What network the guidance is.</summary>
public enum GuidanceNetwork
{
    /// <summary>The published one: a multi-layer perceptron of action, time and state.</summary>
    Mlp,

    /// <summary>A bottleneck diffusion model of the behavior's sizes.</summary>
    Bdm,
}

/// <summary>How QGPO's guidance is trained and used (Lu et al., arXiv 2304.12824). Defaults are its paper's for locomotion.</summary>
public sealed record QgpoSettings : MethodSettings
{
    private const int MostWeights = 32;

    /// <summary>The network. Paper: mlp.</summary>
    public GuidanceNetwork Guidance { get; init => field = Setting.Known(value); }

    /// <summary>The width of the perceptron's four hidden layers: a multiple of 32, from 32 to 4096. Paper: 256.</summary>
    public int Width { get; init => field = Setting.Width(value); } = 256;

    /// <summary>K, behavior samples for each state, at least 2. Paper: 16, and 32 in AntMaze.</summary>
    public int Candidates { get; init => field = Setting.Range(value, 2, 4096); } = 16;

    /// <summary>q, the factor on the labels, above 0. Paper: 3.</summary>
    public double LabelScale { get; init => field = Setting.Positive(value); } = 3;

    /// <summary>States per step, at least 1. Paper: 256.</summary>
    public int States { get; init => field = Setting.Range(value, 1, 1 << 16); } = 256;

    /// <summary>Steps, at least 0. Paper: 1,000,000.</summary>
    public long Steps { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 1_000_000;

    /// <summary>The full learning rate, above 0. Paper: 3e-4.</summary>
    public double LearningRate { get; init => field = Setting.Positive(value, 1); } = 3e-4;

    /// <summary>The course of the learning rate. Paper: constant.</summary>
    public LearningRateSchedule Schedule { get; init => field = Setting.Given(value); } = LearningRateSchedule.Constant;

    /// <summary>The guidance scales w that are rolled out, rising and separated by commas; the best is the policy. Paper: 0, 1, 2, 3, 5, 8, 10, and 1, 1.5, 2, 2.5, 3, 4 in AntMaze.</summary>
    public string Weights
    {
        get;
        init => field = Parse(value) is null ? throw new InvalidSettingException("weights", value, string.Create(CultureInfo.InvariantCulture, $"at most {MostWeights} numbers of at least 0, rising and separated by commas")) : value;
    } = "0,1,2,3,5,8,10";

    /// <summary>w where one alone is rolled out, along the training; at least 0.</summary>
    public double Weight { get; init => field = double.IsFinite(value) && value >= 0 ? value : throw new InvalidSettingException("weight", value, "a finite number of at least 0"); } = 3;

    /// <summary>Steps from one report to the next, at least 1.</summary>
    public int ReportEvery { get; init => field = Setting.Range(value, 1); } = 1000;

    /// <inheritdoc/>
    public override long CountSteps() => Steps;

    /// <inheritdoc/>
    public override MethodSettings WithSteps(long steps) => this with { Steps = steps };

    /// <inheritdoc/>
    public override int? CountCandidates() => Candidates;

    /// <inheritdoc/>
    public override MethodSettings WithCandidates(int candidates) => this with { Candidates = candidates };

    /// <summary>The guidance scales, as numbers.</summary>
    /// <returns>The numbers, rising.</returns>
    public IReadOnlyList<double> ListWeights() => Parse(Weights)!;

    /// <summary>The settings that the weights of a given step depend on.</summary>
    internal QgpoSettings Numerical => this with { ReportEvery = 1, Weights = "0", Weight = 0, Steps = Schedule.Curve == LearningRateCurve.Constant ? 0 : Steps };

    private static IReadOnlyList<double>? Parse(string? text)
    {
        var weights = new List<double>();
        foreach (string part in (text ?? string.Empty).Split(','))
        {
            if (!double.TryParse(part.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double weight) || (weights.Count > 0 && weight <= weights[^1]) || weights.Count == MostWeights)
                return null;
            weights.Add(weight);
        }

        return weights;
    }
}
