using System.Text.Json.Serialization;
using EDA.Engine.Alignment;
using EDA.Engine.Baselines;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Engine.Evaluation.Recordings;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>
/// Everything that decides what a run gives, device and dataset apart. Defaults are the paper's for locomotion,
/// but for <see cref="HeldOut"/>; <see cref="RunTask.Paper"/> has those of every task.
/// </summary>
public sealed record RunSettings
{
    /// <summary>The method, with what only it looks at.</summary>
    public MethodSettings Method { get; init => field = Setting.Given(value); } = new EdaSettings();

    /// <summary>The bandit, the name of a row of <see cref="Data.Bandit.Table"/>; null for a run on a dataset.</summary>
    [OnlyFor(RunKind.Bandit)]
    public string? Bandit
    {
        get;
        init => field = value is null ? null : Data.Bandit.Table.Find(value).Name;
    }

    /// <summary>The environment that the policies are rolled out in, one of <see cref="EnvironmentCatalogue.Names"/> or of the user's own; nothing for a bandit.</summary>
    [OnlyFor(RunKind.Dataset)]
    public string Environment
    {
        get;
        init => field = EnvironmentCatalogue.Find(value).Name;
    } = "hopper";

    /// <summary>The seed of generated data, weights and training, and of a bandit's evaluation; rollouts have <see cref="EvaluationSettings.Seed"/>.</summary>
    public ulong Seed { get; init; }

    /// <summary>Points of a bandit, at least 16. Published code: 1,000,000.</summary>
    [OnlyFor(RunKind.Bandit)]
    public int Points { get; init => field = Setting.Range(value, 16, 1 << 26); } = 1_000_000;

    /// <summary>H, the width of the diffusion models: a multiple of 32, from 32 to 4096. Paper: 256.</summary>
    public int Width { get; init => field = Setting.Width(value); } = 256;

    /// <summary>Residual blocks of the diffusion models, from 1 to 64. Paper: 3.</summary>
    public int Blocks { get; init => field = Setting.Range(value, 1, 64); } = 3;

    /// <summary>The width of the critic's networks: a multiple of 32, from 32 to 4096. Paper: 256.</summary>
    [OnlyFor(RunKind.Dataset)]
    public int CriticWidth { get; init => field = Setting.Width(value); } = 256;

    /// <summary>Rows of a dataset that the task makes itself, at least 100; where there is a file it is not looked at.</summary>
    [OnlyFor(RunKind.Dataset)]
    public int Rows { get; init => field = Setting.Range(value, 100, 1 << 24); } = 100_000;

    /// <summary>State-action pairs kept back from pretraining, to measure its loss on; 0 for none. At most a tenth of all. Paper: none; 2048 unless <see cref="RunTask.Paper"/> says so.</summary>
    [OnlyFor(RunKind.Dataset)]
    public int HeldOut { get; init => field = Setting.Range(value, 0, 1 << 20); } = 2048;

    /// <summary>What is done to rewards before the critic sees them. Paper: by domain.</summary>
    [OnlyFor(RunKind.Dataset)]
    public RewardTreatment Rewards { get; init => field = Setting.Known(value); } = RewardTreatment.ReturnRange;

    /// <summary>What moves the parameters in every stage that trains. Paper: Adam.</summary>
    public OptimizerSettings Optimizer { get; init => field = Setting.Given(value); } = new();

    /// <summary>Stage 1.</summary>
    public PretrainingSettings Behavior { get; init => field = Setting.Given(value); } = new();

    /// <summary>The critic.</summary>
    [OnlyFor(RunKind.Dataset)]
    public CriticSettings Critic { get; init => field = Setting.Given(value); } = new();

    /// <summary>Training on rows that the critic has weighed, between the critic and the candidates. Paper: none.</summary>
    [OnlyFor(RunKind.Dataset)]
    public WeightedSettings Weighted { get; init => field = Setting.Given(value); } = new();

    /// <summary>Which states are labelled.</summary>
    [OnlyFor(RunKind.Dataset)]
    public LabelSettings Labels { get; init => field = Setting.Given(value); } = new();

    /// <summary>Stage 2.</summary>
    public AlignmentSettings Alignment { get; init => field = Setting.Given(value); } = new();

    /// <summary>How the finished run is measured.</summary>
    public EvaluationSettings Evaluation { get; init => field = Setting.Given(value); } = new();

    /// <summary>How it is kept from being lost.</summary>
    public CheckpointSettings Checkpoints { get; init => field = Setting.Given(value); } = new();

    /// <summary>How much memory its data is given.</summary>
    public MemorySettings Memory { get; init => field = Setting.Given(value); } = new();

    /// <summary>K: how many candidates of a state are labelled.</summary>
    [JsonIgnore]
    public int Candidates => Method.CountCandidates() ?? Alignment.Candidates;

    /// <summary>What the run is on.</summary>
    [JsonIgnore]
    public RunKind Kind => Bandit is null ? RunKind.Dataset : RunKind.Bandit;

    /// <summary>The same run with another critic; where critic and alignment alternate, both take the alignment's steps.</summary>
    /// <param name="method">The method.</param>
    /// <returns>The changed settings.</returns>
    public RunSettings With(CriticMethod method) => this with
    {
        Critic = Critic with
        {
            Method = method,
            Steps = method.AlternatesWithAlignment ? Alignment.Steps : Critic.Steps,
            Implicit = method == CriticMethod.Implicit ? Critic.Implicit : Critic.Implicit with { Policy = PolicyExtraction.None },
        },
        Weighted = CanWeigh(method) ? Weighted : new(),
    };

    /// <summary>The sizes of the diffusion models.</summary>
    /// <returns>The shape.</returns>
    /// <exception cref="InvalidSettingException">It has more parameters than can be counted.</exception>
    public BdmShape CreateShape()
    {
        var (stateSize, actionSize) = Sizes;
        try
        {
            return new BdmShape(stateSize, actionSize, Width, Blocks);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new InvalidSettingException("width", Width, $"a width that gives, with blocks {Blocks}, at most {int.MaxValue} parameters");
        }
    }

    /// <summary>Checks what no single setting can: that the settings fit each other.</summary>
    /// <exception cref="InvalidSettingException">They do not.</exception>
    public void Check()
    {
        var method = Method.Row;
        if (!method.Kinds.Contains(Kind))
            throw new InvalidSettingException("method", method.Name, "one of " + string.Join(", ", Baselines.Method.Table.All.Where(other => other.Kinds.Contains(Kind)).Select(other => other.Name)));
        if (method.LooksAt("critic") && !method.Critics.Contains(Critic.Method))
            throw new InvalidSettingException("critic", Critic.Method.Name, $"{string.Join(", ", method.Critics)} with the method {method}");
        method.Check(this);
        Alignment.CreateObjective();
        CreateShape();

        // A step's states and candidates are one array of numbers each.
        int most = Array.MaxLength / Math.Max(Sizes.State, Sizes.Action) / Alignment.Candidates;
        if (Alignment.States > most)
            throw new InvalidSettingException("alignment.states", Alignment.States, $"at most {most} with {Alignment.Candidates} candidates");
        if (Checkpoints.Keep && Evaluation.Every == 0)
            throw new InvalidSettingException("checkpoints.keep", "true", "false where evaluation.every is 0");
        if (Kind == RunKind.Dataset && Evaluation.RollsOut && !EnvironmentCatalogue.Find(Environment).CanBeStepped)
            throw new InvalidSettingException("evaluation.rollsOut", "true", "false for a dataset without an environment");
        if (Evaluation.Every > 0 && !Evaluation.RollsOut)
            throw new InvalidSettingException("evaluation.every", Evaluation.Every, "0 where evaluation.rollsOut is false: a learning curve is of rollouts");
        if (Kind == RunKind.Dataset && Weighted.IsThere && !CanWeigh(Critic.Method))
            throw new InvalidSettingException("weighted.training.steps", Weighted.Training.Steps, $"0 with the critic {Critic.Method.Name}, which has no V to weigh rows by");
        if (Kind == RunKind.Dataset && Critic.Method.AlternatesWithAlignment && Critic.Steps != Alignment.Steps)
            throw new InvalidSettingException("critic.steps", Critic.Steps, $"the alignment's {Alignment.Steps} where the two alternate, as they do with the critic {Critic.Method.Name}");
    }

    private static bool CanWeigh(CriticMethod method) => method.HasValue && !method.AlternatesWithAlignment;

    private (int State, int Action) Sizes
    {
        get
        {
            if (Kind == RunKind.Bandit)
                return (0, BanditDataset.Dimensions);
            var description = EnvironmentCatalogue.Find(Environment).Description;
            return (description.ObservationSize, description.ActionSize);
        }
    }
}

/// <summary>How a finished run is measured (method: sections 5 to 7). Defaults are the paper's.</summary>
public sealed record EvaluationSettings
{
    /// <summary>Fresh behavior points on which β(f_θ − f_φ) is compared with q·Q, at least 16.</summary>
    [OnlyFor(RunKind.Bandit)]
    public int HeldOut { get; init => field = Setting.Range(value, 16, 1 << 24); } = 4096;

    /// <summary>Samples drawn of each model, at least 16.</summary>
    [OnlyFor(RunKind.Bandit)]
    public int Samples { get; init => field = Setting.Range(value, 16, 1 << 24); } = 8192;

    /// <summary>Samples, and data points, in the energy distances: from 16, and no more than <see cref="Samples"/> are used.</summary>
    [OnlyFor(RunKind.Bandit)]
    public int DistancePoints { get; init => field = Setting.Range(value, 16, 1 << 16); } = 2000;

    /// <summary>
    /// Whether policies are rolled out in the environment. If not, they are measured on states of the dataset alone
    /// (<see cref="DatasetRatings"/>), and no environment is needed.
    /// </summary>
    [OnlyFor(RunKind.Dataset)]
    public bool RollsOut { get; init; } = true;

    /// <summary>States of the dataset on which policies are measured where they are not rolled out, at least 1.</summary>
    [OnlyFor(RunKind.Dataset)]
    public int RatedStates { get; init => field = Setting.Range(value, 1, 1 << 20); } = 128;

    /// <summary>Episodes of each policy, at least 1. Paper: 20.</summary>
    [OnlyFor(RunKind.Dataset)]
    public int Episodes { get; init => field = Setting.Range(value, 1, 100_000); } = 20;

    /// <summary>
    /// The seed of first states, goals and the solver's starting points in rollouts: not the run's, so that every training
    /// seed is measured on the same episodes and scores spread as training does. Published code: its environments' seeds are
    /// the same in every run.
    /// </summary>
    [OnlyFor(RunKind.Dataset)]
    public ulong Seed { get; init; }

    /// <summary>
    /// Steps of alignment from one rollout of the policy by itself to the next, for its learning curve: at 0, every so many,
    /// and at the last, over <see cref="Episodes"/> episodes; 0 for none. It takes its time and changes no other number.
    /// </summary>
    [OnlyFor(RunKind.Dataset)]
    public int Every { get; init => field = Setting.Range(value, 0); }

    /// <summary>
    /// Episodes of each policy that are kept to be looked at when all is rolled out: so many of the first, the best, the median
    /// and the worst, from 0 to 4. It changes no number.
    /// </summary>
    [OnlyFor(RunKind.Dataset)]
    public int Recorded { get; init => field = Setting.Range(value, 0, EpisodeChoice.Names.Count); } = EpisodeChoice.Names.Count;

    /// <summary>Candidates of rejection sampling, at least 2. Published code: 4.</summary>
    [OnlyFor(RunKind.Dataset)]
    public int Candidates { get; init => field = Setting.Range(value, 2, 4096); } = 4;

    /// <summary>How the aligned policy acts where it is to score best, beside the paper's one sample. Paper: one sample.</summary>
    [OnlyFor(RunKind.Dataset)]
    public ActingSettings Acting { get; init => field = Setting.Given(value); } = new();

    /// <summary>
    /// States of the dataset, from 0 to 16, whose actions by behavior and policy are sampled, kept and drawn, to be looked at
    /// (<see cref="ActionSamples"/>). It changes no number.
    /// </summary>
    [OnlyFor(RunKind.Dataset)]
    public int ShownStates { get; init => field = Setting.Range(value, 0, 16); } = 4;

    /// <summary>Evaluations of the network per sample, at least 1. Published code: 15.</summary>
    public int SolverEvaluations { get; init => field = Setting.Range(value, 1, 10_000); } = 15;

    /// <summary>The order of the singlestep solver, 1 to 3. Published code: 2.</summary>
    [OnlyFor(RunKind.Bandit)]
    public int SolverOrder { get; init => field = Setting.Range(value, 1, 3); } = 2;

    /// <summary>
    /// Those that a number of the evaluation depends on. Names and order are those that saved states and keys of stages were
    /// written with before those that are left out were there: they stay good.
    /// </summary>
    internal object Numerical => new { HeldOut, Samples, DistancePoints, Episodes, Seed, Every = 0, Candidates, Acting, SolverEvaluations, SolverOrder };
}
