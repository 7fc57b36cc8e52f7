using EDA.Kernels;

namespace EDA.Tests.Kernels;

/// <summary>What a device draws for itself, as arrays: element by element what the table of purposes says.</summary>
internal static class DrawnNumbers
{
    public static float[] Times(RandomDraw draw, int count) => Make(
        count, i => VarianceSchedule.Published.Time(Philox.Uniform(Philox.Word(draw, RandomPurpose.DiffusionTime, i))));

    public static float[] Normals(RandomDraw draw, RandomPurpose purpose, int count) => Make(count, i => Philox.Normal(draw, purpose, i));

    public static float[] DropoutMask(RandomDraw draw, float rate, int count)
    {
        uint threshold = (uint)Math.Round(rate * 4294967296.0);
        return Make(count, i => Philox.Word(draw, RandomPurpose.Dropout, i) < threshold ? 0 : 1);
    }

    private static float[] Make(int count, Func<ulong, float> value) => [.. Enumerable.Range(0, count).Select(i => value((ulong)i))];
}
