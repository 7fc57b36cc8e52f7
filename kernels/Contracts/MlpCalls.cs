namespace EDA.Kernels;

/// <summary>The arguments of <see cref="IMlpOperations.Forward"/>.</summary>
public readonly record struct MlpForwardCall
{
    /// <summary>θ [P], read.</summary>
    public required DeviceArray<float> Parameters { get; init; }

    /// <summary>x [n×in], read.</summary>
    public required DeviceArray<float> Inputs { get; init; }

    /// <summary>n.</summary>
    public required int Rows { get; init; }

    /// <summary>y [n×out], overwritten.</summary>
    public required DeviceArray<float> Outputs { get; init; }
}

/// <summary>The arguments of <see cref="IMlpOperations.Gradient"/>; at least one of the two gradients is asked for.</summary>
public readonly record struct MlpGradientCall
{
    /// <summary>θ [P], read.</summary>
    public required DeviceArray<float> Parameters { get; init; }

    /// <summary>x [n×in], read.</summary>
    public required DeviceArray<float> Inputs { get; init; }

    /// <summary>n.</summary>
    public required int Rows { get; init; }

    /// <summary>∂L/∂y [n×out], read.</summary>
    public required DeviceArray<float> OutputsGradient { get; init; }

    /// <summary>∂L/∂θ [P], overwritten; null if it is not wanted.</summary>
    public DeviceArray<float>? ParametersGradient { get; init; }

    /// <summary>∂L/∂x [n×in], overwritten; null if it is not wanted.</summary>
    public DeviceArray<float>? InputsGradient { get; init; }

    /// <summary>y [n×out], overwritten; null if it is not wanted.</summary>
    public DeviceArray<float>? Outputs { get; init; }

    /// <summary>Refuses a call that asks for nothing.</summary>
    /// <exception cref="ArgumentException">It does.</exception>
    public void Check()
    {
        if (ParametersGradient is null && InputsGradient is null)
            throw new ArgumentException("neither the parameters' gradient nor the inputs' is asked for", nameof(ParametersGradient));
    }
}
