namespace EDA.Kernels.Gpu;

/// <summary>Sums over the rows of a group, while they are in registers: a row a group of a part that <see cref="ColumnSums"/> then sums.</summary>
public static class GroupSums
{
    private const int Quads = RowShare.Width / 4;

    /// <summary>Adds up what the group's warps hold, a row each; all items must call it.</summary>
    /// <param name="sums">A row of 256 sums a group, overwritten; aligned.</param>
    /// <param name="row">This warp's row; zeros past the last.</param>
    public static void Store(ModelView sums, RowShare row)
    {
        var memory = SharedMemory.Allocate<Float4>(WarpRow.RowsPerGroup * Quads);
        row.Store(memory, WarpRow.InGroup);
        Group.Barrier();
        if (Group.IdxX < Quads)
            sums.Quads[(Grid.IdxX * Quads) + Group.IdxX] = Column(memory, Group.IdxX, Quads);
    }

    /// <summary>The same for three rows a warp, side by side.</summary>
    /// <param name="sums">A row of 3 · 256 sums a group, overwritten; aligned.</param>
    /// <param name="first">The first.</param>
    /// <param name="second">The second.</param>
    /// <param name="third">The third.</param>
    public static void Store(ModelView sums, RowShare first, RowShare second, RowShare third)
    {
        var memory = SharedMemory.Allocate<Float4>(WarpRow.RowsPerGroup * 3 * Quads);
        int warp = 3 * WarpRow.InGroup;
        first.Store(memory, warp);
        second.Store(memory, warp + 1);
        third.Store(memory, warp + 2);
        Group.Barrier();
        if (Group.IdxX < 3 * Quads)
            sums.Quads[(Grid.IdxX * 3 * Quads) + Group.IdxX] = Column(memory, Group.IdxX, 3 * Quads);
    }

    private static Float4 Column(ArrayView<Float4> memory, int at, int stride) =>
        memory[at] + memory[at + stride] + (memory[at + (2 * stride)] + memory[at + (3 * stride)])
        + (memory[at + (4 * stride)] + memory[at + (5 * stride)] + (memory[at + (6 * stride)] + memory[at + (7 * stride)]));
}
