using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

public class VectorOperationsTests
{
    private static readonly RandomDraw Draw = new(0xA5A5A5A5_5A5A5A5A, RandomStage.Data, 9, FirstElement: 3);

    public static TheoryData<string> Names => TestDevices.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Indices_are_the_streams(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var indices = device.Upload<int>(Enumerable.Repeat(-1, 1001).ToArray());
        device.Vector.FillIndices(new() { Indices = indices, Count = 997, Upper = 123, Draw = Draw, Purpose = RandomPurpose.BatchIndex });
        device.Synchronize();
        var expected = Enumerable.Range(0, 997).Select(i => Philox.Index(Philox.Word(Draw, RandomPurpose.BatchIndex, (ulong)i), 123));
        Assert.Equal([.. expected, -1, -1, -1, -1], indices.ToArray());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Normals_are_the_streams(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var values = device.Allocate<float>(1001);
        device.Vector.FillNormal(new() { Values = values, Count = 997, Draw = Draw, Purpose = RandomPurpose.DataNoise });
        device.Synchronize();
        float[] found = values.ToArray();
        for (int i = 0; i < 997; i++)
        {
            float expected = Philox.Normal(Draw, RandomPurpose.DataNoise, (ulong)i);
            Assert.Equal(expected, found[i], 1e-6f * Math.Max(1, Math.Abs(expected)));
        }

        Assert.Equal(new float[4], found[997..]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Normals_have_the_moments_of_a_normal(string deviceName)
    {
        const int Count = 400_000;
        using var device = TestDevices.Create(deviceName);
        using var values = device.Allocate<float>(Count);
        device.Vector.FillNormal(new() { Values = values, Count = Count, Draw = Draw, Purpose = RandomPurpose.Noise });
        device.Synchronize();
        double[] found = Deviation.Widen(values.ToArray());

        // Four standard errors: 1, 2, 15, 96 and 1 are the variances of x, x², x³, x⁴ and of a product of neighbours.
        double error = 4 / Math.Sqrt(Count);
        Assert.Equal(0, found.Average(), error);
        Assert.Equal(1, found.Average(x => x * x), error * Math.Sqrt(2));
        Assert.Equal(0, found.Average(x => x * x * x), error * Math.Sqrt(15));
        Assert.Equal(3, found.Average(x => x * x * x * x), error * Math.Sqrt(96));
        Assert.Equal(0, found.Zip(found.Skip(1), (x, y) => x * y).Average(), error);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gather_takes_whole_rows_in_the_order_of_the_indices(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        foreach (int width in new[] { 1, 2, 3, 8, 17, 33 })
        {
            float[] source = FormulaNumbers.Fill(20 * width, i => i);
            int[] rows = [19, 0, 7, 7, 3, 19, 1];
            using var sourceArray = device.Upload<float>(source);
            using var indices = device.Upload<int>([.. rows, 1000]);
            using var destination = device.Allocate<float>((rows.Length * width) + 1);
            device.Vector.Gather(new() { Source = sourceArray, Width = width, Indices = indices, Count = rows.Length, Destination = destination });
            device.Synchronize();
            var expected = rows.SelectMany(row => source.Skip(row * width).Take(width));
            Assert.Equal([.. expected, 0f], destination.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Adam_follows_its_formula(string deviceName)
    {
        const int Count = 5003;
        var settings = new AdamSettings(1e-2f, 0.8f, 0.99f, 1e-6f);
        double[] parameters = Deviation.Widen(FormulaNumbers.Fill(Count, i => FormulaNumbers.Uniform(60, i)));
        double[] first = new double[Count], second = new double[Count];
        using var device = TestDevices.Create(deviceName);
        using var parameterArray = device.Upload<float>(Array.ConvertAll(parameters, x => (float)x));
        using var firstArray = device.Allocate<float>(Count);
        using var secondArray = device.Allocate<float>(Count);
        for (int step = 1; step <= 5; step++)
        {
            float[] gradient = FormulaNumbers.Fill(Count, i => FormulaNumbers.Spread(60 + step, i));
            using var gradientArray = device.Upload<float>(gradient);
            device.Vector.Adam(new() { Trained = new(parameterArray, gradientArray, firstArray, secondArray), Settings = settings, Step = step });
            for (int i = 0; i < Count; i++)
            {
                first[i] = (settings.Beta1 * first[i]) + ((1 - (double)settings.Beta1) * gradient[i]);
                second[i] = (settings.Beta2 * second[i]) + ((1 - (double)settings.Beta2) * gradient[i] * gradient[i]);
                double unbiasedFirst = first[i] / (1 - Math.Pow(settings.Beta1, step));
                double unbiasedSecond = second[i] / (1 - Math.Pow(settings.Beta2, step));
                parameters[i] -= settings.LearningRate * unbiasedFirst / (Math.Sqrt(unbiasedSecond) + settings.Epsilon);
            }
        }

        device.Synchronize();
        Deviation.AssertClose(parameters, parameterArray.ToArray(), 1e-6, "θ");
        Deviation.AssertClose(first, firstArray.ToArray(), 1e-6, "m");
        Deviation.AssertClose(second, secondArray.ToArray(), 1e-6, "v");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Adam_is_right_late_in_a_long_run(string deviceName)
    {
        // At step 1 000 000 nothing is left of the bias, and m/sqrt(v) is what moves the parameter.
        using var device = TestDevices.Create(deviceName);
        using var parameter = device.Upload<float>([0, 0]);
        using var gradient = device.Upload<float>([1, 0]);
        using var first = device.Upload<float>([1, 0]);
        using var second = device.Upload<float>([1, 0]);
        device.Vector.Adam(new() { Trained = new(parameter, gradient, first, second), Settings = new(3e-4f), Step = 1_000_000 });
        device.Synchronize();
        float[] found = parameter.ToArray();
        Assert.Equal(-3e-4f, found[0], 1e-8f);
        Assert.Equal(0, found[1]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Polyak_average_goes_a_share_of_the_way(string deviceName)
    {
        const int Count = 1013;
        float[] target = FormulaNumbers.Fill(Count, i => FormulaNumbers.Uniform(71, i));
        float[] source = FormulaNumbers.Fill(Count, i => FormulaNumbers.Uniform(72, i));
        using var device = TestDevices.Create(deviceName);
        using var targetArray = device.Upload<float>(target);
        using var sourceArray = device.Upload<float>(source);
        device.Vector.PolyakAverage(new() { Target = targetArray, Source = sourceArray, Rate = 0.005f });
        device.Synchronize();
        double[] expected = [.. target.Zip(source, (x, y) => x + (0.005f * ((double)y - x)))];
        Deviation.AssertClose(expected, targetArray.ToArray(), 1e-6, "target");
        Assert.Equal(source, sourceArray.ToArray());

        device.Vector.PolyakAverage(new() { Target = targetArray, Source = sourceArray, Rate = 1 });
        device.Synchronize();
        Deviation.AssertClose(Deviation.Widen(source), targetArray.ToArray(), 1e-6, "target after a whole way");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Clip_cuts_off_at_the_bound_and_leaves_what_is_no_number(string deviceName)
    {
        const int Count = 1013;
        float[] source = FormulaNumbers.Fill(Count, i => 2 * FormulaNumbers.Uniform(73, i));
        (source[0], source[1], source[2], source[3]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0.75f);
        float[] expected = [.. source.Select(value => Math.Clamp(value, -0.75f, 0.75f))];
        using var device = TestDevices.Create(deviceName);
        using var sourceArray = device.Upload<float>(source);
        using var clipped = device.Upload<float>(new float[Count + 1]);
        device.Vector.Clip(new() { Source = sourceArray, Count = Count, Bound = 0.75f, Destination = clipped });
        device.Synchronize();
        Assert.Equal([.. expected, 0], clipped.ToArray());
        Assert.Equal(source, sourceArray.ToArray());

        // In place, and only from the front.
        device.Vector.Clip(new() { Source = sourceArray, Count = 700, Bound = 0.75f, Destination = sourceArray });
        device.Synchronize();
        Assert.Equal([.. expected[..700], .. source[700..]], sourceArray.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Vector.Clip(new()
        {
            Source = sourceArray,
            Count = 1,
            Bound = -1,
            Destination = clipped,
        }));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Vector.Clip(new()
        {
            Source = sourceArray,
            Count = 1,
            Bound = float.NaN,
            Destination = clipped,
        }));
        Assert.Throws<ArgumentException>(() => device.Vector.Clip(new()
        {
            Source = sourceArray,
            Count = Count + 1,
            Bound = 1,
            Destination = clipped,
        }));
    }
}
