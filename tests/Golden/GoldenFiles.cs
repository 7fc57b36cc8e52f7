using System.Runtime.InteropServices;
using System.Text.Json;

namespace EDA.Tests.Golden;

/// <summary>One tensor of a network.</summary>
public sealed record GoldenTensor(string Name, int[] Dimensions);

/// <summary>A gradient's tensor, stored as what bounds an error without the whole (generate.py: sketch).</summary>
public sealed record GoldenSketch(string Name, double Norm, double[] Projections, double[] Entries);

/// <summary>A loss and its gradient; the smallest case has it whole, as base64 of little-endian float32.</summary>
public sealed record GoldenStep(double Loss, GoldenSketch[] Gradient, string? Whole)
{
    /// <summary>The gradient itself, where the file has it.</summary>
    public double[]? WholeGradient =>
        Whole is null ? null : Array.ConvertAll(MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(Whole)).ToArray(), x => (double)x);
}

/// <summary>An alignment step.</summary>
public sealed record GoldenAlignment(
    string Objective,
    float Temperature,
    float LabelScale,
    double Loss,
    GoldenSketch[] Gradient,
    string? Whole);

/// <summary>Where a solver ends from the given start.</summary>
public sealed record GoldenTrajectory(string Solver, int Order, int Evaluations, double[] Samples);

/// <summary>Everything PyTorch found for one network.</summary>
public sealed record GoldenNetwork(
    string Name,
    int Seed,
    int StateSize,
    int ActionSize,
    int Width,
    int Blocks,
    int Rows,
    int StateCount,
    int CandidateCount,
    float DropoutRate,
    GoldenTensor[] Tensors,
    double BehaviorSquares,
    double PolicySquares,
    double[] Density,
    double[] Score,
    GoldenStep Denoising,
    GoldenStep DenoisingWithDropout,
    double[] Gaps,
    GoldenAlignment[] Alignment,
    int SampleStateCount,
    int SampleCandidateCount,
    GoldenTrajectory[] Trajectories)
{
    public BdmProblem Problem => new(
        Name, Seed, StateSize, ActionSize, Width, Blocks, Rows, StateCount, CandidateCount, DropoutRate, SampleStateCount, SampleCandidateCount);
}

/// <summary>A loss over gaps alone.</summary>
public sealed record GoldenObjective(
    int Seed,
    string Objective,
    int StateCount,
    int CandidateCount,
    float Temperature,
    float LabelScale,
    double Loss,
    double[] GapsGradient);

/// <summary>Parameters after each of some steps of torch.optim.Adam.</summary>
public sealed record GoldenAdam(int Seed, int Count, float LearningRate, double[][] After);

/// <summary>Reads the files that generate.py wrote.</summary>
public static class GoldenFiles
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>The networks' names.</summary>
    public static string[] Networks { get; } =
        ["state3-action2", "bandit", "bandit-line", "locomotion-narrow", "locomotion"];

    public static GoldenNetwork Network(string name) => Read<GoldenNetwork>(name);

    public static GoldenObjective[] Objectives() => Read<GoldenObjective[]>("objectives");

    public static GoldenAdam Adam() => Read<GoldenAdam>("adam");

    internal static T Read<T>(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Golden", "data", name + ".json");
        return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), Options)
            ?? throw new InvalidDataException($"{path} is empty");
    }
}
