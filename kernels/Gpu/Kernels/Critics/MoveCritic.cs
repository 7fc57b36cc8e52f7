namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="MoveCritic"/>.</summary>
public struct MoveCriticArguments
{
    /// <summary>V's arrays and Adam's constants.</summary>
    public AdamArguments Value;

    /// <summary>The twins'.</summary>
    public AdamArguments Twin;

    /// <summary>The target twins and their rate; the source is the twins.</summary>
    public PolyakArguments Target;

    /// <summary>Where the random stream will stand in the next step.</summary>
    public SetDrawArguments Next;
}

/// <summary>
/// The end of an implicit step: Adam over V and the twins, the target twins after them, and the random stream moved on, which
/// no other kernel looks at meanwhile. An item an element; 28 bytes of V, 36 of the twins.
/// </summary>
public static class MoveCritic
{
    /// <summary>The kernel: a grid of ⌈(parameters of V and of the twins)/128⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(MoveCriticArguments a)
    {
        int i = VectorKernel.Index, values = a.Value.Parameters.IntLength;
        if (i == 0)
            SetDraw.Put(a.Next);
        if (i < values)
        {
            AdamStep.Move(a.Value, i);
            return;
        }

        i -= values;
        if (i >= a.Twin.Parameters.IntLength)
            return;
        AdamStep.Move(a.Twin, i);
        PolyakStep.Move(a.Target, i);
    }
}
