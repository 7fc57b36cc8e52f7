namespace EDA.Kernels.Gpu;

/// <summary>Some columns of a matrix, to be summed over its rows. Up to four, or a multiple of four that stand aligned.</summary>
public struct ColumnSumTask
{
    /// <summary>The most columns of a task: four a lane.</summary>
    public const int MostColumns = 4 * WarpRow.WarpSize;

    /// <summary>The most columns of a task whose lanes go along the rows.</summary>
    public const int FewColumns = 4;

    /// <summary>Where the first element of these columns stands in the workspace.</summary>
    public int First;

    /// <summary>From one row to the next.</summary>
    public int Stride;

    /// <summary>What it has a row for each of: a <see cref="SumRows"/>.</summary>
    public int RowsOf;

    /// <summary>The number of columns.</summary>
    public int Columns;

    /// <summary>1 where the matrix has 16 bits a number: First and Stride are then in words of two.</summary>
    public int IsHalf;

    /// <summary>Where the sums go.</summary>
    public int Result;

    /// <summary>Which array they go to: a <see cref="SumTarget"/>.</summary>
    public int Target;
}

/// <summary>What a matrix to be summed has a row for each of.</summary>
public static class SumRows
{
    /// <summary>A candidate.</summary>
    public const int Candidate = 0;

    /// <summary>A condition.</summary>
    public const int Condition = 1;

    /// <summary>A part of the rows, of <see cref="Parts"/>.</summary>
    public const int Part = 3;

    /// <summary>The parts that a gradient is summed in where its tiles are few.</summary>
    public const int Parts = 16;

    /// <summary>A group of candidates' rows: what <see cref="GroupSums"/> wrote.</summary>
    public const int Group = 2;
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
    /// <summary>The rows that a group adds up, one an item where columns are few: a matrix that has more is summed in parts.</summary>
    public const int RowsPerPart = WarpRow.GroupSize;

    /// <summary>What is summed.</summary>
    public ModelView Workspace;

    /// <summary>The flat gradient.</summary>
    public ModelView Gradient;

    /// <summary>The loss [1].</summary>
    public ModelView Loss;

    /// <summary>The sums of parts of the rows, overwritten by the first kernel and read by the second [parts×tasks×128].</summary>
    public ModelView Partial;

    /// <summary>The tasks.</summary>
    public ArrayView<ColumnSumTask> Tasks;

    /// <summary>The rows of this part of the batch.</summary>
    public int Rows;

    /// <summary>The conditions of this part of the batch.</summary>
    public int Conditions;

    /// <summary>1 to add to the results, 0 to overwrite them.</summary>
    public int Accumulates;

    /// <summary>What the loss is divided by.</summary>
    public int LossCount;

    /// <summary>What gradients are multiplied by: a power of two, 1 unless the adjoints were scaled.</summary>
    public float Scale;

    /// <summary>The rows of a task.</summary>
    /// <param name="task">The task.</param>
    /// <returns>How many they are.</returns>
    public readonly int RowsOf(ColumnSumTask task)
    {
        if (task.RowsOf == SumRows.Condition)
            return Conditions;
        if (task.RowsOf == SumRows.Part)
            return SumRows.Parts;
        return task.RowsOf == SumRows.Candidate ? Rows : (Rows + WarpRow.RowsPerGroup - 1) / WarpRow.RowsPerGroup;
    }

    /// <summary>Where a lane's sums of a part stand, by fours.</summary>
    /// <param name="part">The part.</param>
    /// <returns>The index.</returns>
    public static int PartialAt(int part) => (((part * Grid.DimX) + Grid.IdxX) * WarpRow.WarpSize) + WarpRow.Lane;

    /// <summary>Puts the sums of a lane's four columns where they belong.</summary>
    /// <param name="task">The task.</param>
    /// <param name="sums">The sums.</param>
    public readonly void Finish(ColumnSumTask task, Float4 sums)
    {
        Finish(task, 0, sums.X);
        Finish(task, 1, sums.Y);
        Finish(task, 2, sums.Z);
        Finish(task, 3, sums.W);
    }

    private readonly void Finish(ColumnSumTask task, int at, float sum)
    {
        int column = (4 * WarpRow.Lane) + at;
        if (column >= task.Columns)
            return;
        var results = Workspace.Mine;
        if (task.Target == SumTarget.Gradient)
            results = Gradient.Mine;
        if (task.Target == SumTarget.MeanLoss)
        {
            results = Loss.Mine;
            sum /= LossCount;
        }
        else
        {
            sum *= Scale;
        }

        if (Accumulates != 0)
            sum += results[task.Result + column];
        results[task.Result + column] = sum;
    }
}

/// <summary>
/// Gradients of biases, of layer norms and of O, and the loss: sums of columns over the rows, first over parts of the rows
/// where they are many. A group a task and a part; eight warps take turns at the rows, eight of which are on their way to a
/// warp at a time. 4 bytes an element: bound by memory.
/// </summary>
public static class ColumnSums
{
    /// <summary>The kernel: a grid of tasks × parts × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.GroupSize)]
    public static void Run(ColumnSumArguments a)
    {
        var memory = SharedMemory.Allocate<Float4>(WarpRow.GroupSize);
        ColumnSumTask task = a.Tasks[Grid.IdxX];
        int rows = a.RowsOf(task), first = Grid.IdxY * ColumnSumArguments.RowsPerPart;
        int end = XMath.Min(first + ColumnSumArguments.RowsPerPart, rows);
        Float4 total = default;
        if (task.Columns <= ColumnSumTask.FewColumns)
            total = FewColumns(a.Workspace.Mine, task, first + Group.IdxX, end);
        else if (task.IsHalf != 0 && 4 * WarpRow.Lane < task.Columns)
            total = Halves(a.Workspace.Mine.AsAligned(8).Cast<Half4>(), (task.First >> 1) + WarpRow.Lane, task.Stride >> 1, first + WarpRow.InGroup, end);
        else if (4 * WarpRow.Lane < task.Columns)
            total = Rows(a.Workspace.Quads, (task.First >> 2) + WarpRow.Lane, task.Stride >> 2, first + WarpRow.InGroup, end, WarpRow.RowsPerGroup);
        memory[Group.IdxX] = total;
        Group.Barrier();
        if (WarpRow.InGroup != 0 || first >= rows)
            return;
        total = Rows(memory, WarpRow.Lane, WarpRow.WarpSize, 0, WarpRow.RowsPerGroup, 1);
        if (rows <= ColumnSumArguments.RowsPerPart)
            a.Finish(task, total);
        else
            a.Partial.Quads[ColumnSumArguments.PartialAt(Grid.IdxY)] = total;
    }

    /// <summary>The sum of the rows first, first + step, … before end, eight loads ahead of their sums.</summary>
    /// <param name="values">A matrix, by fours.</param>
    /// <param name="at">A column of it.</param>
    /// <param name="stride">From one row to the next.</param>
    /// <param name="first">The first row.</param>
    /// <param name="end">One more than the last.</param>
    /// <param name="step">From one row to the next one summed.</param>
    /// <returns>The sum.</returns>
    internal static Float4 Rows(ArrayView<Float4> values, int at, int stride, int first, int end, int step)
    {
        Float4 total = default;
        int row = first, next = step * stride;
        at += row * stride;
        for (; row + (7 * step) < end; row += 8 * step)
        {
            Float4 a = values[at], b = values[at + next], c = values[at + (2 * next)], d = values[at + (3 * next)];
            Float4 e = values[at + (4 * next)], f = values[at + (5 * next)], g = values[at + (6 * next)], h = values[at + (7 * next)];
            total += a + b + (c + d) + (e + f + (g + h));
            at += 8 * next;
        }

        for (; row < end; row += step)
        {
            total += values[at];
            at += next;
        }

        return total;
    }

    // The same of every eighth row of a matrix with 16 bits a number, four loads ahead of their sums.
    private static Float4 Halves(ArrayView<Half4> values, int at, int stride, int first, int end)
    {
        const int step = WarpRow.RowsPerGroup;
        Float4 total = default;
        int row = first, next = step * stride;
        at += row * stride;
        for (; row + (3 * step) < end; row += 4 * step)
        {
            Half4 a = values[at], b = values[at + next], c = values[at + (2 * next)], d = values[at + (3 * next)];
            total += a.Wide + b.Wide + (c.Wide + d.Wide);
            at += 4 * next;
        }

        for (; row < end; row += step)
        {
            Half4 last = values[at];
            total += last.Wide;
            at += next;
        }

        return total;
    }

    // An item a row: its sum of up to four columns, then the warp's, which every lane has; the first lane's counts.
    private static Float4 FewColumns(ArrayView<float> values, ColumnSumTask task, int row, int end)
    {
        Float4 total = default;
        if (row < end)
        {
            int at = task.First + (row * task.Stride);
            total.X = values[at];
            total.Y = task.Columns > 1 ? values[at + 1] : 0f;
            total.Z = task.Columns > 2 ? values[at + 2] : 0f;
            total.W = task.Columns > 3 ? values[at + 3] : 0f;
        }

        WarpRow.Sum(ref total.X, ref total.Y);
        WarpRow.Sum(ref total.Z, ref total.W);
        return total;
    }
}

/// <summary>The second half of <see cref="ColumnSums"/> where the rows are many: adds the parts, in their order.</summary>
public static class ColumnSumsEnd
{
    /// <summary>The kernel: a grid of tasks × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.WarpSize)]
    public static void Run(ColumnSumArguments a)
    {
        ColumnSumTask task = a.Tasks[Grid.IdxX];
        int rows = a.RowsOf(task);
        if (rows <= ColumnSumArguments.RowsPerPart)
            return;
        int parts = (rows + ColumnSumArguments.RowsPerPart - 1) / ColumnSumArguments.RowsPerPart;
        a.Finish(task, ColumnSums.Rows(a.Partial.Quads, ColumnSumArguments.PartialAt(0), Grid.DimX * WarpRow.WarpSize, 0, parts, 1));
    }
}
