using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>The operations on plain arrays, each timed. Bytes are those of the arrays, FLOP those of the formulas.</summary>
internal sealed class TimedVectorOperations(IVectorOperations inner, OperationTimer timer) : IVectorOperations
{
    public void FillIndices(in FillIndicesCall call)
    {
        using var scope = timer.Measure("fill_indices", 0, 4.0 * call.Count * call.Models);
        inner.FillIndices(call);
    }

    public void FillNormal(in FillNormalCall call)
    {
        using var scope = timer.Measure("fill_normal", 0, 4.0 * call.Count * call.Models);
        inner.FillNormal(call);
    }

    public void Gather(in GatherCall call)
    {
        using var scope = timer.Measure("gather", 0, 4.0 * call.Count * call.Models * ((2 * call.Width) + 1));
        inner.Gather(call);
    }

    public void Adam(in AdamCall call)
    {
        using var scope = timer.Measure("adam", 12.0 * call.Trained.Parameters.Length, 28.0 * call.Trained.Parameters.Length);
        inner.Adam(call);
    }

    public void PolyakAverage(in PolyakAverageCall call)
    {
        using var scope = timer.Measure("polyak_average", 3.0 * call.Target.Length, 12.0 * call.Target.Length);
        inner.PolyakAverage(call);
    }

    public void Clip(in ClipCall call)
    {
        using var scope = timer.Measure("clip", 0, 8.0 * call.Count);
        inner.Clip(call);
    }
}
