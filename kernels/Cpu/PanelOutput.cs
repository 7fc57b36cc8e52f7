using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>Lays a panel out as a user does: the way back of <see cref="PanelInput{TV, TS}.Rows"/>.</summary>
internal static unsafe class PanelOutput
{
    /// <summary>rows[firstRow + r][j] = panel[j][r], for the rows before the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* panel, int width, long firstRow, long endRow, float* rows)
    {
        int count = (int)Math.Min(PanelRows, endRow - firstRow);
        for (int r = 0; r < count; r++)
        {
            float* to = rows + ((firstRow + r) * width);
            for (int j = 0; j < width; j++)
                to[j] = panel[(j * PanelRows) + r];
        }
    }
}
