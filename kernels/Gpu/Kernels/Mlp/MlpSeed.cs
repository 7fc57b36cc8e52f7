namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="MlpSeed"/>.</summary>
public struct MlpSeedArguments
{
    /// <summary>∂L/∂y [n×out].</summary>
    public ModelView OutputsGradient;

    /// <summary>The slope of the output's tanh; read where HasSlope [n×out].</summary>
    public ModelView Slope;

    /// <summary>∂L/∂z of the last layer, overwritten [n×out].</summary>
    public ModelView Adjoint;

    /// <summary>n·out.</summary>
    public int Count;

    /// <summary>1 where the output goes through tanh.</summary>
    public int HasSlope;
}

/// <summary>Where a backward pass begins. An item an element; 8 bytes each, 12 with a slope.</summary>
public static class MlpSeed
{
    /// <summary>The kernel: a grid of ⌈count/128⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(MlpSeedArguments a)
    {
        int i = VectorKernel.Index;
        if (i >= a.Count)
            return;
        float adjoint = a.OutputsGradient.Mine[i];
        if (a.HasSlope != 0)
            adjoint *= a.Slope.Mine[i];
        a.Adjoint.Mine[i] = adjoint;
    }
}
