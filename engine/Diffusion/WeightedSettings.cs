namespace EDA.Engine.Diffusion;

/// <summary>What training on weighted rows begins with.</summary>
public enum WeightedStart
{
    /// <summary>The pretrained behavior, which is fine-tuned.</summary>
    Behavior,

    /// <summary>Weights drawn anew.</summary>
    Scratch,
}

/// <summary>
/// How the data's better actions are learned: Eq. 10 on rows that count by w = min(e^{scale·(Q̄ − V)(s, a)}, cap), Q̄ the
/// smaller of the target twins at the dataset's own action. No candidate is drawn and no action rated that is not in the
/// data. (Energy-weighted diffusion with implicit Q-learning's weights; QIPO, arXiv 2503.04975.) The paper has no such stage.
/// </summary>
public sealed record WeightedSettings
{
    /// <summary>The factor on the advantage, above 0. Implicit Q-learning on locomotion: 3.</summary>
    public double AdvantageScale { get; init => field = Setting.Positive(value); } = 3;

    /// <summary>The largest weight, above 0. Implicit Q-learning: 100.</summary>
    public double WeightCap { get; init => field = Setting.Positive(value); } = 100;

    /// <summary>What it begins with.</summary>
    public WeightedStart Start { get; init => field = Setting.Known(value); }

    /// <summary>The training itself; without steps there is no such stage, and the policy is aligned from the behavior.</summary>
    public PretrainingSettings Training { get; init => field = Setting.Given(value); } = new() { Steps = 0 };

    /// <summary>Whether there is such a stage.</summary>
    internal bool IsThere => Training.Steps > 0;

    /// <summary>The settings that the weights of a given step depend on.</summary>
    internal WeightedSettings Numerical => this with { Training = Training.Numerical };
}
