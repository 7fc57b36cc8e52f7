using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>
/// Operations on several models at once give each model the bits that operations on it alone give, whatever the other
/// models hold.
/// </summary>
[Trait("speed", "slow")]
public class SeveralModelsTests
{
    private const int Count = 3;

    // The last model's differs in the high word too.
    private const ulong Seed = 0x2_FFFFFFFE;

    // A + 30 numbers follow a multiple of 32 in the parameters: models stand apart. Batches of one tile, of several and
    // of more than a slab.
    private static readonly Dictionary<string, BdmProblem> Problems = new BdmProblem[]
    {
        new("states", 160, 3, 2, 64, 2, Rows: 131, StateCount: 33, CandidateCount: 4, SampleStateCount: 35, SampleCandidateCount: 2),
        new("no states, odd actions", 170, 0, 5, 32, 1, Rows: 37, StateCount: 5, CandidateCount: 7, SampleStateCount: 9, SampleCandidateCount: 3),
        new("more than a CPU slab", 180, 0, 2, 32, 1, Rows: 2081, StateCount: 700, CandidateCount: 3),
    }.ToDictionary(problem => problem.Name);

    private static readonly RandomDraw Draw = new(Seed, RandomStage.Alignment, 3, FirstElement: 6);

    public static TheoryData<string, string> Cases => TestDevices.WithCpuPrecisions(Problems.Keys);

    public static TheoryData<string> Names => TestDevices.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_model_has_the_bits_it_has_alone(string deviceName, string name)
    {
        using var device = TestDevices.Create(deviceName);
        var inputs = Inputs(name);
        foreach (bool given in new[] { false, true })
        {
            var together = Everything(device, inputs, Draw, given);
            for (int m = 0; m < Count; m++)
                AssertSameBits(Everything(device, [inputs[m]], Draw.OfModel(m), given)[0], together[m], $"model {m}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_model_of_no_numbers_leaves_the_others_alone(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        var inputs = Inputs("states");
        var healthy = Everything(device, inputs, Draw, given: false);
        var sick = Everything(device, inputs, Draw, given: false, broken: 1);
        AssertSameBits(healthy[0], sick[0], "before it");
        AssertSameBits(healthy[2], sick[2], "after it");
        foreach (string result in new[] { "density", "score", "denoising loss", "gaps", "alignment loss", "samples" })
            Assert.All(sick[1][result], value => Assert.False(float.IsFinite(value), result));

        // And nothing of it is left for the next.
        AssertSameBits(healthy[1], Everything(device, [inputs[1]], Draw.OfModel(1), given: false)[0], "afterwards");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Indices_normals_and_rows_are_each_models_own(string deviceName)
    {
        // More than an item of the CPU's, for indices; on the stand-in it takes too long.
        int count = deviceName == "software" ? 997 : 20_001;
        const int Rows = 123, Width = 3;
        using var device = TestDevices.Create(deviceName);
        using var indices = device.Allocate<int>((Count * count) + 1);
        using var normals = device.Allocate<float>(Count * count);
        using var gathered = device.Allocate<float>(Count * count * Width);
        using var source = device.Upload<float>(FormulaNumbers.Fill(Count * Rows * Width, i => i));
        device.Vector.FillIndices(new()
        {
            Indices = indices,
            Count = count,
            Upper = Rows,
            Draw = Draw,
            Purpose = RandomPurpose.BatchIndex,
            Models = Count,
        });
        device.Vector.FillNormal(new() { Values = normals, Count = count, Draw = Draw, Purpose = RandomPurpose.Noise, Models = Count });
        device.Vector.Gather(new() { Source = source, Width = Width, Indices = indices, Count = count, Destination = gathered, Models = Count });
        device.Synchronize();
        Assert.Equal(0, indices.ToArray()[^1]);
        using var own = device.Allocate<int>(count);
        using var ownNormals = device.Allocate<float>(count);
        using var ownRows = device.Allocate<float>(count * Width);
        for (int m = 0; m < Count; m++)
        {
            device.Vector.FillIndices(new()
            {
                Indices = own,
                Count = count,
                Upper = Rows,
                Draw = Draw.OfModel(m),
                Purpose = RandomPurpose.BatchIndex,
            });
            device.Vector.FillNormal(new() { Values = ownNormals, Count = count, Draw = Draw.OfModel(m), Purpose = RandomPurpose.Noise });
            using var ownSource = source.Slice(m * Rows * Width, Rows * Width);
            device.Vector.Gather(new() { Source = ownSource, Width = Width, Indices = own, Count = count, Destination = ownRows });
            device.Synchronize();
            Assert.Equal(own.ToArray(), indices.ToArray()[(m * count)..((m + 1) * count)]);
            Assert.Equal(ownNormals.ToArray(), normals.ToArray()[(m * count)..((m + 1) * count)]);
            Assert.Equal(ownRows.ToArray(), gathered.ToArray()[(m * count * Width)..((m + 1) * count * Width)]);
        }

        using var uneven = device.Allocate<float>(((Count * Rows) + 1) * Width);
        Assert.Throws<ArgumentException>(() => device.Vector.Gather(new()
        {
            Source = uneven,
            Width = Width,
            Indices = indices,
            Count = count,
            Destination = gathered,
            Models = Count,
        }));
        Assert.Throws<ArgumentException>(() => device.Vector.FillIndices(new()
        {
            Indices = indices,
            Count = count,
            Upper = Rows,
            Draw = Draw,
            Purpose = RandomPurpose.BatchIndex,
            Models = Count + 1,
        }));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Vector.FillNormal(new()
        {
            Values = normals,
            Count = count,
            Draw = Draw,
            Purpose = RandomPurpose.Noise,
            Models = 0,
        }));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Adam_and_Polyak_do_not_look_at_where_a_number_stands(string deviceName)
    {
        const int Length = 101, Longest = 40;
        float[] p = FormulaNumbers.Fill(Length, i => FormulaNumbers.Uniform(81, i)), g = FormulaNumbers.Fill(Length, i => FormulaNumbers.Spread(82, i));
        float[] m = FormulaNumbers.Fill(Length, i => FormulaNumbers.Spread(83, i)), v = FormulaNumbers.Fill(Length, i => Math.Abs(FormulaNumbers.Spread(84, i)));
        using var device = TestDevices.Create(deviceName);
        float[] expected = Moved(0, 0);
        for (int before = 0; before < 33; before++)
            Assert.Equal(expected, Moved(before, (7 * before) % Longest));

        // The numbers among zeros, so many before them and so many after.
        float[] Moved(int before, int after)
        {
            DeviceArray<float> Put(float[] values) => device.Upload<float>([.. new float[before], .. values, .. new float[after]]);
            using var parameters = Put(p);
            using var gradient = Put(g);
            using var first = Put(m);
            using var second = Put(v);
            device.Vector.Adam(new() { Trained = new(parameters, gradient, first, second), Settings = new(1e-3), Step = 7 });
            device.Vector.PolyakAverage(new() { Target = gradient, Source = parameters, Rate = 0.3f });
            device.Synchronize();
            return [.. new[] { parameters, gradient, first, second }.SelectMany(array => array.ToArray()[before..(before + Length)])];
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_does_not_hold_every_model_is_refused(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        var shape = new BdmShape(0, 2, 32, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => device.CreateBdm(shape, VarianceSchedule.Published, 0));
        using var operations = device.CreateBdm(shape, VarianceSchedule.Published, Count);
        Assert.Equal(Count, operations.Models);
        int least = ((Count - 1) * operations.Layout.ModelStride) + operations.Layout.Length;
        using var parameters = device.Allocate<float>(least);
        using var fewer = device.Allocate<float>(least - 1);
        using var actions = device.Allocate<float>(Count * 4 * 2);
        using var times = device.Allocate<float>(Count * 4);
        using var density = device.Allocate<float>(Count * 4);
        using var lessTimes = device.Allocate<float>((Count * 4) - 1);
        EvaluationCall call = new() { Parameters = parameters, Actions = actions, Times = times, States = null, Rows = 4, Output = density };
        operations.Density(call);
        Assert.All(
            (EvaluationCall[])[call with { Parameters = fewer }, call with { Times = lessTimes }, call with { Output = lessTimes }, call with { Rows = 5 }],
            wrong => Assert.Throws<ArgumentException>(() => operations.Density(wrong)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parameters_may_stand_anywhere(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        var problem = Problems["states"];
        var inputs = new BdmInputs(problem);
        using var operations = device.CreateBdm(problem.Shape, VarianceSchedule.Published);
        using var actions = device.Upload<float>(inputs.Diffused);
        using var times = device.Upload<float>(inputs.Times);
        using var states = device.Upload<float>(inputs.States);
        float[] expected = Score(0);
        for (int before = 1; before < 5; before++)
            Assert.Equal(expected, Score(before));

        float[] Score(int before)
        {
            using var whole = device.Upload<float>([.. new float[before], .. inputs.Behavior]);
            using var noise = device.Allocate<float>(problem.Rows * problem.ActionSize);
            operations.Score(new()
            {
                Parameters = whole.Slice(before, inputs.Behavior.Length),
                Actions = actions,
                Times = times,
                States = states,
                Rows = problem.Rows,
                Output = noise,
            });
            device.Synchronize();
            return noise.ToArray();
        }
    }

    private static BdmInputs[] Inputs(string name) =>
        [.. Enumerable.Range(0, Count).Select(m => new BdmInputs(Problems[name] with { Seed = Problems[name].Seed + m }))];

    /// <summary>Every operation's outputs, by model.</summary>
    /// <param name="device">The device.</param>
    /// <param name="models">What each model works on.</param>
    /// <param name="draw">The first model's stream.</param>
    /// <param name="given">Whether times, noise and mask are given rather than drawn.</param>
    /// <param name="broken">A model whose parameters are no numbers.</param>
    private static Dictionary<string, float[]>[] Everything(IDevice device, BdmInputs[] models, RandomDraw draw, bool given, int broken = -1)
    {
        var problem = models[0].Problem;
        int rows = problem.Rows, states = problem.StateCount, candidates = problem.CandidateCount, gapRows = states * candidates;
        var owned = new List<IDisposable>();
        var results = models.Select(_ => new Dictionary<string, float[]>()).ToArray();
        try
        {
            var operations = device.CreateBdm(problem.Shape, VarianceSchedule.Published, models.Length);
            owned.Add(operations);
            int length = operations.Layout.Length, stride = operations.Layout.ModelStride;
            Assert.InRange(stride, length + 1, length + 31);
            DeviceArray<float> behavior = Parameters(inputs => inputs.Behavior), policy = Parameters(inputs => inputs.Policy);
            var sampleStates = EachOrNull(inputs => inputs.SampleStates);
            var times = Each(inputs => inputs.Times);
            var denoising = given
                ? new DenoisingDraws(default, problem.DropoutRate, times, Each(inputs => inputs.Noise), Each(inputs => inputs.Mask))
                : new DenoisingDraws(draw, problem.DropoutRate);
            var gapDraws = given ? new GapDraws(default, Each(inputs => inputs.GapTimes), Each(inputs => inputs.GapNoise)) : new GapDraws(draw);
            var objective = new AlignmentObjective(AlignmentLoss.Value, 1, 3);

            var density = Output(rows);
            operations.Density(new()
            {
                Parameters = behavior,
                Actions = Each(inputs => inputs.Diffused),
                Times = times,
                States = EachOrNull(inputs => inputs.States),
                Rows = rows,
                Output = density,
            });
            Read("density", density, rows);
            var score = Output(rows * problem.ActionSize);
            operations.Score(new()
            {
                Parameters = behavior,
                Actions = Each(inputs => inputs.Diffused),
                Times = times,
                States = EachOrNull(inputs => inputs.States),
                Rows = rows,
                Output = score,
            });
            Read("score", score, rows * problem.ActionSize);

            DeviceArray<float> gradient = Output(stride), loss = Output(1);
            operations.DenoisingStep(new()
            {
                Parameters = behavior,
                Actions = Each(inputs => inputs.Actions),
                States = EachOrNull(inputs => inputs.States),
                Rows = rows,
                Draws = denoising,
                Gradient = gradient,
                Loss = loss,
            });
            Read("denoising loss", loss, 1);
            ReadGradient("denoising gradient", gradient);

            var gaps = Output(gapRows);
            operations.Gaps(new()
            {
                Policy = policy,
                Behavior = behavior,
                Batch = new()
                {
                    Candidates = Each(inputs => inputs.Candidates),
                    States = EachOrNull(inputs => inputs.GapStates),
                    StateCount = states,
                    CandidateCount = candidates,
                    Draws = gapDraws,
                },
                Gaps = gaps,
            });
            Read("gaps", gaps, gapRows);
            DeviceArray<float> gapsGradient = Output(gapRows), objectiveLoss = Output(1);
            operations.Objective(new()
            {
                Objective = objective,
                Gaps = gaps,
                Labels = Each(inputs => inputs.Labels),
                StateCount = states,
                CandidateCount = candidates,
                GapsGradient = gapsGradient,
                Loss = objectiveLoss,
            });
            Read("gaps' gradient", gapsGradient, gapRows);
            Read("objective", objectiveLoss, 1);

            DeviceArray<float> alignmentGradient = Output(stride), alignmentLoss = Output(1);
            operations.AlignmentStep(new()
            {
                Policy = policy,
                Behavior = behavior,
                Batch = new()
                {
                    Candidates = Each(inputs => inputs.Candidates),
                    States = EachOrNull(inputs => inputs.GapStates),
                    StateCount = states,
                    CandidateCount = candidates,
                    Draws = gapDraws,
                },
                Labels = Each(inputs => inputs.Labels),
                Objective = objective,
                Gradient = alignmentGradient,
                Loss = alignmentLoss,
            });
            Read("alignment loss", alignmentLoss, 1);
            ReadGradient("alignment gradient", alignmentGradient);

            int samples = models[0].Start.Length;
            var actions = Output(samples);
            operations.Sample(new()
            {
                Parameters = behavior,
                States = sampleStates,
                StateCount = problem.SampleStateCount,
                CandidateCount = problem.SampleCandidateCount,
                Table = SolverTables.FirstOrder(3),
                Draw = draw,
                Start = given ? Each(inputs => inputs.Start) : null,
                Actions = actions,
            });
            Read("samples", actions, samples);
            return results;

            void ReadGradient(string name, DeviceArray<float> array)
            {
                Read(name, array, stride);
                foreach (var result in results)
                {
                    Assert.All(result[name][length..], value => Assert.True(float.IsNaN(value), "written between two models"));
                    result[name] = result[name][..length];
                }
            }
        }
        finally
        {
            for (int i = owned.Count - 1; i >= 0; i--)
                owned[i].Dispose();
        }

        DeviceArray<float> Own(DeviceArray<float> array)
        {
            owned.Add(array);
            return array;
        }

        DeviceArray<float> Each(Func<BdmInputs, float[]> part) => Own(device.UploadEach(models.Select(part)));

        DeviceArray<float>? EachOrNull(Func<BdmInputs, float[]?> part) => part(models[0]) is null ? null : Each(inputs => part(inputs)!);

        // What lies between two models is no number: nothing may look at it.
        DeviceArray<float> Parameters(Func<BdmInputs, float[]> part) => Own(device.UploadEach(models.Select((inputs, m) =>
        {
            var values = new float[inputs.Layout.ModelStride];
            Array.Fill(values, float.NaN);
            if (m != broken)
                part(inputs).CopyTo(values, 0);
            return values;
        })));

        DeviceArray<float> Output(int size)
        {
            var values = new float[size * models.Length];
            Array.Fill(values, float.NaN);
            return Own(device.Upload<float>(values));
        }

        void Read(string name, DeviceArray<float> array, int size)
        {
            device.Synchronize();
            float[] all = array.ToArray();
            for (int m = 0; m < models.Length; m++)
                results[m][name] = all[(m * size)..((m + 1) * size)];
        }
    }

    private static void AssertSameBits(Dictionary<string, float[]> expected, Dictionary<string, float[]> actual, string what)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach (var (name, values) in expected)
        {
            Assert.True(values.AsSpan().IndexOf(float.NaN) < 0, $"{name}, {what}: not written");
            int differing = values.Zip(actual[name]).Count(pair =>
                BitConverter.SingleToInt32Bits(pair.First) != BitConverter.SingleToInt32Bits(pair.Second));
            Assert.True(differing == 0, $"{name}, {what}: {differing} of {values.Length} numbers have other bits");
        }
    }
}
