namespace EDA.Tests.Kernels;

/// <summary>How far single precision may be from the float64 truth.</summary>
public static class Tolerances
{
    /// <summary>Of a density or a gap, relative to the root mean square of the densities.</summary>
    public const double Density = 1e-5;

    /// <summary>Of a score or a sample, relative to the root mean square.</summary>
    public const double Score = 2e-5;

    /// <summary>Of a loss, relative.</summary>
    public const double Loss = 1e-5;

    /// <summary>Of a gradient, relative in norm.</summary>
    public const double Gradient = 1e-4;

    /// <summary>Between two runs on one device that differ only in who made the random numbers.</summary>
    public const double SameNumbers = 1e-6;

    /// <summary>Of a step's loss and gradient, between one step and the sum of steps on its parts.</summary>
    public const double SumOfParts = 1e-5;
}
