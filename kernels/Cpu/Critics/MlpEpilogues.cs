using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>output = max(0, sum + bias). A sum that is not a number stays one.</summary>
internal readonly unsafe struct ReluEpilogue<TV, TS>(Panels output, float* bias) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
{
    public int Far(int feature, int panel, float** arrays) => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        float* to = output.At(panel, feature);
        TV zero = TS.Broadcast(0f);
        for (int j = 0; j < count; j++)
        {
            TV shift = TS.Broadcast(bias[feature + j]);
            for (int r = 0; r < PanelRows; r += TS.Count, tile += TS.Count, to += TS.Count)
                TS.Store(TS.Max(zero, TS.Add(TS.Load(tile), shift)), to);
        }
    }
}

/// <summary>
/// Backward through ReLU: where the activation is above 0 it becomes sum, elsewhere 0; the sum over rows goes to the
/// bias gradient.
/// </summary>
internal readonly unsafe struct ReluAdjointEpilogue<TV, TS>(Panels activation, Panels biasGradient) : IEpilogue
    where TV : struct
    where TS : struct, ISimd<TV>
{
    public int Far(int feature, int panel, float** arrays) => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* tile, int feature, int count, int panel)
    {
        float* at = activation.At(panel, feature);
        float* bias = biasGradient.At(panel) + feature;
        for (int j = 0; j < count; j++)
        {
            TV total = TS.Broadcast(0f);
            for (int r = 0; r < PanelRows; r += TS.Count, tile += TS.Count, at += TS.Count)
            {
                TV value = TS.WherePositive(TS.Load(at), TS.Load(tile));
                TS.Store(value, at);
                total = TS.Add(total, value);
            }

            bias[j] = TS.Sum(total);
        }
    }
}
