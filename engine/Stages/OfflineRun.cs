using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>
/// Everything that decides what a run on a dataset gives, dataset and device apart. Defaults are the paper's for
/// locomotion; <see cref="OfflineTask.PaperRun"/> has those of every task.
/// </summary>
public sealed record OfflineRun
{
    /// <summary>The environment that the policies are rolled out in, one of <see cref="EnvironmentCatalogue.Names"/>.</summary>
    public string Environment
    {
        get;
        init => field = EnvironmentCatalogue.Find(value).Description.Name;
    } = "hopper";

    /// <summary>The seed of generated data, weights, training and evaluation.</summary>
    public ulong Seed { get; init; }

    /// <summary>H, the width of the diffusion models: a multiple of 32, from 32 to 4096. Paper: 256.</summary>
    public int Width { get; init => field = Setting.Width(value); } = 256;

    /// <summary>Residual blocks of the diffusion models, from 1 to 64. Paper: 3.</summary>
    public int Blocks { get; init => field = Setting.Range(value, 1, 64); } = 3;

    /// <summary>The width of the critic's networks: a multiple of 32, from 32 to 4096. Paper: 256.</summary>
    public int CriticWidth { get; init => field = Setting.Width(value); } = 256;

    /// <summary>Rows of a dataset that the task makes itself, at least 100; where there is a file it is not looked at.</summary>
    public int Rows { get; init => field = Setting.Range(value, 100, 1 << 24); } = 100_000;

    /// <summary>State-action pairs kept back from pretraining, to measure its loss on; 0 for none. At most a tenth of all. Paper: none.</summary>
    public int HeldOut { get; init => field = Setting.Range(value, 0, 1 << 20); } = 2048;

    /// <summary>What is done to rewards before the critic sees them. Paper: by domain.</summary>
    public RewardTreatment Rewards { get; init => field = Setting.Known(value); } = RewardTreatment.ReturnRange;

    /// <summary>Stage 1.</summary>
    public PretrainingSettings Behavior { get; init => field = Setting.Given(value); } = new();

    /// <summary>The critic.</summary>
    public CriticSettings Critic { get; init => field = Setting.Given(value); } = new();

    /// <summary>Which states are labelled.</summary>
    public LabelSettings Labels { get; init => field = Setting.Given(value); } = new();

    /// <summary>Stage 2.</summary>
    public AlignmentSettings Alignment { get; init => field = Setting.Given(value); } = new();

    /// <summary>The rollouts.</summary>
    public RolloutSettings Evaluation { get; init => field = Setting.Given(value); } = new();

    /// <summary>The same run with another critic; where critic and alignment alternate, both take the alignment's steps.</summary>
    /// <param name="method">The method.</param>
    /// <returns>The changed settings.</returns>
    public OfflineRun With(CriticMethod method) => this with
    {
        Critic = Critic with
        {
            Method = method,
            Steps = method == CriticMethod.Online ? Alignment.Steps : Critic.Steps,
            Implicit = method == CriticMethod.Implicit ? Critic.Implicit : Critic.Implicit with { Policy = PolicyExtraction.None },
        },
    };

    /// <summary>The sizes of the diffusion models.</summary>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <returns>The shape.</returns>
    public BdmShape CreateShape(int stateSize, int actionSize) => new(stateSize, actionSize, Width, Blocks);

    /// <summary>Checks what no single setting can: that the settings fit each other.</summary>
    /// <exception cref="InvalidSettingException">They do not.</exception>
    public void Check()
    {
        Alignment.CreateObjective();
        var description = EnvironmentCatalogue.Find(Environment).Description;
        try
        {
            CreateShape(description.ObservationSize, description.ActionSize);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new InvalidSettingException("width", Width, $"a width that gives, with blocks {Blocks}, at most {int.MaxValue} parameters");
        }

        int most = Array.MaxLength / Math.Max(description.ObservationSize, description.ActionSize) / Alignment.Candidates;
        if (Alignment.States > most)
            throw new InvalidSettingException("alignment.states", Alignment.States, $"at most {most} with {Alignment.Candidates} candidates");
        if (Critic.Method == CriticMethod.Online && Critic.Steps != Alignment.Steps)
            throw new InvalidSettingException("critic.steps", Critic.Steps, $"the alignment's {Alignment.Steps} where the two alternate, as they do with an online critic");
    }
}
