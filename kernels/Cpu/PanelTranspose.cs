using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// Turns an activation panel [feature][32 rows] into the vector operand of a weight gradient,
/// [feature / 32][32 rows][32 features]: there the sum runs over rows.
/// </summary>
internal static unsafe class PanelTranspose
{
    private const int Block = PanelRows * PanelRows;

    /// <summary>Transposes; the features that round up to 32 are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* source, int features, float* destination)
    {
        for (int f = features; f % PanelRows != 0; f++)
        {
            float* to = destination + ((f / PanelRows) * Block) + (f % PanelRows);
            for (int r = 0; r < PanelRows; r++)
                to[r * PanelRows] = 0f;
        }

        int quads = Sse.IsSupported ? features & ~3 : 0;
        for (int f = 0; f < quads; f += 4)
        {
            float* to = destination + ((f / PanelRows) * Block) + (f % PanelRows);
            for (int r = 0; r < PanelRows; r += 4, to += 4 * PanelRows)
            {
                float* from = source + (f * PanelRows) + r;
                var row0 = Vector128.Load(from);
                var row1 = Vector128.Load(from + PanelRows);
                var row2 = Vector128.Load(from + (2 * PanelRows));
                var row3 = Vector128.Load(from + (3 * PanelRows));
                var low01 = Sse.UnpackLow(row0, row1);
                var low23 = Sse.UnpackLow(row2, row3);
                var high01 = Sse.UnpackHigh(row0, row1);
                var high23 = Sse.UnpackHigh(row2, row3);
                Sse.MoveLowToHigh(low01, low23).Store(to);
                Sse.MoveHighToLow(low23, low01).Store(to + PanelRows);
                Sse.MoveLowToHigh(high01, high23).Store(to + (2 * PanelRows));
                Sse.MoveHighToLow(high23, high01).Store(to + (3 * PanelRows));
            }
        }

        for (int f = quads; f < features; f++)
        {
            float* from = source + (f * PanelRows);
            float* to = destination + ((f / PanelRows) * Block) + (f % PanelRows);
            for (int r = 0; r < PanelRows; r++)
                to[r * PanelRows] = from[r];
        }
    }
}
