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

    public void FillIndices(DeviceArray<int> indices, int count, int upper, in RandomDraw draw, RandomPurpose purpose, int models)
    {
        for (int i = 0; i < count; i++)
            Values(indices)[i] = Philox.Index(Philox.Word(draw, purpose, (ulong)i), upper);
    }

    public void FillNormal(DeviceArray<float> values, long count, in RandomDraw draw, RandomPurpose purpose, int models)
    {
        for (int i = 0; i < count; i++)
            Values(values)[i] = Philox.Normal(draw, purpose, (ulong)i);
    }

    public void Gather(DeviceArray<float> source, int width, DeviceArray<int> indices, int count, DeviceArray<float> destination, int models)
    {
        for (int i = 0; i < count; i++)
            Values(source).AsSpan(Values(indices)[i] * width, width).CopyTo(Values(destination).AsSpan(i * width));
    }

    public void Adam(DeviceArray<float> parameters, DeviceArray<float> gradient, DeviceArray<float> firstMoment, DeviceArray<float> secondMoment, in AdamSettings settings, long step)
    {
        double correction1 = 1 - Math.Pow(settings.Beta1, step), correction2 = 1 - Math.Pow(settings.Beta2, step);
        var (p, g, m, v) = (Values(parameters), Values(gradient), Values(firstMoment), Values(secondMoment));
        for (int i = 0; i < p.Length; i++)
        {
            m[i] = (float)((settings.Beta1 * m[i]) + ((1 - settings.Beta1) * g[i]));
            v[i] = (float)((settings.Beta2 * v[i]) + ((1 - settings.Beta2) * g[i] * g[i]));
            p[i] -= (float)(settings.LearningRate / correction1 * m[i] / (Math.Sqrt(v[i] / correction2) + settings.Epsilon));
        }
    }

    public void PolyakAverage(DeviceArray<float> target, DeviceArray<float> source, float rate)
    {
        var (t, s) = (Values(target), Values(source));
        for (int i = 0; i < t.Length; i++)
            t[i] += rate * (s[i] - t[i]);
    }

    public void Clip(DeviceArray<float> source, long count, float bound, DeviceArray<float> destination)
    {
        for (int i = 0; i < count; i++)
            Values(destination)[i] = Math.Clamp(Values(source)[i], -bound, bound);
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

        public void Density(DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> density)
        {
            for (int r = 0; r < rows; r++)
            {
                double t = Values(times)[r];
                double variance = Variance(t);
                double sum = 0;
                for (int i = 0; i < shape.ActionSize; i++)
                {
                    double d = Values(actions)[(r * shape.ActionSize) + i] - (schedule.Alpha(t) * Centre(states, r));
                    sum -= d * d / (2 * variance);
                }

                Values(density)[r] = (float)sum;
            }
        }

        public void Score(DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float> times, DeviceArray<float>? states, int rows, DeviceArray<float> noise)
        {
            for (int i = 0; i < rows * shape.ActionSize; i++)
                Values(noise)[i] = (float)Noise(Values(actions)[i], Values(times)[i / shape.ActionSize], Centre(states, i / shape.ActionSize));
        }

        public void Gaps(DeviceArray<float> policy, DeviceArray<float> behavior, DeviceArray<float> candidates, DeviceArray<float>? states, int stateCount, int candidateCount, in GapDraws draws, DeviceArray<float> gaps) =>
            throw new NotSupportedException();

        public void Objective(in AlignmentObjective objective, DeviceArray<float> gaps, DeviceArray<float> labels, int stateCount, int candidateCount, DeviceArray<float> gapsGradient, DeviceArray<float> loss) =>
            throw new NotSupportedException();

        public void DenoisingStep(DeviceArray<float> parameters, DeviceArray<float> actions, DeviceArray<float>? states, int rows, in DenoisingDraws draws, DeviceArray<float> gradient, DeviceArray<float> loss)
        {
            device.Draws.Add(draws.Draw);
            Pull(parameters, Values(actions).Take(rows * shape.ActionSize).Average() + (0.1f * Philox.Normal(draws.Draw, RandomPurpose.Noise, 0)), gradient, loss);
        }

        public void AlignmentStep(DeviceArray<float> policy, DeviceArray<float> behavior, DeviceArray<float> candidates, DeviceArray<float>? states, DeviceArray<float> labels, int stateCount, int candidateCount, in AlignmentObjective objective, in GapDraws draws, DeviceArray<float> gradient, DeviceArray<float> loss)
        {
            device.Draws.Add(draws.Draw);
            Pull(policy, Values(labels).Take(stateCount * candidateCount).Average() * objective.LabelScale, gradient, loss);
        }

        public void Sample(DeviceArray<float> parameters, DeviceArray<float>? states, int stateCount, int candidateCount, SolverTable table, in RandomDraw draw, DeviceArray<float>? start, DeviceArray<float> actions)
        {
            int width = candidateCount * shape.ActionSize;
            for (int i = 0; i < stateCount * width; i++)
            {
                double x = start is null ? Philox.Normal(draw, RandomPurpose.SolverStart, (ulong)i) : Values(start)[i];
                Values(actions)[i] = (float)Run(table, x, (point, t) => Noise(point, t, Centre(states, i / width)));
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
