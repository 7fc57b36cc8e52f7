using EDA.Kernels;

namespace EDA.Engine.Optimizers;

/// <summary>Where the tensors of a network stand in its flat parameter array: what an optimizer that treats them by name needs.</summary>
/// <param name="Trained">The tensors that are trained.</param>
/// <param name="Length">The elements of a network.</param>
/// <param name="Stride">From one network to the next, where several stand in one array.</param>
public sealed record ParameterLayout(IReadOnlyList<ParameterSlice> Trained, int Length, int Stride)
{
    /// <summary>That of a diffusion network: all but the fixed frequencies, which weight decay would move.</summary>
    /// <param name="layout">The network's.</param>
    public static implicit operator ParameterLayout(BdmLayout layout) => Of(layout);

    /// <summary>That of a diffusion network: all but the fixed frequencies, which weight decay would move.</summary>
    /// <param name="layout">The network's.</param>
    /// <returns>The layout.</returns>
    public static ParameterLayout Of(BdmLayout layout) => new([.. layout.Slices.Where(slice => slice != layout.Frequencies)], layout.Length, layout.ModelStride);

    /// <summary>That of a critic's networks, or of its policy.</summary>
    /// <param name="layout">The networks'.</param>
    /// <returns>The layout.</returns>
    public static ParameterLayout Of(MlpLayout layout) => new(layout.Slices, layout.Length, layout.Length);
}
