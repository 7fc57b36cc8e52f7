using EDA.Kernels;
using EDA.Tests.Kernels;

namespace EDA.Tests.Golden;

/// <summary>Every device's Adam against torch.optim.Adam in float64.</summary>
public class AdamGoldenTests
{
    /// <summary>Magnitudes down to 1e-8, where ε matters; every ninth gradient is zero.</summary>
    private static readonly double[] Scales = [0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8];

    [Theory]
    [MemberData(nameof(TestDevices.Names), MemberType = typeof(TestDevices))]
    public void Parameters_after_each_step_are_pytorchs(string deviceName)
    {
        var golden = GoldenFiles.Adam();
        int n = golden.Count;
        using var device = TestDevices.Create(deviceName);
        using var parameters = device.Upload<float>(FormulaNumbers.Fill(n, i => FormulaNumbers.Uniform((1000 * golden.Seed) + 431, i)));
        using var first = device.Allocate<float>(n);
        using var second = device.Allocate<float>(n);
        for (int step = 0; step < golden.After.Length; step++)
        {
            using var gradient = device.Upload<float>(FormulaNumbers.Fill(n, i => Gradient(golden.Seed, step, i)));
            device.Vector.Adam(new() { Trained = new(parameters, gradient, first, second), Settings = new(golden.LearningRate), Step = step + 1 });
            device.Synchronize();
            float[] found = parameters.ToArray();
            for (int i = 0; i < n; i++)
            {
                // Each step moves by about the learning rate, and rounds the parameter.
                double allowed = (step + 1) * ((2e-5 * golden.LearningRate) + Math.Pow(2, -24));
                Assert.Equal(golden.After[step][i], found[i], allowed);
            }
        }
    }

    private static double Gradient(int seed, int step, int i) =>
        FormulaNumbers.Spread((1000 * seed) + 440 + step, i) * Scales[i % Scales.Length];
}
