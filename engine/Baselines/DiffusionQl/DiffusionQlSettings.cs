namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>How Diffusion-QL is trained and acts. Defaults are the paper's (Wang, Hunt and Zhou, arXiv 2208.06193) for locomotion but for <see cref="GradientBound"/>, which is the task's.</summary>
public sealed record DiffusionQlSettings : MethodSettings
{
    /// <summary>Transitions per step, at least 1. Paper: 256.</summary>
    public int Batch { get; init => field = Setting.Range(value, 1, 1 << 20); } = 256;

    /// <summary>Steps, at least 0. Paper: 2,000,000 in locomotion, 1,000,000 elsewhere.</summary>
    public long Steps { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 2_000_000;

    /// <summary>Adam's learning rate of the policy, above 0; that of the twins is <see cref="CriticLearningRate"/>. Paper: 3e-4, 1e-3 in antmaze-medium-play.</summary>
    public double LearningRate { get; init => field = Setting.Positive(value, 1); } = 3e-4;

    /// <summary>Adam's learning rate of the twins, above 0. Paper: 3e-4.</summary>
    public double CriticLearningRate { get; init => field = Setting.Positive(value, 1); } = 3e-4;

    /// <summary>γ, from 0 to 1. Paper: 0.99.</summary>
    public double Discount { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.99;

    /// <summary>The share of the way that the target twins go at each step, from 0 to 1. Paper: 0.005.</summary>
    public double TargetRate { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.005;

    /// <summary>T, the steps of the chain of denoising, from 1 to 100. Paper: 5.</summary>
    public int ChainSteps { get; init => field = Setting.Range(value, 1, 100); } = 5;

    /// <summary>η, the weight of Q beside behavior cloning, above 0. Paper: 1; 0.5 to 3 in AntMaze, 0.005 in the kitchen.</summary>
    public double Eta { get; init => field = Setting.Positive(value); } = 1;

    /// <summary>Steps of behavior cloning before Q has a say in the policy, at least 0. Paper: 0.</summary>
    public long CloningSteps { get; init => field = Setting.Range(value, 0, uint.MaxValue); }

    /// <summary>Whether each net's backup is its largest Q̄ of <see cref="BackupActions"/> actions. Paper: in AntMaze but umaze.</summary>
    public bool MaxQ { get; init; }

    /// <summary>Actions of each next state that <see cref="MaxQ"/> looks at, at least 1. Paper: 10.</summary>
    public int BackupActions { get; init => field = Setting.Range(value, 1, 1024); } = 10;

    /// <summary>The largest norm of the policy's gradient, and of the twins', at least 0; 0 for no bound. Paper: by task.</summary>
    public double GradientBound { get; init => field = value is >= 0 and <= 1e9 ? value : throw new InvalidSettingException("gradientBound", value, "a number from 0 to 1e9"); }

    /// <summary>The share of the way that the averaged policy goes towards the policy, from 0 to 1. Paper: 0.005.</summary>
    public double AverageRate { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.005;

    /// <summary>Steps from one move of the averaged policy to the next, at least 1. Paper: 5.</summary>
    public int AverageEvery { get; init => field = Setting.Range(value, 1, 1_000_000); } = 5;

    /// <summary>The step from which it moves, at least 0. Paper: 1000.</summary>
    public long AverageFrom { get; init => field = Setting.Range(value, 0, uint.MaxValue); } = 1000;

    /// <summary>Actions that are sampled where one is played, from 1 to 4096. Paper: 50.</summary>
    public int Samples { get; init => field = Setting.Range(value, 1, 4096); } = 50;

    /// <summary>Steps from one report to the next, at least 1.</summary>
    public int ReportEvery { get; init => field = Setting.Range(value, 1); } = 1000;

    /// <inheritdoc/>
    public override long CountSteps() => Steps;

    /// <inheritdoc/>
    public override MethodSettings WithSteps(long steps) => this with { Steps = steps };
}
