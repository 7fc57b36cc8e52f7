using EDA.Kernels;
using EDA.Tests.Golden;
using EDA.Tests.Twin;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Kernels;

/// <summary>Every device's multi-layer perceptrons against the float64 twin: any depth, odd widths, each activation.</summary>
public class MlpTwinTests
{
    private static readonly int[][] Depths = [[1], [33, 3], [17, 65, 40], [7, 65, 1, 33]];

    private static readonly Dictionary<string, MlpProblem> Problems = new MlpProblem[]
    {
        new("linear", 300, 3, [], 2, MlpActivation.Relu, MlpOutput.Plain, 5),
        new("linear with tanh", 301, 65, [], 33, MlpActivation.Mish, MlpOutput.Tanh, 33),
        new("one of everything", 302, 1, [1], 1, MlpActivation.SiLU, MlpOutput.Plain, 1),
        new("a tile of rows", 303, 32, [32], 32, MlpActivation.Tanh, MlpOutput.Plain, 64),
        new("a tile and one", 304, 33, [64, 96], 17, MlpActivation.Mish, MlpOutput.Tanh, 65),
        new("published policy", 305, 17, [256, 256], 6, MlpActivation.Relu, MlpOutput.Tanh, 130),
        new("more than a CPU slab", 306, 5, [17], 3, MlpActivation.SiLU, MlpOutput.Plain, 2049),
        new("more than a GPU slab", 307, 3, [9, 5], 2, MlpActivation.Tanh, MlpOutput.Tanh, 4099),
    }.Concat(
        from activation in Enum.GetValues<MlpActivation>()
        from depth in Enumerable.Range(0, Depths.Length)
        select new MlpProblem(
            $"{activation}, {depth + 1} hidden", 310 + (10 * (int)activation) + depth, 3 + (7 * depth), Depths[depth], 1 + (2 * depth), activation,
            (MlpOutput)((depth + (int)activation) % 2), 31 + (11 * depth))).ToDictionary(problem => problem.Name);

    public static TheoryData<string, string> Cases => TestDevices.WithCpuPrecisions(Problems.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_and_gradients_are_the_twins(string deviceName, string name)
    {
        var inputs = new MlpInputs(Problems[name]);
        var twin = new TwinMlp(inputs.Layout, inputs.Parameters);
        var x = Variable.Leaf(inputs.Problem.Rows, inputs.Problem.InputSize, inputs.Inputs);
        var y = twin.Forward(IMlpOperations.NetworkName, x);
        var loss = Sum(y * Variable.Leaf(y.Rows, y.Columns, inputs.OutputsGradient));
        double[] toParameters = twin.Gradient(loss), toInputs = Differentiation.Gradient(loss, x)[0].Values;
        using var device = TestDevices.Create(deviceName);
        using var run = new MlpRun(device, inputs);
        var found = run.Everything()[0];
        foreach (string outputs in new[] { "outputs", "outputs beside a gradient" })
            Deviation.AssertClose(y.Values, found[outputs], Tolerances.OfPerceptron(deviceName).Density, outputs);
        foreach (string gradient in new[] { "parameters' gradient", "parameters' gradient alone" })
            Deviation.AssertGradient(inputs.Layout.Slices, toParameters, found[gradient], Tolerances.OfPerceptron(deviceName).Gradient, gradient);
        foreach (string gradient in new[] { "inputs' gradient", "inputs' gradient alone" })
            Deviation.AssertClose(toInputs, found[gradient], Tolerances.OfPerceptron(deviceName).Score, gradient);
    }
}
