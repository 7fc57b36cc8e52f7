namespace EDA.Kernels.Cpu;

/// <summary>A model's arrays of an <see cref="MlpGradientCall"/>, or of an <see cref="MlpForwardCall"/>, which has no gradients; null for what is not wanted.</summary>
internal unsafe struct MlpPointers
{
    public float* Parameters;
    public float* Inputs;
    public long Rows;
    public float* OutputsGradient;
    public float* ParametersGradient;
    public float* InputsGradient;
    public float* Outputs;
}
