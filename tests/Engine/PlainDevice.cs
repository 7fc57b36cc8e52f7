using EDA.Kernels;

namespace EDA.Tests.Engine;

/// <summary>
/// A device of managed arrays for testing what stands above devices. Its vector operations are real; its network is
/// a Gaussian N(mean, scale²) per action variable whose density, score and samples are known in closed form, and whose
/// training steps pull every parameter towards the batch's mean, so that a loop's result depends on everything a loop
/// should carry.
/// </summary>
internal sealed class PlainDevice(double mean = 0.7, double scale = 0.4) : IDevice, IVectorOperations
{
    public string Name => "plain";

    public IVectorOperations Vector => this;

    /// <summary>Arrays made and not yet disposed.</summary>
    public int LiveArrays { get; private set; }

    /// <summary>Every draw that a training step was given.</summary>
    public List<RandomDraw> Draws { get; } = [];

    public DeviceArray<T> Allocate<T>(long length)
        where T : unmanaged
    {
        LiveArrays++;
        return new PlainArray<T>(this, length);
    }

    public IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1) =>
        models == 1 ? new GaussianOperations(this, shape, schedule, mean, scale) : throw new NotSupportedException();

    public ICriticOperations CreateCritic(CriticShape shape) => throw new NotSupportedException();

    public IMlpOperations CreateMlp(MlpShape shape, int models = 1) => throw new NotSupportedException();

    public void Synchronize()
    {
    }

    public void Dispose()
    {
    }

    public void FillIndices(in FillIndicesCall call)
    {
        for (int i = 0; i < call.Count; i++)
            Values(call.Indices)[i] = Philox.Index(Philox.Word(call.Draw, call.Purpose, (ulong)i), call.Upper);
    }

    public void FillNormal(in FillNormalCall call)
    {
        for (int i = 0; i < call.Count; i++)
            Values(call.Values)[i] = Philox.Normal(call.Draw, call.Purpose, (ulong)i);
    }

    public void Gather(in GatherCall call)
    {
        for (int i = 0; i < call.Count; i++)
            Values(call.Source).AsSpan(Values(call.Indices)[i] * call.Width, call.Width).CopyTo(Values(call.Destination).AsSpan(i * call.Width));
    }

    public void Adam(in AdamCall call)
    {
        double correction1 = 1 - Math.Pow(call.Settings.Beta1, call.Step), correction2 = 1 - Math.Pow(call.Settings.Beta2, call.Step);
        var (p, g, m, v) = (Values(call.Trained.Parameters), Values(call.Trained.Gradient!), Values(call.Trained.FirstMoment), Values(call.Trained.SecondMoment));
        for (int i = 0; i < p.Length; i++)
        {
            m[i] = (float)((call.Settings.Beta1 * m[i]) + ((1 - call.Settings.Beta1) * g[i]));
            v[i] = (float)((call.Settings.Beta2 * v[i]) + ((1 - call.Settings.Beta2) * g[i] * g[i]));
            p[i] -= (float)(call.Settings.LearningRate / correction1 * m[i] / (Math.Sqrt(v[i] / correction2) + call.Settings.Epsilon));
        }
    }

    public void PolyakAverage(in PolyakAverageCall call)
    {
        var (t, s) = (Values(call.Target), Values(call.Source));
        for (int i = 0; i < t.Length; i++)
            t[i] += call.Rate * (s[i] - t[i]);
    }

    public void Clip(in ClipCall call)
    {
        for (int i = 0; i < call.Count; i++)
            Values(call.Destination)[i] = Math.Clamp(Values(call.Source)[i], -call.Bound, call.Bound);
    }

    internal static T[] Values<T>(DeviceArray<T> array)
        where T : unmanaged => ((PlainArray<T>)array).Values;

    private sealed class PlainArray<T>(PlainDevice device, long length) : DeviceArray<T>(length)
        where T : unmanaged
    {
        private bool _disposed;

        public T[] Values { get; } = new T[length];

        public override void CopyFrom(ReadOnlySpan<T> source, long offset = 0) => source.CopyTo(Values.AsSpan((int)offset));

        public override void CopyTo(Span<T> destination, long offset = 0) => Values.AsSpan((int)offset, destination.Length).CopyTo(destination);

        public override DeviceArray<T> Slice(long offset, long length) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (!_disposed)
                device.LiveArrays--;
            _disposed = true;
        }
    }

    private sealed class GaussianOperations(PlainDevice device, BdmShape shape, VarianceSchedule schedule, double mean, double scale) : IBdmOperations
    {
        public BdmShape Shape => shape;

        public BdmLayout Layout { get; } = new(shape);

        public int Models => 1;

        public void Density(in EvaluationCall call)
        {
            for (int r = 0; r < call.Rows; r++)
            {
                double t = Values(call.Times)[r];
                double variance = Variance(t);
                double sum = 0;
                for (int i = 0; i < shape.ActionSize; i++)
                {
                    double d = Values(call.Actions)[(r * shape.ActionSize) + i] - (schedule.Alpha(t) * Centre(call.States, r));
                    sum -= d * d / (2 * variance);
                }

                Values(call.Output)[r] = (float)sum;
            }
        }

        public void Score(in EvaluationCall call)
        {
            for (int i = 0; i < call.Rows * shape.ActionSize; i++)
                Values(call.Output)[i] = (float)Noise(Values(call.Actions)[i], Values(call.Times)[i / shape.ActionSize], Centre(call.States, i / shape.ActionSize));
        }

        public void Gaps(in GapsCall call) =>
            throw new NotSupportedException();

        public void Objective(in ObjectiveCall call) =>
            throw new NotSupportedException();

        public void DenoisingStep(in DenoisingStepCall call)
        {
            device.Draws.Add(call.Draws.Draw);
            Pull(call.Parameters, Values(call.Actions).Take(call.Rows * shape.ActionSize).Average() + (0.1f * Philox.Normal(call.Draws.Draw, RandomPurpose.Noise, 0)), call.Gradient, call.Loss);
        }

        public void AlignmentStep(in AlignmentStepCall call)
        {
            device.Draws.Add(call.Batch.Draws.Draw);
            Pull(call.Policy, Values(call.Labels).Take(call.Batch.StateCount * call.Batch.CandidateCount).Average() * call.Objective.LabelScale, call.Gradient, call.Loss);
        }

        public void Sample(in SampleCall call)
        {
            int width = call.CandidateCount * shape.ActionSize;
            int[]? numbers = call.Numbers?.ToArray();
            for (int i = 0; i < call.StateCount * width; i++)
            {
                int number = numbers?[i / width] ?? i / width;
                ulong element = ((ulong)number * (ulong)call.CheckStride() * (ulong)shape.ActionSize) + (ulong)(i % width);
                double centre = Centre(call.States, i / width);
                double x = call.Start is null ? Philox.Normal(call.Draw, RandomPurpose.SolverStart, element) : Values(call.Start)[i];
                Values(call.Actions)[i] = (float)Run(call.Table, x, (point, t) => Noise(point, t, centre));
            }
        }

        public void Dispose()
        {
        }

        private static void Pull(DeviceArray<float> parameters, double target, DeviceArray<float> gradient, DeviceArray<float> loss)
        {
            var (p, g) = (Values(parameters), Values(gradient));
            double sum = 0;
            for (int i = 0; i < p.Length; i++)
            {
                g[i] = (float)(p[i] - target);
                sum += 0.5 * g[i] * g[i] / p.Length;
            }

            Values(loss)[0] = (float)sum;
        }

        private double Centre(DeviceArray<float>? states, int row) => mean + (states is null ? 0 : Values(states)[row * shape.StateSize]);

        private double Variance(double t) => Math.Pow(schedule.Alpha(t) * scale, 2) + Math.Pow(schedule.Sigma(t), 2);

        private double Noise(double x, double t, double centre) => schedule.Sigma(t) * (x - (schedule.Alpha(t) * centre)) / Variance(t);
    }

    /// <summary>The solver loop as a table describes it, in float64.</summary>
    public static double Run(SolverTable table, double x, Func<double, double, double> noise)
    {
        double anchor = x, previous = 0, beforePrevious = 0;
        foreach (var e in table.Evaluations)
        {
            double data = (x - (e.Sigma * noise(x, e.Time))) / e.Alpha;
            x = (e.AnchorWeight * anchor) + (e.Weight0 * data) + (e.Weight1 * previous) + (e.Weight2 * beforePrevious);
            (beforePrevious, previous) = (previous, data);
            if (e.MovesAnchor)
                anchor = x;
        }

        return x;
    }
}
