using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;

namespace EDA.Engine.Alignment;

/// <summary>How policy alignment is done (method: section 5). Defaults are the published code's.</summary>
public sealed record AlignmentSettings
{
    /// <summary>The objective. Paper: value.</summary>
    public ObjectiveKind Objective { get; init => field = Setting.Given(value); } = ObjectiveKind.Value;

    /// <summary>K, candidates per state, at least 2; 2 with the DPO objective. Paper: 16.</summary>
    public int Candidates { get; init => field = Setting.Range(value, 2, 4096); } = 16;

    /// <summary>β, above 0. Paper: per task.</summary>
    public double Temperature { get; init => field = Setting.Positive(value); } = 1;

    /// <summary>q, the factor on the labels, above 0. Published code: 3.</summary>
    public double LabelScale { get; init => field = Setting.Positive(value); } = 3;

    /// <summary>States per step, at least 1. Paper: 256.</summary>
    public int States { get; init => field = Setting.Range(value, 1, 1 << 20); } = 256;

    /// <summary>Steps, at least 0. Paper: 200,000.</summary>
    public long Steps { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 200_000;

    /// <summary>The full learning rate, above 0. Paper: 5e-5.</summary>
    public double LearningRate { get; init => field = Setting.Positive(value, 1); } = 5e-5;

    /// <summary>The course of the learning rate. Paper: constant.</summary>
    public LearningRateSchedule Schedule { get; init => field = Setting.Given(value); } = LearningRateSchedule.Constant;

    /// <summary>The rate of an exponential moving average of the weights; 0 for none. See <see cref="PretrainingSettings.Averaging"/>.</summary>
    public double Averaging { get; init => field = Setting.Share(value, oneAllowed: true); }

    /// <summary>Steps from one report to the next, at least 1.</summary>
    public int ReportEvery { get; init => field = Setting.Range(value, 1); } = 100;

    /// <summary>The settings that the weights of a given step depend on; not the steps at a constant rate, where a run may go on for longer.</summary>
    internal AlignmentSettings Numerical => this with { ReportEvery = 1, Steps = Schedule.Curve == LearningRateCurve.Constant ? 0 : Steps };

    /// <summary>Another objective, with the number of candidates it needs: 2 for DPO, as it was for the others.</summary>
    /// <param name="objective">The objective.</param>
    /// <returns>The changed settings.</returns>
    public AlignmentSettings With(ObjectiveKind objective) =>
        this with { Objective = objective, Candidates = objective.OnlyCandidates ?? Candidates };

    /// <summary>Makes the objective and checks it against the number of candidates.</summary>
    /// <returns>The objective.</returns>
    /// <exception cref="InvalidSettingException">The objective does not take so many candidates.</exception>
    public PolicyObjective CreateObjective() => Objective.OnlyCandidates is { } only && Candidates != only
        ? throw new InvalidSettingException("candidates", Candidates, FormattableString.Invariant($"{only} with the {Objective.Name} objective"))
        : Objective.Create(Temperature, LabelScale);
}
