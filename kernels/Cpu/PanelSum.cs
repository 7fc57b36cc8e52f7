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
