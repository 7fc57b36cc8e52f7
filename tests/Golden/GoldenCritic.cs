using System.Runtime.InteropServices;

namespace EDA.Tests.Golden;

/// <summary>Numbers in the order of a layout, as sketches and in the smallest case whole.</summary>
public sealed record GoldenArray(GoldenSketch[] Sketch, string? Whole)
{
    /// <summary>The array itself, where the file has it.</summary>
    public double[]? WholeValues =>
        Whole is null ? null : Array.ConvertAll(MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(Whole)).ToArray(), x => (double)x);
}

/// <summary>What one step of implicit Q-learning reported, and on how many rows each branch of its losses was taken.</summary>
public sealed record GoldenImplicitStep(double Q, double Value, double NextValue, double Policy, int Above, int Capped, int Terminal);

/// <summary>What one step of a critic without V reported.</summary>
public sealed record GoldenSampledStep(double Q, double NextValue);

/// <summary>Arrays of each layout.</summary>
public sealed record GoldenArrays(GoldenArray Twin, GoldenArray Value, GoldenArray Policy, GoldenArray Target);

/// <summary>Steps of implicit Q-learning with its policy; the gradients are those of the first.</summary>
public sealed record GoldenImplicit(GoldenImplicitStep[] Steps, GoldenArrays Gradients, GoldenArrays Moved);

/// <summary>Steps of a critic without V.</summary>
public sealed record GoldenSampled(GoldenSampledStep[] Steps, GoldenArrays Moved);

/// <summary>The sums of squares of the initial weights.</summary>
public sealed record GoldenSquares(double Twin, double Value, double Policy, double Target);

/// <summary>Everything PyTorch found for one critic.</summary>
public sealed record GoldenCritic(
    string Name,
    int Seed,
    int StateSize,
    int ActionSize,
    int Width,
    int Count,
    int Rows,
    int CandidateCount,
    float Expectile,
    float Discount,
    float Temperature,
    float Cap,
    float InverseTemperature,
    double LearningRate,
    float TargetRate,
    GoldenTensor[] Tensors,
    GoldenSquares Squares,
    double[] MinimumQ,
    double[] Values,
    double[] Actions,
    GoldenImplicit Implicit,
    GoldenSampled Sampled)
{
    /// <summary>The cases' names.</summary>
    public static string[] Names { get; } = ["critic-small", "critic-locomotion", "critic-maze"];

    public CriticProblem Problem => new(
        Name, Seed, StateSize, ActionSize, Width, Count, Rows, CandidateCount, Expectile, Discount, Temperature, Cap, InverseTemperature);

    public static GoldenCritic Load(string name) => GoldenFiles.Read<GoldenCritic>(name);
}
