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

    /// <summary>
    /// Of a critic's gradient where products are not fp32's, relative in norm: now and then a ReLU or an expectile's error is so near
    /// to 0 that it changes sides, and a row's share with it.
    /// </summary>
    public const double KinkedGradient = 5e-3;

    /// <summary>Between two runs on one device that differ only in who made the random numbers.</summary>
    public const double SameNumbers = 1e-6;

    /// <summary>Of a step's loss and gradient, between one step and the sum of steps on its parts.</summary>
    public const double SumOfParts = 1e-5;

    /// <summary><see cref="SumOfParts"/> of a device: where products are rounded, another number of rows rounds other numbers.</summary>
    /// <param name="device">Its name among <see cref="TestDevices"/>.</param>
    public static double SumOfPartsOf(string device) => device.StartsWith("Bf16", StringComparison.Ordinal) ? Of(device).Gradient : SumOfParts;

    /// <summary>Those of a device for perceptrons, which the CPU computes in bf16x3 or fp32 where bf16 was asked for.</summary>
    /// <param name="device">Its name among <see cref="TestDevices"/>.</param>
    public static DeviceTolerances OfPerceptron(string device) =>
        device.StartsWith("Bf16", StringComparison.Ordinal) ? Of("Bf16x3") with { Gradient = KinkedGradient } : Of(device);

    /// <summary>Those of a device: what is said above, but for products on the tensor cores.</summary>
    /// <param name="device">Its name among <see cref="TestDevices"/>.</param>
    public static DeviceTolerances Of(string device) => device switch
    {
        "software tf32" or "ptx tf32" or "software fp16" or "ptx fp16" => new(3e-3, 8e-3, 1e-3, 3e-3),
        "software bf16" or "ptx bf16" => new(2e-2, 5e-2, 1e-2, 2e-2),
        _ when device.StartsWith("Bf16x3", StringComparison.Ordinal) => new(6e-5, 1.5e-4, 3e-5, Gradient),
        _ when device.StartsWith("Bf16 ", StringComparison.Ordinal) => new(2e-2, 5e-2, 1e-2, 2e-2),
        _ => new(Density, Score, Loss, Gradient),
    };
}

/// <summary>How far a device may be from the float64 truth; members as in <see cref="Tolerances"/>.</summary>
/// <param name="Density">Of a density or a gap.</param>
/// <param name="Score">Of a score or a sample: of its worst element, which in tens to hundreds is a few times as far off as all are in norm.</param>
/// <param name="Loss">Of a loss.</param>
/// <param name="Gradient">Of a gradient.</param>
public sealed record DeviceTolerances(double Density, double Score, double Loss, double Gradient);
