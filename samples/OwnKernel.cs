using System.Numerics;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Samples;

/// <summary>A kernel of one's own through the seam: a device that is the CPU's but for one operation, the Polyak average of target networks.</summary>
public static class OwnKernel
{
    /// <returns>The largest difference from the CPU's own kernel.</returns>
    public static float Run()
    {
        using var cpu = new CpuDevice();
        var mine = new MyDevice(cpu);
        float[] target = [.. Enumerable.Range(0, 1003).Select(i => MathF.Sin(i))], source = [.. Enumerable.Range(0, 1003).Select(i => MathF.Cos(i))];
        float difference = Average(cpu).Zip(Average(mine), (a, b) => Math.Abs(a - b)).Max();
        Console.WriteLine($"largest difference from the device's own kernel: {difference}");
        return difference;

        float[] Average(IDevice device)
        {
            using var to = device.Upload<float>(target);
            using var from = device.Upload<float>(source);
            device.Vector.PolyakAverage(new() { Target = to, Source = from, Rate = 0.005f });
            return to.ToArray();
        }
    }

    private sealed class MyDevice(IDevice inner) : IDevice, IVectorOperations
    {
        public string Name => "mine on " + inner.Name;

        public IVectorOperations Vector => this;

        // target ← target + rate · (source − target), a vector at a time. A GPU's device would launch a kernel here.
        public void PolyakAverage(in PolyakAverageCall call)
        {
            float[] target = call.Target.ToArray(), source = call.Source.ToArray();
            int i = 0;
            for (; i <= target.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var t = new Vector<float>(target, i);
                (t + ((new Vector<float>(source, i) - t) * call.Rate)).CopyTo(target, i);
            }

            for (; i < target.Length; i++)
                target[i] += (source[i] - target[i]) * call.Rate;
            call.Target.CopyFrom(target);
        }

        public void FillIndices(in FillIndicesCall call) => inner.Vector.FillIndices(call);

        public void FillNormal(in FillNormalCall call) => inner.Vector.FillNormal(call);

        public void Gather(in GatherCall call) => inner.Vector.Gather(call);

        public void Adam(in AdamCall call) => inner.Vector.Adam(call);

        public void Clip(in ClipCall call) => inner.Vector.Clip(call);

        public DeviceArray<T> Allocate<T>(long length)
            where T : unmanaged => inner.Allocate<T>(length);

        public IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1) => inner.CreateBdm(shape, schedule, models);

        public ICriticOperations CreateCritic(CriticShape shape) => inner.CreateCritic(shape);

        public IMlpOperations CreateMlp(MlpShape shape, int models = 1) => inner.CreateMlp(shape, models);

        public void Synchronize() => inner.Synchronize();

        public void Dispose()
        {
        }
    }
}
