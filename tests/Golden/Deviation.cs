using EDA.Kernels;

namespace EDA.Tests.Golden;

/// <summary>How far results are from the truth, and the assertions that bound it.</summary>
public static class Deviation
{
    /// <summary>A tensor's gradient may be this share of the whole gradient's norm before its own error counts relative to itself.</summary>
    private const double TensorFloor = 1e-3;

    /// <summary>‖actual − expected‖ / ‖expected‖; infinite where something is not a number.</summary>
    public static double Relative(ReadOnlySpan<double> actual, ReadOnlySpan<double> expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        double error = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Square(actual[i] - expected[i]);
            size += Square(expected[i]);
        }

        return double.IsNaN(error) ? double.PositiveInfinity : error == 0 ? 0 : Math.Sqrt(error / size);
    }

    public static double[] Widen(float[] values) => Array.ConvertAll(values, x => (double)x);

    /// <summary>The largest error of an element is within a tolerance of the root mean square of the truth.</summary>
    public static void AssertClose(double[] expected, double[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double size = Math.Sqrt(expected.Sum(Square) / expected.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]);
            Assert.True(error <= tolerance * size, $"{what}[{i}] is {actual[i]:G9} and should be {expected[i]:G9}: off by {error / size:E2} of the rms, allowed {tolerance:E1}");
        }
    }

    public static void AssertClose(double[] expected, float[] actual, double tolerance, string what) =>
        AssertClose(expected, Widen(actual), tolerance, what);

    public static void AssertClose(double expected, double actual, double tolerance, string what) =>
        AssertClose([expected], [actual], tolerance, what);

    /// <summary>A gradient is right in norm, as a whole and tensor by tensor.</summary>
    public static void AssertGradient(BdmLayout layout, double[] expected, float[] actual, double tolerance, string what) =>
        AssertGradient(layout.Slices, expected, actual, tolerance, what);

    /// <summary>The same, for the slices of any layout.</summary>
    public static void AssertGradient(IReadOnlyList<ParameterSlice> slices, double[] expected, float[] actual, double tolerance, string what)
    {
        double[] wide = Widen(actual);
        double whole = Relative(wide, expected);
        double total = Norm(expected);
        Assert.True(whole <= tolerance, $"{what}: relative error {whole:E2}, allowed {tolerance:E1}");
        foreach (var slice in slices)
        {
            var truth = expected.AsSpan(slice.Offset, slice.Length);
            var found = wide.AsSpan(slice.Offset, slice.Length);
            double error = 0;
            for (int i = 0; i < slice.Length; i++)
                error += Square(found[i] - truth[i]);
            AssertTensor(Math.Sqrt(error), Norm(truth), total, tolerance, $"{what}, {slice.Name}");
        }
    }

    /// <summary>
    /// A gradient agrees with a sketch of the truth. The projections go onto vectors of random signs, so the mean
    /// square of their errors estimates the square of the error's norm.
    /// </summary>
    public static void AssertSketch(BdmInputs inputs, GoldenSketch[] expected, double[] actual, double tolerance, string what) =>
        AssertSketch(inputs.Layout.Slices, inputs.Problem.Seed, 0, expected, actual, tolerance, what);

    /// <summary>The same, for the slices of any layout.</summary>
    /// <param name="slices">The slices.</param>
    /// <param name="seed">The case's seed.</param>
    /// <param name="firstTensor">The number of the first slice's signs.</param>
    /// <param name="expected">The sketches.</param>
    /// <param name="actual">The array.</param>
    /// <param name="tolerance">What is allowed, relative in norm.</param>
    /// <param name="what">What it is.</param>
    public static void AssertSketch(
        IReadOnlyList<ParameterSlice> slices, int seed, int firstTensor, GoldenSketch[] expected, double[] actual, double tolerance, string what)
    {
        Assert.Equal(slices.Count, expected.Length);
        double total = Math.Sqrt(expected.Sum(tensor => Square(tensor.Norm)));
        double wholeError = 0;
        for (int tensor = 0; tensor < expected.Length; tensor++)
        {
            var (truth, slice) = (expected[tensor], slices[tensor]);
            Assert.Equal(truth.Name, slice.Name);
            string where = $"{what}, {slice.Name}";
            var found = TensorSketch.Of(seed, firstTensor + tensor, actual.AsSpan(slice.Offset, slice.Length));
            double error = Math.Sqrt(found.Projections.Zip(truth.Projections, (a, b) => Square(a - b)).Average());
            wholeError += error * error;
            AssertTensor(error, truth.Norm, total, tolerance, where);
            AssertTensor(Math.Abs(found.Norm - truth.Norm), truth.Norm, total, tolerance, where + " (norm)");
            for (int i = 0; i < truth.Entries.Length; i++)
                AssertTensor(Math.Abs(found.Entries[i] - truth.Entries[i]), truth.Norm, total, tolerance, where + " (entry)");
        }

        double whole = Math.Sqrt(wholeError) / total;
        Assert.True(whole <= tolerance, $"{what}: relative error about {whole:E2}, allowed {tolerance:E1}");
    }

    private static void AssertTensor(double error, double size, double total, double tolerance, string what)
    {
        double allowed = tolerance * Math.Max(size, TensorFloor * total);
        Assert.True(error <= allowed, $"{what}: error {error:E2} of norm {size:E2}, allowed {allowed:E2}");
    }

    private static double Norm(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double x in values)
            sum += x * x;
        return Math.Sqrt(sum);
    }

    private static double Square(double x) => x * x;
}
