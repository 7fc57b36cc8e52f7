namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="ChooseTwin"/> and <see cref="ChosenActionGradient"/>. A network's numbers stand a stride after the one's before.</summary>
public struct ChosenTwinArguments
{
    /// <summary>What the networks gave [n] each.</summary>
    public ArrayView<float> Outputs;

    /// <summary>1 for the chosen network and 0 for the other, overwritten by the first kernel and read by the second [n] each.</summary>
    public ArrayView<float> Seeds;

    /// <summary>Q of the chosen one, overwritten where HasQ [n].</summary>
    public ArrayView<float> Q;

    /// <summary>∂Q/∂[a; s] of the networks [n×(A+S)] each.</summary>
    public ArrayView<float> InputsGradient;

    /// <summary>∂Q/∂a of the chosen one, overwritten [n×A].</summary>
    public ArrayView<float> Gradient;

    /// <summary>From one network's numbers to the next's.</summary>
    public long Stride;

    /// <summary>1 or 2.</summary>
    public int Networks;

    /// <summary>1 where Q is wanted.</summary>
    public int HasQ;

    /// <summary>n.</summary>
    public int Rows;

    /// <summary>A.</summary>
    public int ActionSize;

    /// <summary>A + S.</summary>
    public int InputSize;
}

/// <summary>Which of the twins counts, the first where they are equal. An item a row; at most 20 bytes each.</summary>
public static class ChooseTwin
{
    /// <summary>The kernel: a grid of ⌈n/128⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(ChosenTwinArguments a)
    {
        int i = VectorKernel.Index;
        if (i >= a.Rows)
            return;
        float q = a.Outputs[i];
        float first = 1f;
        if (a.Networks > 1)
        {
            float second = a.Outputs[a.Stride + i];
            if (XMath.IsNaN(second) | second < q)
            {
                q = second;
                first = 0f;
            }

            a.Seeds[a.Stride + i] = 1f - first;
        }

        a.Seeds[i] = first;
        if (a.HasQ != 0)
            a.Q[i] = q;
    }
}

/// <summary>The chosen network's slopes along the action. An item an element; 12 bytes each.</summary>
public static class ChosenActionGradient
{
    /// <summary>The kernel: a grid of ⌈nA/128⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(ChosenTwinArguments a)
    {
        int i = VectorKernel.Index;
        if (i >= a.Rows * a.ActionSize)
            return;
        int row = i / a.ActionSize;
        long at = ((long)row * a.InputSize) + (i % a.ActionSize);
        if (a.Seeds[row] == 0f)
            at += a.Stride;
        a.Gradient[i] = a.InputsGradient[at];
    }
}
