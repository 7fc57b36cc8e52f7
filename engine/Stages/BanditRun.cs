using EDA.Engine.Data;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>Everything that decides what a run on a 2-D bandit gives, the device apart.</summary>
public sealed record BanditRun
{
    /// <summary>The bandit, one of <see cref="Bandits.Names"/>.</summary>
    public string Bandit
    {
        get;
        init => field = Bandits.Names[Bandits.IndexOf(value, "bandit")];
    } = Bandits.Names[0];

    /// <summary>The seed of data, weights, training and evaluation.</summary>
    public ulong Seed { get; init; }

    /// <summary>Points in the dataset, at least 16. Published code: 1,000,000.</summary>
    public int Points { get; init => field = Setting.Range(value, 16, 1 << 26); } = 1_000_000;

    /// <summary>H, the width of the network: a multiple of 32, from 32 to 4096. Paper: 256.</summary>
    public int Width { get; init => field = Setting.Width(value); } = 256;

    /// <summary>Residual blocks, from 1 to 64. Paper: 3.</summary>
    public int Blocks { get; init => field = Setting.Range(value, 1, 64); } = 3;

    /// <summary>Stage 1.</summary>
    public PretrainingSettings Behavior { get; init => field = Setting.Given(value); } = new() { LearningRate = 1e-4 };

    /// <summary>Stage 2.</summary>
    public AlignmentSettings Alignment { get; init => field = Setting.Given(value); } = new();

    /// <summary>The comparison with the exact answer.</summary>
    public BanditEvaluationSettings Evaluation { get; init => field = Setting.Given(value); } = new();

    /// <summary>The sizes of the network.</summary>
    /// <returns>S = 0, A = 2.</returns>
    public BdmShape CreateShape() => new(0, BanditDataset.Dimensions, Width, Blocks);

    /// <summary>Checks what no single setting can: that the settings fit each other.</summary>
    /// <exception cref="InvalidSettingException">They do not.</exception>
    public void Check()
    {
        Alignment.CreateObjective();
        try
        {
            CreateShape();
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new InvalidSettingException("width", Width, $"a width that gives, with blocks {Blocks}, at most {int.MaxValue} parameters");
        }

        // A step's candidates are one array of numbers.
        int most = Array.MaxLength / BanditDataset.Dimensions / Alignment.Candidates;
        if (Alignment.States > most)
            throw new InvalidSettingException("states", Alignment.States, $"at most {most} with {Alignment.Candidates} candidates");
    }
}

/// <summary>How a finished bandit run is measured.</summary>
public sealed record BanditEvaluationSettings
{
    /// <summary>Fresh behavior points on which β(f_θ − f_φ) is compared with q·Q, at least 16.</summary>
    public int HeldOut { get; init => field = Setting.Range(value, 16, 1 << 24); } = 4096;

    /// <summary>Samples drawn of each model, at least 16.</summary>
    public int Samples { get; init => field = Setting.Range(value, 16, 1 << 24); } = 8192;

    /// <summary>Samples, and data points, in the energy distances: from 16, and no more than <see cref="Samples"/> are used.</summary>
    public int DistancePoints { get; init => field = Setting.Range(value, 16, 1 << 16); } = 2000;

    /// <summary>Evaluations of the network per sample, at least 1. Paper: 15.</summary>
    public int SolverEvaluations { get; init => field = Setting.Range(value, 1, 10_000); } = 15;

    /// <summary>The order of the singlestep solver, 1 to 3. Paper: 2.</summary>
    public int SolverOrder { get; init => field = Setting.Range(value, 1, 3); } = 2;
}
