using EDA.Bench.Timing;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>How large the steps of a measurement are.</summary>
/// <param name="Shape">The network.</param>
/// <param name="PretrainingRows">Rows of a pretraining step.</param>
/// <param name="AlignmentStates">States of an alignment step.</param>
/// <param name="Candidates">K.</param>
/// <param name="ScoreRows">Rows of a score.</param>
/// <param name="SampleStates">States that a call of sampling draws K actions for.</param>
/// <param name="CriticRows">Transitions of a critic's step, and rows of a policy's.</param>
public sealed record WorkloadSize(BdmShape Shape, int PretrainingRows, int AlignmentStates, int Candidates, int ScoreRows, int SampleStates, int CriticRows = 256)
{
    /// <summary>The published code's sizes on a task of 17 state and 6 action variables.</summary>
    public static WorkloadSize Published { get; } = new(new BdmShape(17, 6), 2048, 256, 16, 4096, 4096);

    /// <summary>What the stand-in for a GPU gets through in seconds.</summary>
    public static WorkloadSize Small { get; } = new(new BdmShape(3, 2, 32, 1), 64, 4, 4, 64, 4, 32);

    /// <summary>The network in words.</summary>
    public string Network => $"S = {Shape.StateSize}, A = {Shape.ActionSize}, H = {Shape.Width}, {(Shape.Blocks == 1 ? "1 block" : $"{Shape.Blocks} blocks")}";

    /// <summary>The critic's networks on the same task.</summary>
    public CriticShape Critic => new(Shape.StateSize, Shape.ActionSize, Shape.Width);

    /// <summary>The policy of a baseline on the same task, [S] → H → H → A.</summary>
    public MlpShape Policy => new(Shape.StateSize, [Shape.Width, Shape.Width], Shape.ActionSize, MlpActivation.Relu, MlpOutput.Tanh);

    /// <summary>One of these sizes.</summary>
    /// <param name="small">Whether the small one.</param>
    /// <param name="sampleStates">The states of a call of sampling, where the published ones are too many.</param>
    /// <returns>The sizes.</returns>
    public static WorkloadSize Of(bool small, int? sampleStates = null) => small ? Small : Published with { SampleStates = sampleStates ?? Published.SampleStates };

    /// <summary>Nominal work of units of the network (method: section 3), in FLOP.</summary>
    /// <param name="units">Units a row.</param>
    /// <param name="rows">The rows.</param>
    /// <returns>FLOP.</returns>
    internal double Work(double units, double rows) => units * Shape.NominalUnit * rows;

    /// <summary>A pretraining step, whoever takes it.</summary>
    internal WorkloadStep Pretraining(string name, Action run) => new(name, $"batch {PretrainingRows}", Work(6, PretrainingRows), run);

    /// <summary>An alignment step, whoever takes it.</summary>
    internal WorkloadStep Alignment(string name, Action run) => new(name, $"{AlignmentStates} states × {Candidates}", Work(4, AlignmentStates * Candidates), run);

    /// <summary>Sampling, whoever does it.</summary>
    internal WorkloadStep Sampling(string name, Action run) => new(name, $"{SampleStates} states × {Candidates}, {DpmSolver.Published.Evaluations.Length} evaluations", Work(2.0 * DpmSolver.Published.Evaluations.Length, SampleStates * Candidates), run);
}

/// <summary>A step of a workload.</summary>
/// <param name="Name">Its name.</param>
/// <param name="What">How large it is, in words.</param>
/// <param name="Work">Nominal work, in FLOP.</param>
/// <param name="Run">Runs it once; the device may still be at it when this returns.</param>
public sealed record WorkloadStep(string Name, string What, double Work, Action Run)
{
    /// <summary>Runs it so many times, where that is another thing than once and again.</summary>
    internal Action<int>? RunMany { get; init; }

    /// <summary>Runs it so many times.</summary>
    /// <param name="count">How often.</param>
    public void Repeat(int count) => (RunMany ?? DeviceClock.Repeated(Run))(count);
}
