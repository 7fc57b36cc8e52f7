using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>
/// Values and derivatives of the activations themselves, number by number, from a network y = g(x): where formulas cancel,
/// where exponentials overflow, and at what is no number.
/// </summary>
public class MlpActivationTests
{
    private static readonly float[] Points =
    [
        .. Enumerable.Range(-400, 801).Select(i => i / 20f),
        .. new[] { 1e-30f, 1e-7f, 1e-3f, 60, 87, 88, 89, 100, 1e4f, 1e10f, 1e30f, float.MaxValue }.SelectMany(x => new[] { x, -x }),
    ];

    public static TheoryData<string, string> Cases => TestDevices.With(Enum.GetNames<MlpActivation>());

    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_and_derivatives_hold_everywhere(string deviceName, string name)
    {
        var activation = Enum.Parse<MlpActivation>(name);
        var (y, slope) = Evaluate(deviceName, new MlpShape(1, [1], 1, activation), [1, 0, 1, 0], Points);
        for (int i = 0; i < Points.Length; i++)
        {
            double x = Points[i];
            var (value, first) = Truth(activation, x);

            // Of a float's rounding of the value, and of numbers near 1 for the slope, whose terms cancel.
            Assert.True(Math.Abs(y[i] - value) <= (1e-6 * Math.Abs(value)) + 1e-30, $"{name}({x:G9}) is {y[i]:G9} and should be {value:G9}");
            Assert.True(Math.Abs(slope[i] - first) <= 1e-6 * Math.Max(1, Math.Abs(first)), $"{name}'({x:G9}) is {slope[i]:G9} and should be {first:G9}");
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.Names), MemberType = typeof(TestDevices))]
    public void The_outputs_tanh_keeps_small_numbers_and_small_slopes(string deviceName)
    {
        var (y, slope) = Evaluate(deviceName, new MlpShape(1, [], 1, MlpActivation.Relu, MlpOutput.Tanh), [1, 0], Points);
        for (int i = 0; i < Points.Length; i++)
        {
            double x = Points[i];
            Assert.True(Math.Abs(y[i] - Math.Tanh(x)) <= 1e-6 * Math.Abs(Math.Tanh(x)), $"tanh({x:G9}) is {y[i]:G9}");

            // Another library takes 1 − tanh², which has lost its digits from 9 on.
            if (TestDevices.IsOwn(deviceName) && Math.Abs(x) < 20)
                Assert.True(Math.Abs(slope[i] - Truth(MlpActivation.Tanh, x).Slope) <= 2e-6 * Truth(MlpActivation.Tanh, x).Slope, $"tanh'({x:G9}) is {slope[i]:G9}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_no_number_stays_none(string deviceName, string name)
    {
        var activation = Enum.Parse<MlpActivation>(name);
        foreach (var output in Enum.GetValues<MlpOutput>())
        {
            var (y, _) = Evaluate(deviceName, new MlpShape(1, [3, 5], 1, activation, output), FormulaNumbers.Fill(32, i => FormulaNumbers.Uniform(900, i)), [1, float.NaN, 2]);
            Assert.Equal([false, true, false], y.Select(float.IsNaN));
        }

        var (values, slopes) = Evaluate(deviceName, new MlpShape(1, [1], 1, activation), [1, 0, 1, 0], [float.PositiveInfinity, 0]);
        Assert.Equal(activation == MlpActivation.Tanh ? 1 : float.PositiveInfinity, values[0]);
        Assert.Equal(activation == MlpActivation.Tanh ? 0 : 1, slopes[0], 1e-6f);
        Assert.Equal(0, values[1]);
        Assert.Equal(Truth(activation, 0).Slope, slopes[1], 1e-6);
    }

    private static (float[] Values, float[] Slopes) Evaluate(string deviceName, MlpShape shape, float[] parameters, float[] points)
    {
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateMlp(shape);
        using var theta = device.Upload<float>(parameters);
        using var inputs = device.Upload<float>(points);
        using var ones = device.Upload<float>([.. points.Select(_ => 1f)]);
        using var outputs = device.Allocate<float>(points.Length);
        using var gradient = device.Allocate<float>(points.Length);
        operations.Gradient(new MlpGradientCall
        {
            Parameters = theta,
            Inputs = inputs,
            Rows = points.Length,
            OutputsGradient = ones,
            InputsGradient = gradient,
            Outputs = outputs,
        });
        device.Synchronize();
        return (outputs.ToArray(), gradient.ToArray());
    }

    // From the definitions, in forms that neither overflow nor cancel in float64.
    private static (double Value, double Slope) Truth(MlpActivation activation, double x)
    {
        double sigma = x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x));
        double softplus = x >= 0 ? x + Log1P(Math.Exp(-x)) : Log1P(Math.Exp(x));
        double far = Math.Tanh(softplus), cosh = Math.Cosh(Math.Min(softplus, 300)), coshX = Math.Cosh(Math.Clamp(x, -300, 300));
        return activation switch
        {
            MlpActivation.Relu => (Math.Max(0, x), x > 0 ? 1 : 0),
            MlpActivation.SiLU => (x * sigma, Math.Abs(x) > 300 ? (x > 0 ? 1 : 0) : sigma * (1 + (x * (1 - sigma)))),
            MlpActivation.Mish => (x * far, Math.Abs(x) > 300 ? (x > 0 ? 1 : 0) : far + (x * sigma / (cosh * cosh))),
            _ => (Math.Tanh(x), 1 / (coshX * coshX)),
        };
    }

    // ln(1 + x), where 1 + x rounds.
    private static double Log1P(double x) => x < 1e-5 ? x - (x * x / 2) + (x * x * x / 3) : Math.Log(1 + x);
}
