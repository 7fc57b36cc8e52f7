namespace EDA.Kernels.Gpu;

/// <summary>One tile of one weight's gradient: where its factors stand in the workspace and where it goes in the result.</summary>
public struct WeightGradientTile
{
    /// <summary>The first product's left factor, z̄ [rows×left columns].</summary>
    public int Left;

    /// <summary>The first product's right factor, y [rows×right columns].</summary>
    public int Right;

    /// <summary>The second product's left factor, δz.</summary>
    public int SecondLeft;

    /// <summary>The second product's right factor, ẏ.</summary>
    public int SecondRight;

    /// <summary>1 where the factors have a row a condition, 0 where they have a row a candidate.</summary>
    public int IsPerCondition;

    /// <summary>1 where there is a second product.</summary>
    public int HasSecond;

    /// <summary>Which of <see cref="Parts"/> parts of the batch's rows it sums over.</summary>
    public int Part;

    /// <summary>The parts that the rows are summed in, at least 1; each but the last has a multiple of 16 rows.</summary>
    public int Parts;

    /// <summary>From one row of the batch to the next in the left factors.</summary>
    public int LeftStride;

    /// <summary>From one row of the batch to the next in the right factors.</summary>
    public int RightStride;

    /// <summary>The rows of the gradient.</summary>
    public int Rows;

    /// <summary>The columns of the gradient.</summary>
    public int Columns;

    /// <summary>The tile's first row.</summary>
    public int FirstRow;

    /// <summary>The tile's first column.</summary>
    public int FirstColumn;

    /// <summary>Where the gradient stands.</summary>
    public int Result;

    /// <summary>From one row of the gradient to the next.</summary>
    public int ResultRowStride;

    /// <summary>From one column of the gradient to the next.</summary>
    public int ResultColumnStride;

    /// <summary>1 where the result is a part of the flat gradient, 0 where it is in the workspace.</summary>
    public int IsParameter;
}

/// <summary>The arguments of <see cref="WeightGradient{TProduct}"/>.</summary>
public struct WeightGradientArguments
{
    /// <summary>Every factor, and the results that are not parameters' gradients.</summary>
    public ModelView Workspace;

    /// <summary>The flat gradient [P].</summary>
    public ModelView Gradient;

    /// <summary>The tiles.</summary>
    public ArrayView<WeightGradientTile> Tiles;

    /// <summary>The rows of this part of the batch, summed over.</summary>
    public int Rows;

    /// <summary>The conditions of this part of the batch, summed over.</summary>
    public int Conditions;

    /// <summary>1 to add to the results, 0 to overwrite them.</summary>
    public int Accumulates;

    /// <summary>What sums are multiplied by: a power of two, 1 unless the adjoints were scaled.</summary>
    public float Scale;
}

/// <summary>
/// All weight gradients of a step in one launch: z̄ᵀy + δzᵀẏ, both outer products of method.md section 3 end to end in one
/// sum over twice the batch. A group a tile; tiles of all weights are as deep as each other, so they end together. 2·2nKM
/// FLOP a weight; each factor is read once for each tile along the other, mostly from the cache.
/// </summary>
/// <typeparam name="TProduct">The precision.</typeparam>
public static class WeightGradient<TProduct>
    where TProduct : struct, IProduct
{
    /// <summary>The kernel: a grid of as many groups as tiles × 1 × models.</summary>
    /// <param name="a">Its arguments.</param>
    public static void Run(WeightGradientArguments a)
    {
        WeightGradientTile t = a.Tiles[Grid.IdxX];
        var workspace = a.Workspace.Mine;
        Factors first = default;
        int rows = t.IsPerCondition != 0 ? a.Conditions : a.Rows;
        int rowsOfPart = t.Parts == 1 ? rows : (((rows - 1) / (16 * t.Parts)) + 1) * 16;
        int start = XMath.Min(t.Part * rowsOfPart, rows);
        long left = t.Left + ((long)start * t.LeftStride), right = t.Right + ((long)start * t.RightStride);
        first.Left = workspace.SubView(left, workspace.Length - left);
        first.Right = workspace.SubView(right, workspace.Length - right);
        first.LeftRowStride = 1;
        first.LeftDepthStride = t.LeftStride;
        first.RightRowStride = 1;
        first.RightDepthStride = t.RightStride;
        first.LeftIsAlongDepth = 0;
        first.RightIsAlongDepth = 0;
        first.LeftIsAligned = (t.LeftStride & 3) == 0 ? 1 : 0;
        first.RightIsAligned = (t.RightStride & 3) == 0 ? 1 : 0;
        first.Depth = XMath.Min(rows - start, rowsOfPart);
        Factors second = first;
        long secondLeft = t.SecondLeft + ((long)start * t.LeftStride), secondRight = t.SecondRight + ((long)start * t.RightStride);
        second.Left = workspace.SubView(secondLeft, workspace.Length - secondLeft);
        second.Right = workspace.SubView(secondRight, workspace.Length - secondRight);
        second.Depth = t.HasSecond != 0 ? first.Depth : 0;
        TProduct product = default;
        var memory = product.Sum(first, second, t.FirstRow, t.FirstColumn, t.Rows, t.Columns);
        GradientEpilogue epilogue = default;
        epilogue.Result = a.Workspace;
        if (t.IsParameter != 0)
            epilogue.Result = a.Gradient;

        // What is summed in parts is added and scaled where the parts are.
        epilogue.Accumulates = t.Parts == 1 ? a.Accumulates : 0;
        epilogue.Scale = t.Parts == 1 ? a.Scale : 1f;
        TilePlace tile = default;
        tile.FirstRow = t.FirstRow;
        tile.FirstColumn = t.FirstColumn;
        tile.Rows = t.Rows;
        tile.Columns = t.Columns;
        tile.Start = t.Result;
        tile.RowStride = t.ResultRowStride;
        tile.ColumnStride = t.ResultColumnStride;
        TileEpilogue<TProduct, GradientEpilogue>.Run(memory, epilogue, tile);
    }
}

/// <summary>result = scale·sum, or result += scale·sum.</summary>
internal struct GradientEpilogue : ISumsEpilogue
{
    /// <summary>Where the gradient is.</summary>
    public ModelView Result;

    /// <summary>1 to add to the result, 0 to overwrite it.</summary>
    public int Accumulates;

    /// <summary>A power of two.</summary>
    public float Scale;

    /// <inheritdoc/>
    public readonly bool IsAligned => Result.IsAligned != 0;

    /// <inheritdoc/>
    public void Begin() => Result.All = Result.Mine;

    /// <inheritdoc/>
    public readonly EpilogueInputs Load(Quad quad)
    {
        EpilogueInputs inputs = default;
        if (Accumulates != 0)
            inputs.First = quad.Load(Result.All);
        return inputs;
    }

    /// <inheritdoc/>
    public readonly void Store(Quad quad, Float4 sums, EpilogueInputs inputs) => quad.Store(Result.All, (sums * Scale) + inputs.First);
}
