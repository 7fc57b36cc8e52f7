namespace EDA.Kernels.Gpu;

/// <summary>The arguments of <see cref="CriticRows"/>.</summary>
public struct CriticRowsArguments
{
    /// <summary>s of the dataset [N×S].</summary>
    public ArrayView<float> States;

    /// <summary>a of the dataset [N×A].</summary>
    public ArrayView<float> Actions;

    /// <summary>r of the dataset [N].</summary>
    public ArrayView<float> Rewards;

    /// <summary>d of the dataset [N].</summary>
    public ArrayView<float> Terminals;

    /// <summary>s' of the dataset [N×S].</summary>
    public ArrayView<float> NextStates;

    /// <summary>The rows of the dataset; read where they are given [n].</summary>
    public ArrayView<int> Indices;

    /// <summary>s, then s', overwritten [2n×S].</summary>
    public ArrayView<float> BatchStates;

    /// <summary>[a; s], overwritten [n×(A+S)].</summary>
    public ArrayView<float> Inputs;

    /// <summary>r and γ(1 − d), overwritten [n×2].</summary>
    public ArrayView<float> Returns;

    /// <summary>The stream that rows are drawn from.</summary>
    public DrawView Draw;

    /// <summary>n, of this part of the batch.</summary>
    public int Rows;

    /// <summary>N.</summary>
    public int Count;

    /// <summary>S.</summary>
    public int StateSize;

    /// <summary>A.</summary>
    public int ActionSize;

    /// <summary>1 where rows are drawn, 0 where they are given.</summary>
    public int Draws;

    /// <summary>The batch's row that row 0 is.</summary>
    public int FirstRow;

    /// <summary>γ.</summary>
    public float Discount;
}

/// <summary>
/// A critic's batch out of the dataset: rows drawn (or given) and gathered into the networks' inputs in one go. A warp a
/// row; 8(3S + 2A + 2) bytes a row.
/// </summary>
public static class CriticRows
{
    /// <summary>The kernel: a grid of ⌈n/8⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(CriticRowsArguments a)
    {
        int row = WarpRow.Index, lane = WarpRow.Lane, inputs = a.ActionSize + a.StateSize;
        if (row >= a.Rows)
            return;
        int at;
        if (a.Draws != 0)
            at = Philox.Index(a.Draw.Word((uint)RandomPurpose.BatchIndex, (ulong)(a.FirstRow + row)), a.Count);
        else
            at = a.Indices[a.FirstRow + row];
        for (int i = lane; i < a.StateSize; i += WarpRow.WarpSize)
        {
            float state = a.States[((long)at * a.StateSize) + i];
            a.BatchStates[(row * a.StateSize) + i] = state;
            a.BatchStates[((a.Rows + row) * a.StateSize) + i] = a.NextStates[((long)at * a.StateSize) + i];
            a.Inputs[(row * inputs) + a.ActionSize + i] = state;
        }

        for (int i = lane; i < a.ActionSize; i += WarpRow.WarpSize)
            a.Inputs[(row * inputs) + i] = a.Actions[((long)at * a.ActionSize) + i];
        if (lane == 0)
        {
            a.Returns[2 * row] = a.Rewards[at];
            a.Returns[(2 * row) + 1] = a.Discount * (1f - a.Terminals[at]);
        }
    }
}

/// <summary>The arguments of <see cref="JoinRows"/>.</summary>
public struct JoinRowsArguments
{
    /// <summary>s [n×S].</summary>
    public ArrayView<float> States;

    /// <summary>a [n·K×A].</summary>
    public ArrayView<float> Actions;

    /// <summary>[a; s], overwritten [n·K×(A+S)].</summary>
    public ArrayView<float> Inputs;

    /// <summary>n·K.</summary>
    public int Rows;

    /// <summary>K.</summary>
    public int Candidates;

    /// <summary>S.</summary>
    public int StateSize;

    /// <summary>A.</summary>
    public int ActionSize;
}

/// <summary>Puts each of K actions beside its state. An item an element; 8 bytes each.</summary>
public static class JoinRows
{
    /// <summary>The kernel: a grid of ⌈nK(A+S)/128⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(JoinRowsArguments a)
    {
        int i = VectorKernel.Index, inputs = a.ActionSize + a.StateSize;
        if (i >= a.Rows * inputs)
            return;
        int row = i / inputs, column = i % inputs;
        float value;
        if (column < a.ActionSize)
            value = a.Actions[(row * a.ActionSize) + column];
        else
            value = a.States[(row / a.Candidates * a.StateSize) + column - a.ActionSize];
        a.Inputs[i] = value;
    }
}

/// <summary>The arguments of <see cref="SmallerOfTwins"/>.</summary>
public struct SmallerOfTwinsArguments
{
    /// <summary>Q₁, then Q₂ [2×n].</summary>
    public ArrayView<float> Twins;

    /// <summary>Overwritten [n].</summary>
    public ArrayView<float> Smaller;

    /// <summary>n.</summary>
    public int Rows;

    /// <summary>From Q₁ to Q₂.</summary>
    public int Stride;
}

/// <summary>min(Q₁, Q₂). An item a row; 12 bytes each.</summary>
public static class SmallerOfTwins
{
    /// <summary>The kernel: a grid of ⌈n/128⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(SmallerOfTwinsArguments a)
    {
        int i = VectorKernel.Index;
        if (i < a.Rows)
            a.Smaller[i] = Ieee.Minimum(a.Twins[i], a.Twins[a.Stride + i]);
    }
}
