using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>Sums over a panel's 32 rows.</summary>
internal static unsafe class PanelSum<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    /// <summary>sums[j] = Σ_rows panel[j].</summary>
    public static void Run(float* panel, int features, float* sums)
    {
        for (int j = 0; j < features; j++)
            sums[j] = Row(panel + (j * PanelRows));
    }

    /// <summary>totals[i] (+)= Σ_panels sums[i], panel after panel.</summary>
    /// <param name="sums">The first panel's sums.</param>
    /// <param name="stride">Floats from one panel's to the next's.</param>
    /// <param name="panels">The number of panels.</param>
    /// <param name="count">How many sums, a multiple of 16.</param>
    /// <param name="accumulate">Whether to add to what stands in the totals.</param>
    /// <param name="totals">The totals.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfPanels(float* sums, long stride, int panels, int count, bool accumulate, float* totals)
    {
        if (!accumulate)
            new Span<float>(totals, count).Clear();
        for (int panel = 0; panel < panels; panel++, sums += stride)
        {
            for (int i = 0; i < count; i += TS.Count)
                TS.Store(TS.Add(TS.Load(totals + i), TS.Load(sums + i)), totals + i);
        }
    }

    /// <summary>The sum of one feature.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Row(float* values)
    {
        TV total = TS.Load(values);
        for (int r = TS.Count; r < PanelRows; r += TS.Count)
            total = TS.Add(total, TS.Load(values + r));
        return TS.Sum(total);
    }
}
