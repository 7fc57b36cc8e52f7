using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>What multi-layer perceptrons make of their batch: repeated, by any number of threads, several models at once, padded, refused.</summary>
public class MlpBatchTests
{
    private const int Count = 3;

    private static readonly Dictionary<string, MlpProblem> Problems = new MlpProblem[]
    {
        new("several tiles", 360, 7, [65, 33], 3, MlpActivation.Mish, MlpOutput.Tanh, 167),
        new("linear", 370, 3, [], 1, MlpActivation.Relu, MlpOutput.Plain, 33),
        new("aligned", 380, 8, [64, 64], 8, MlpActivation.SiLU, MlpOutput.Plain, 64),
        new("more than two slabs", 390, 3, [17], 2, MlpActivation.Tanh, MlpOutput.Plain, 4100),
    }.ToDictionary(problem => problem.Name);

    public static TheoryData<string, string> Cases => TestDevices.WithCpuPrecisions(Problems.Keys);

    public static TheoryData<string> Names => TestDevices.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_model_has_the_bits_it_has_alone_and_again(string deviceName, string name)
    {
        var inputs = Models(name);
        using var device = TestDevices.Create(deviceName);
        using var run = new MlpRun(device, inputs);
        var together = run.Everything();
        var again = run.Everything();
        for (int m = 0; m < Count; m++)
        {
            AssertSameBits(together[m], again[m], $"model {m} again");
            using var alone = new MlpRun(device, inputs[m]);
            AssertSameBits(alone.Everything()[0], together[m], $"model {m}");
        }

        // One evaluation, whoever asks for it.
        foreach (var model in together.Where(_ => TestDevices.IsOwn(deviceName)))
        {
            Assert.Equal(model["outputs"], model["outputs beside a gradient"]);
            Assert.Equal(model["parameters' gradient"], model["parameters' gradient alone"]);
            Assert.Equal(model["inputs' gradient"], model["inputs' gradient alone"]);
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.SimdLevels), MemberType = typeof(TestDevices))]
    public void Thread_count_does_not_change_a_bit(SimdLevel level)
    {
        foreach (string name in Problems.Keys)
        {
            var inputs = new MlpInputs(Problems[name]);
            using var alone = new CpuDevice(new CpuOptions(level, 1));
            using var reference = new MlpRun(alone, inputs);
            var expected = reference.Everything()[0];
            foreach (int threads in new[] { 2, 3, 7 })
            {
                using var device = new CpuDevice(new CpuOptions(level, threads));
                using var run = new MlpRun(device, inputs);
                AssertSameBits(expected, run.Everything()[0], $"{name}, {threads} threads");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_model_of_no_numbers_leaves_the_others_alone(string deviceName)
    {
        var inputs = Models("several tiles");
        using var device = TestDevices.Create(deviceName);
        using var run = new MlpRun(device, inputs);
        var healthy = run.Everything();
        var layout = inputs[0].Layout;
        run.Parameters.CopyFrom([float.NaN], layout.ModelStride + layout.Networks[0].Layers[1].Weight.Offset);
        var sick = run.Everything();
        foreach (int m in new[] { 0, 2 })
            AssertSameBits(healthy[m], sick[m], $"model {m}");
        Assert.All(sick[1]["outputs"], value => Assert.True(float.IsNaN(value)));
        Assert.Contains(sick[1]["parameters' gradient"], float.IsNaN);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_large_batch_is_the_sum_of_its_parts(string deviceName)
    {
        var inputs = new MlpInputs(Problems["more than two slabs"]);
        int rows = inputs.Problem.Rows, split = 1001, width = inputs.Problem.InputSize, outputs = inputs.Problem.OutputSize;
        using var device = TestDevices.Create(deviceName);
        using var run = new MlpRun(device, inputs);
        var call = run.GradientCall;
        run.Operations.Gradient(call);
        float[] whole = run.Read(call.ParametersGradient!), slopes = run.Read(call.InputsGradient!);
        var sum = new double[whole.Length];
        foreach (var (first, count) in new[] { (0, split), (split, rows - split) })
        {
            var part = call with
            {
                Rows = count,
                Inputs = run.Inputs.Slice((long)first * width, (long)count * width),
                OutputsGradient = run.OutputsGradient.Slice((long)first * outputs, (long)count * outputs),
                Outputs = null,
            };
            run.Operations.Gradient(part);
            float[] gradient = run.Read(part.ParametersGradient!), found = run.Read(part.InputsGradient!)[..(count * width)];
            for (int i = 0; i < sum.Length; i++)
                sum[i] += gradient[i];

            // How another library sums depends on how many rows there are; the engine's own devices give each row its bits.
            if (TestDevices.IsOwn(deviceName))
                Assert.Equal(slopes[(first * width)..((first + count) * width)], found);
        }

        double error = Deviation.Relative(Deviation.Widen(whole), sum);
        Assert.True(error <= Tolerances.SumOfPartsOf(deviceName), $"relative error {error:E2}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Rows_past_the_batch_are_left_alone(string deviceName)
    {
        var inputs = new MlpInputs(Problems["several tiles"]);
        using var device = TestDevices.Create(deviceName);
        using var run = new MlpRun(device, inputs);
        var call = run.GradientCall with { Rows = 33, ParametersGradient = null };
        run.Operations.Gradient(call);
        var forward = run.ForwardCall with { Rows = 65 };
        run.Operations.Forward(forward);
        AssertWritten(run.Read(call.InputsGradient!), 33 * inputs.Problem.InputSize);
        AssertWritten(run.Read(call.Outputs!), 33 * inputs.Problem.OutputSize);
        AssertWritten(run.Read(forward.Outputs), 65 * inputs.Problem.OutputSize);

        static void AssertWritten(float[] values, int count) => Assert.Equal(values.Select((_, i) => i >= count), values.Select(float.IsNaN));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_does_not_fit_is_refused(string deviceName)
    {
        var inputs = Models("several tiles");
        using var device = TestDevices.Create(deviceName);
        using var other = new CpuDevice(new CpuOptions(SimdLevel.Portable, 1));
        using var run = new MlpRun(device, inputs);
        var (forward, gradient) = (run.ForwardCall, run.GradientCall);
        foreach (int rows in new[] { 0, -1 })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => run.Operations.Forward(forward with { Rows = rows }));
            Assert.Throws<ArgumentOutOfRangeException>(() => run.Operations.Gradient(gradient with { Rows = rows }));
        }

        Assert.Throws<ArgumentException>(() => run.Operations.Forward(forward with { Rows = run.Rows + 1 }));
        Assert.Throws<ArgumentException>(() => run.Operations.Gradient(gradient with { ParametersGradient = null, InputsGradient = null }));
        Assert.Throws<ArgumentNullException>(() => run.Operations.Forward(default(MlpForwardCall) with { Rows = 1 }));
        foreach (var shorter in (Func<DeviceArray<float>, DeviceArray<float>>[])[array => array.Slice(0, array.Length - 1), array => other.Allocate<float>(array.Length)])
        {
            // The CPU's own devices share their memory.
            if (device is CpuDevice or EDA.Bench.Torch.AutogradDevice && shorter(run.Inputs).Length == run.Inputs.Length)
                continue;
            Assert.Throws<ArgumentException>(() => run.Operations.Forward(forward with { Parameters = shorter(forward.Parameters) }));
            Assert.Throws<ArgumentException>(() => run.Operations.Forward(forward with { Inputs = shorter(forward.Inputs) }));
            Assert.Throws<ArgumentException>(() => run.Operations.Forward(forward with { Outputs = shorter(forward.Outputs) }));
            Assert.Throws<ArgumentException>(() => run.Operations.Gradient(gradient with { Parameters = shorter(gradient.Parameters) }));
            Assert.Throws<ArgumentException>(() => run.Operations.Gradient(gradient with { Inputs = shorter(gradient.Inputs) }));
            Assert.Throws<ArgumentException>(() => run.Operations.Gradient(gradient with { OutputsGradient = shorter(gradient.OutputsGradient) }));
            Assert.Throws<ArgumentException>(() => run.Operations.Gradient(gradient with { ParametersGradient = shorter(gradient.ParametersGradient!) }));
            Assert.Throws<ArgumentException>(() => run.Operations.Gradient(gradient with { InputsGradient = shorter(gradient.InputsGradient!) }));
            Assert.Throws<ArgumentException>(() => run.Operations.Gradient(gradient with { Outputs = shorter(gradient.Outputs!) }));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => device.CreateMlp(inputs[0].Problem.Shape, 0));
        run.Operations.Dispose();
        Assert.Throws<ObjectDisposedException>(() => run.Operations.Forward(forward));
        Assert.Throws<ObjectDisposedException>(() => run.Operations.Gradient(gradient));
    }

    private static MlpInputs[] Models(string name) => [.. Enumerable.Range(0, Count).Select(m => new MlpInputs(Problems[name] with { Seed = Problems[name].Seed + m }))];

    private static void AssertSameBits(Dictionary<string, float[]> expected, Dictionary<string, float[]> actual, string what)
    {
        foreach (var (name, values) in expected)
        {
            int differing = values.Zip(actual[name]).Count(pair =>
                BitConverter.SingleToInt32Bits(pair.First) != BitConverter.SingleToInt32Bits(pair.Second));
            Assert.True(differing == 0, $"{name}, {what}: {differing} of {values.Length} numbers have other bits");
        }
    }
}
