namespace EDA.Kernels.Gpu;

/// <summary>Up to 32 columns to be summed over the rows of the batch: Σ_r a·b + c·d.</summary>
public struct ColumnSumTask
{
    /// <summary>Where a's first element of these columns stands in the workspace.</summary>
    public int A;

    /// <summary>Where b's stands; −1 for ones.</summary>
    public int B;

    /// <summary>Where c's stands; −1 where there is no second product.</summary>
    public int C;

    /// <summary>Where d's stands.</summary>
    public int D;

    /// <summary>From one row to the next.</summary>
    public int Stride;

    /// <summary>1 where it has a row a condition, 0 where it has a row a candidate.</summary>
    public int IsPerCondition;

    /// <summary>The number of columns, at most 32.</summary>
    public int Columns;

    /// <summary>Where the sums go.</summary>
    public int Result;

    /// <summary>Which array they go to: a <see cref="SumTarget"/>.</summary>
    public int Target;
}

/// <summary>Where column sums go.</summary>
public static class SumTarget
{
    /// <summary>The workspace.</summary>
    public const int Workspace = 0;

    /// <summary>The flat gradient.</summary>
    public const int Gradient = 1;

    /// <summary>The loss, divided by the number of losses.</summary>
    public const int MeanLoss = 2;
}

/// <summary>The arguments of <see cref="ColumnSums"/> and <see cref="ColumnSumsEnd"/>.</summary>
public struct ColumnSumArguments
{
    /// <summary>What is summed.</summary>
    public ModelView Workspace;

    /// <summary>The flat gradient.</summary>
    public ModelView Gradient;

    /// <summary>The loss [1].</summary>
    public ModelView Loss;

    /// <summary>The sums of parts of the rows, overwritten by the first kernel and read by the second [parts×tasks×32].</summary>
    public ModelView Partial;

    /// <summary>The tasks.</summary>
    public ArrayView<ColumnSumTask> Tasks;

    /// <summary>The rows of this part of the batch.</summary>
    public int Rows;

    /// <summary>The conditions of this part of the batch.</summary>
    public int Conditions;

    /// <summary>The number of parts.</summary>
    public int Parts;

    /// <summary>The rows of a part.</summary>
    public int RowsPerPart;

    /// <summary>1 to add to the results, 0 to overwrite them.</summary>
    public int Accumulates;

    /// <summary>What the loss is divided by.</summary>
    public int LossCount;
}

/// <summary>
/// Gradients of biases, of layer norms and of O, and the loss: sums of columns over the rows of the batch, first over parts
/// of the rows. A group a task and a part; four warps take turns at the rows. 4 to 16 bytes an element: bound by memory.
/// </summary>
public static class ColumnSums
{
    /// <summary>The kernel: a grid of tasks × parts × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ColumnSumArguments a)
    {
        var partial = SharedMemory.Allocate<float>(WarpRow.GroupSize);
        ColumnSumTask t = a.Tasks[Grid.IdxX];
        int lane = WarpRow.Lane, warp = Group.IdxX / WarpRow.WarpSize;
        int first = Grid.IdxY * a.RowsPerPart;
        int end = XMath.Min(first + a.RowsPerPart, t.IsPerCondition != 0 ? a.Conditions : a.Rows);
        float total = 0f;
        if (lane < t.Columns)
        {
            for (int row = first + warp; row < end; row += WarpRow.RowsPerGroup)
            {
                int at = (row * t.Stride) + lane;
                float value = a.Workspace.Mine[t.A + at];
                if (t.B >= 0)
                    value *= a.Workspace.Mine[t.B + at];
                if (t.C >= 0)
                    value += a.Workspace.Mine[t.C + at] * a.Workspace.Mine[t.D + at];
                total += value;
            }
        }

        partial[Group.IdxX] = total;
        Group.Barrier();
        if (warp == 0)
        {
            total = partial[lane] + partial[lane + 32] + (partial[lane + 64] + partial[lane + 96]);
            a.Partial.Mine[(((Grid.IdxY * Grid.DimX) + Grid.IdxX) * WarpRow.WarpSize) + lane] = total;
        }
    }
}

/// <summary>The second half of <see cref="ColumnSums"/>: adds the parts, in their order, and puts the sums where they belong.</summary>
public static class ColumnSumsEnd
{
    /// <summary>The kernel: a grid of tasks × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.WarpSize)]
    public static void Run(ColumnSumArguments a)
    {
        ColumnSumTask t = a.Tasks[Grid.IdxX];
        int lane = WarpRow.Lane;
        if (lane >= t.Columns)
            return;
        float total = 0f;
        for (int part = 0; part < a.Parts; part++)
            total += a.Partial.Mine[(((part * Grid.DimX) + Grid.IdxX) * WarpRow.WarpSize) + lane];
        var results = a.Workspace.Mine;
        if (t.Target == SumTarget.Gradient)
            results = a.Gradient.Mine;
        if (t.Target == SumTarget.MeanLoss)
        {
            results = a.Loss.Mine;
            total /= a.LossCount;
        }

        if (a.Accumulates != 0)
            total += results[t.Result + lane];
        results[t.Result + lane] = total;
    }
}
