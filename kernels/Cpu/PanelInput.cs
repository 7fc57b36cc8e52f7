using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// Fills the network's input panel [a; e; s; 1], from rows as a user lays them out. Rows past the batch are zero, so
/// that they stay finite and, their adjoints being zero too, add nothing to a gradient.
/// </summary>
internal static unsafe class PanelInput<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    /// <summary>panel[first + j][r] = rows[(firstRow + r) / repeat][j].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* rows, int width, long firstRow, long endRow, int repeat, float* panel)
    {
        for (int r = 0; r < PanelRows; r++)
        {
            long row = firstRow + r;
            float* from = row < endRow ? rows + (row / repeat * width) : null;
            for (int j = 0; j < width; j++)
                panel[(j * PanelRows) + r] = from == null ? 0f : from[j];
        }
    }

    /// <summary>The last input feature, which makes the gradient of c₀ a column like the others.</summary>
    public static void Ones(float* panel)
    {
        for (int r = 0; r < PanelRows; r += TS.Count)
            TS.Store(TS.Broadcast(1f), panel + r);
    }

    /// <summary>
    /// φ(t) = [sin 2πwt; cos 2πwt] [32][32 rows]. The phase is reduced to a turn in double: w·t reaches hundreds, where
    /// a float has lost five digits of the angle.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Waves(float* frequencies, float* times, float* waves)
    {
        const int half = BdmShape.TimeFeatures / 2;
        for (int r = 0; r < PanelRows; r++)
        {
            if (r > 0 && times[r] == times[r - 1])
            {
                for (int j = 0; j < 2 * half; j++)
                    waves[(j * PanelRows) + r] = waves[(j * PanelRows) + r - 1];
                continue;
            }

            double t = times[r];
            for (int j = 0; j < half; j++)
            {
                double turns = frequencies[j] * t;
                (float sine, float cosine) = MathF.SinCos((float)((turns - Math.Round(turns)) * (2 * Math.PI)));
                waves[(j * PanelRows) + r] = sine;
                waves[((j + half) * PanelRows) + r] = cosine;
            }
        }
    }

    /// <summary>
    /// e = SiLU(C φ + c) into the input panel, and its slope where it is wanted.
    /// </summary>
    public static void Embed(PreparedNetwork<TV, TS> network, BdmLayout layout, Panels waves, Panels embedding, Panels slope, int panels) =>
        Product<TV, TS>.Run(network.Condition, waves, panels, new ActivationEpilogue<TV, TS>(embedding, slope, default, network.Parameter(layout.ConditionBias)));

    /// <summary>From the adjoint of e to that of Cφ + c, transposed, and its sum over rows.</summary>
    public static void EmbedAdjoint(float* slope, float* adjoint, float* biasGradient, float* transposed)
    {
        for (int i = 0; i < BdmShape.TimeFeatures * PanelRows; i += TS.Count)
            TS.Store(TS.Multiply(TS.Load(slope + i), TS.Load(adjoint + i)), adjoint + i);
        PanelSum<TV, TS>.Run(adjoint, BdmShape.TimeFeatures, biasGradient);
        PanelTranspose.Run(adjoint, BdmShape.TimeFeatures, transposed);
    }
}
