using System.Diagnostics;
using System.Numerics;
using System.Runtime.Intrinsics;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace EDA.Samples;

/// <summary>
/// A kernel from the plain loop to vectors to ILGPU (docs/kernels.md): layer norm, y = γ x̂ + β with
/// x̂ = (x − mean)/sqrt(variance + 1e-5) over H features, of n rows.
/// </summary>
public static class LayerNorm
{
    private const int Rows = 2048, Width = 256, Panel = 32;
    private const float Epsilon = 1e-5f;

    /// <summary>Times each version in turns, and holds each to the plain one.</summary>
    /// <param name="rounds">Rounds; the median counts.</param>
    /// <returns>The largest difference from the plain loop by version.</returns>
    public static IReadOnlyDictionary<string, float> Run(int rounds = 200)
    {
        var random = new Random(0);
        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((2 * random.NextDouble()) - 1))];
        float[] x = Draw(Rows * Width), gamma = Draw(Width), beta = Draw(Width), panels = ToPanels(x);
        var versions = new Dictionary<string, (float[] Input, Action<float[], float[], float[], float[]> Kernel, Func<float[], float[]> ToRows)>
        {
            ["plain"] = (x, Plain, y => y),
            ["vectors along features"] = (x, AlongFeatures, y => y),
            ["vectors along rows"] = (panels, AlongRows, FromPanels),
            ["a whole panel at once"] = (panels, WholePanels, FromPanels),
        };
        var times = versions.Keys.ToDictionary(name => name, _ => new List<double>());
        var outputs = versions.Keys.ToDictionary(name => name, _ => new float[x.Length]);
        for (int round = 0; round < rounds; round++)
        {
            foreach (var (name, (input, kernel, _)) in versions)
            {
                long start = Stopwatch.GetTimestamp();
                kernel(input, gamma, beta, outputs[name]);
                times[name].Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }

        double Median(string name) => times[name].Order().ElementAt(rounds / 2);
        var differences = versions.ToDictionary(version => version.Key, version => Difference(version.Value.ToRows(outputs[version.Key]), outputs["plain"]));
        foreach (string name in versions.Keys)
            Console.WriteLine($"{name,-26} {Median(name),8:0} µs  {Median("plain") / Median(name),5:0.0} ×  difference {differences[name]:0.0e+0}");
        differences["ILGPU"] = Difference(FromColumns(OnAccelerator(x, gamma, beta)), outputs["plain"]);
        Console.WriteLine($"{"ILGPU, on its CPU device",-26} {"–",8}     {"–",5}    difference {differences["ILGPU"]:0.0e+0}");
        return differences;
    }

    /// <summary>1. The formula, row by row: [n][H].</summary>
    private static void Plain(float[] x, float[] gamma, float[] beta, float[] y)
    {
        for (int row = 0; row < Rows; row++)
        {
            float sum = 0, squares = 0;
            for (int h = 0; h < Width; h++)
                sum += x[(row * Width) + h];
            float mean = sum / Width;
            for (int h = 0; h < Width; h++)
                squares += (x[(row * Width) + h] - mean) * (x[(row * Width) + h] - mean);
            float reciprocal = 1 / MathF.Sqrt((squares / Width) + Epsilon);
            for (int h = 0; h < Width; h++)
                y[(row * Width) + h] = ((x[(row * Width) + h] - mean) * reciprocal * gamma[h]) + beta[h];
        }
    }

    /// <summary>2. The same, a vector of features at a time. Each row ends in two horizontal sums.</summary>
    private static void AlongFeatures(float[] x, float[] gamma, float[] beta, float[] y)
    {
        for (int row = 0; row < Rows; row++)
        {
            var features = x.AsSpan(row * Width, Width);
            var sums = Vector<float>.Zero;
            for (int h = 0; h < Width; h += Vector<float>.Count)
                sums += new Vector<float>(features[h..]);
            float mean = Vector.Sum(sums) / Width;
            var squares = Vector<float>.Zero;
            for (int h = 0; h < Width; h += Vector<float>.Count)
            {
                var centred = new Vector<float>(features[h..]) - new Vector<float>(mean);
                squares += centred * centred;
            }

            float reciprocal = 1 / MathF.Sqrt((Vector.Sum(squares) / Width) + Epsilon);
            for (int h = 0; h < Width; h += Vector<float>.Count)
                (((new Vector<float>(features[h..]) - new Vector<float>(mean)) * reciprocal * new Vector<float>(gamma, h)) + new Vector<float>(beta, h)).CopyTo(y, (row * Width) + h);
        }
    }

    /// <summary>3. Panels of 32 rows, [H][32]: a vector holds as many rows, so no sum is horizontal, and γ and β are broadcast.</summary>
    private static void AlongRows(float[] x, float[] gamma, float[] beta, float[] y)
    {
        for (int panel = 0; panel < x.Length; panel += Width * Panel)
        {
            for (int row = panel; row < panel + Panel; row += Vector<float>.Count)
                Rowwise(x, gamma, beta, y, row);
        }
    }

    private static void Rowwise(float[] x, float[] gamma, float[] beta, float[] y, int first)
    {
        int end = first + (Width * Panel);
        Vector<float> sum = Vector<float>.Zero, squares = Vector<float>.Zero;
        for (int i = first; i < end; i += Panel)
            sum += new Vector<float>(x, i);
        var mean = sum / Width;
        for (int i = first; i < end; i += Panel)
        {
            var centred = new Vector<float>(x, i) - mean;
            squares += centred * centred;
        }

        var reciprocal = Vector<float>.One / Vector.SquareRoot((squares / Width) + new Vector<float>(Epsilon));
        for (int h = 0, i = first; h < Width; h++, i += Panel)
            (((new Vector<float>(x, i) - mean) * reciprocal * gamma[h]) + new Vector<float>(beta[h])).CopyTo(y, i);
    }

    /// <summary>4. All 32 rows of a panel at once, two vectors of 512 bits: every cache line is read whole, and γ and β are loaded once.</summary>
    private static void WholePanels(float[] x, float[] gamma, float[] beta, float[] y)
    {
        var (scale, epsilon) = (Vector512.Create(1f / Width), Vector512.Create(Epsilon));
        for (int first = 0; first < x.Length; first += Width * Panel)
        {
            var panel = x.AsSpan(first, Width * Panel);
            var output = y.AsSpan(first, Width * Panel);
            Vector512<float> mean0 = default, mean1 = default, squares0 = default, squares1 = default;
            for (int i = 0; i < panel.Length; i += Panel)
            {
                mean0 += Vector512.Create<float>(panel[i..]);
                mean1 += Vector512.Create<float>(panel[(i + 16)..]);
            }

            (mean0, mean1) = (mean0 * scale, mean1 * scale);
            for (int i = 0; i < panel.Length; i += Panel)
            {
                Vector512<float> centred0 = Vector512.Create<float>(panel[i..]) - mean0, centred1 = Vector512.Create<float>(panel[(i + 16)..]) - mean1;
                squares0 = Vector512.FusedMultiplyAdd(centred0, centred0, squares0);
                squares1 = Vector512.FusedMultiplyAdd(centred1, centred1, squares1);
            }

            var reciprocal0 = Vector512<float>.One / Vector512.Sqrt((squares0 * scale) + epsilon);
            var reciprocal1 = Vector512<float>.One / Vector512.Sqrt((squares1 * scale) + epsilon);
            for (int h = 0, i = 0; h < Width; h++, i += Panel)
            {
                Vector512<float> weight = Vector512.Create(gamma[h]), bias = Vector512.Create(beta[h]);
                Vector512.FusedMultiplyAdd((Vector512.Create<float>(panel[i..]) - mean0) * reciprocal0, weight, bias).CopyTo(output[i..]);
                Vector512.FusedMultiplyAdd((Vector512.Create<float>(panel[(i + 16)..]) - mean1) * reciprocal1, weight, bias).CopyTo(output[(i + 16)..]);
            }
        }
    }

    /// <summary>5. ILGPU: a thread a row over [H][n], so that neighbours in a warp read neighbours in memory.</summary>
    private static void Kernel(Index1D row, ArrayView<float> x, ArrayView<float> gamma, ArrayView<float> beta, ArrayView<float> y)
    {
        long rows = x.Length / gamma.Length;
        float sum = 0, squares = 0;
        for (long h = 0; h < gamma.Length; h++)
            sum += x[(h * rows) + row];
        float mean = sum / gamma.Length;
        for (long h = 0; h < gamma.Length; h++)
        {
            float centred = x[(h * rows) + row] - mean;
            squares += centred * centred;
        }

        float reciprocal = 1 / MathF.Sqrt((squares / gamma.Length) + Epsilon);
        for (long h = 0; h < gamma.Length; h++)
            y[(h * rows) + row] = ((x[(h * rows) + row] - mean) * reciprocal * gamma[h]) + beta[h];
    }

    private static float[] OnAccelerator(float[] x, float[] gamma, float[] beta)
    {
        // On a GPU: context.CreateCudaAccelerator(0). Few rows, because this device has a thread for each.
        const int Few = 64;
        using var context = Context.Create(builder => builder.CPU().Optimize(OptimizationLevel.O2));
        using var accelerator = context.CreateCPUAccelerator(0);
        float[] columns = new float[Few * Width];
        for (int i = 0; i < columns.Length; i++)
            columns[(i % Width * Few) + (i / Width)] = x[i];
        using var input = accelerator.Allocate1D(columns);
        using var weight = accelerator.Allocate1D(gamma);
        using var bias = accelerator.Allocate1D(beta);
        using var output = accelerator.Allocate1D<float>(columns.Length);
        var launch = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Kernel);
        launch(Few, input.View, weight.View, bias.View, output.View);
        accelerator.Synchronize();
        return output.GetAsArray1D();
    }

    private static float Difference(float[] some, float[] all) => some.Zip(all, (a, b) => Math.Abs(a - b)).Max();

    private static float[] FromColumns(float[] columns) =>
        [.. Enumerable.Range(0, columns.Length).Select(i => columns[(i % Width * (columns.Length / Width)) + (i / Width)])];

    private static int InPanels(int i) => (i / Width / Panel * Width * Panel) + (i % Width * Panel) + (i / Width % Panel);

    private static float[] FromPanels(float[] panels) => [.. Enumerable.Range(0, panels.Length).Select(i => panels[InPanels(i)])];

    private static float[] ToPanels(float[] x)
    {
        var panels = new float[x.Length];
        for (int i = 0; i < x.Length; i++)
            panels[InPanels(i)] = x[i];
        return panels;
    }
}
