using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>z = sum + bias; output = the activation of z, and its slope where it is wanted.</summary>
internal readonly unsafe struct LayerEpilogue<TV, TS, TA>(Panels output, Panels slope, float* bias) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
    where TA : struct, IActivation<TV>
{
    public int Far(int feature, int panel, float** arrays) => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        float* to = output.At(panel, feature);
        float* slopeTo = slope.IsNull ? null : slope.At(panel, feature);
        for (int j = 0; j < count; j++, tile += PanelRows, to += PanelRows)
        {
            TV shift = TS.Broadcast(bias[feature + j]);
            if (slopeTo == null)
            {
                for (int r = 0; r < PanelRows; r += TS.Count)
                    TS.Store(TA.Invoke(TS.Add(TS.Load(tile + r), shift), out _), to + r);
                continue;
            }

            for (int r = 0; r < PanelRows; r += TS.Count)
            {
                TS.Store(TA.Invoke(TS.Add(TS.Load(tile + r), shift), out TV first), to + r);
                TS.Store(first, slopeTo + r);
            }

            slopeTo += PanelRows;
        }
    }
}
