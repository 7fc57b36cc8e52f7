namespace EDA.Kernels.Gpu;

/// <summary>A layer of some equal networks, one after the other in every array.</summary>
public struct CriticLayer
{
    /// <summary>What stands before the product [n×Depth] each.</summary>
    public ModelView Input;

    /// <summary>The weights: [H×Depth] each, or, backward, [Depth×H].</summary>
    public ModelView Weight;

    /// <summary>Forward, the bias [H] each; backward, the layer that the adjoint goes to [n×H] each.</summary>
    public ModelView Other;

    /// <summary>Overwritten [n×H] each.</summary>
    public ModelView Output;

    /// <summary>The products in a sum.</summary>
    public int Depth;

    /// <summary>How many networks there are; 0 for none.</summary>
    public int Networks;
}

/// <summary>The arguments of <see cref="CriticLayers"/> and <see cref="CriticLayersBackward"/>: layers of up to three kinds of network.</summary>
public struct CriticLayersArguments
{
    /// <summary>Of V.</summary>
    public CriticLayer Value;

    /// <summary>Of the twins.</summary>
    public CriticLayer Twin;

    /// <summary>Of the target twins.</summary>
    public CriticLayer Target;

    /// <summary>n.</summary>
    public int Rows;

    /// <summary>H.</summary>
    public int Width;

    /// <summary>The layers of the kind that this group works for.</summary>
    /// <param name="network">Which of its networks.</param>
    /// <returns>The layers.</returns>
    public readonly CriticLayer Mine(out int network)
    {
        network = Grid.IdxZ;
        CriticLayer mine = Value;
        if (network >= Value.Networks)
        {
            network -= Value.Networks;
            mine = Twin;
            if (network >= Twin.Networks)
            {
                network -= Twin.Networks;
                mine = Target;
            }
        }

        return mine;
    }
}

/// <summary>
/// A hidden layer of networks of several kinds at once, V, the twins and the target twins: max(0, input·weightᵀ + bias), in small
/// tiles. 2nH·Depth FLOP a network, 4(n·Depth + H·Depth + nH) bytes.
/// </summary>
public static class CriticLayers
{
    /// <summary>The kernel: a grid of row tiles × column tiles × networks groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(ProductTile.GroupSize)]
    public static void Run(CriticLayersArguments a)
    {
        CriticLayer mine = a.Mine(out int network);
        ReluEpilogue epilogue = default;
        epilogue.Hidden = CriticTile.One(mine.Output, network);
        epilogue.Bias = CriticTile.One(mine.Other, network);
        CriticTile.Run(mine, network, a.Rows, a.Width, true, epilogue);
    }
}

/// <summary>Back through a hidden layer of networks of several kinds at once, and the ReLU before it: input·weight where the layer before is positive.</summary>
public static class CriticLayersBackward
{
    /// <summary>The kernel: a grid of row tiles × column tiles × networks groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(ProductTile.GroupSize)]
    public static void Run(CriticLayersArguments a)
    {
        CriticLayer mine = a.Mine(out int network);
        ReluBackwardEpilogue epilogue = default;
        epilogue.Output = CriticTile.One(mine.Output, network);
        epilogue.Hidden = CriticTile.One(mine.Other, network);
        CriticTile.Run(mine, network, a.Rows, a.Width, false, epilogue);
    }
}

/// <summary>A tile of a network's layer.</summary>
internal static class CriticTile
{
    /// <summary>One network's part of an array, whatever layer of the grid the group is in.</summary>
    /// <param name="view">All networks'.</param>
    /// <param name="network">Which.</param>
    /// <returns>Its part.</returns>
    public static ModelView One(ModelView view, int network)
    {
        ModelView one = view;
        one.All = view.Of(network);
        one.Stride = 0;
        return one;
    }

    /// <summary>Makes the tile and hands it to the epilogue.</summary>
    /// <typeparam name="TEpilogue">What happens to the product.</typeparam>
    /// <param name="layer">The layer.</param>
    /// <param name="network">Of which network.</param>
    /// <param name="rows">n.</param>
    /// <param name="width">H.</param>
    /// <param name="forward">A constant: whether the weights stand along the depth.</param>
    /// <param name="epilogue">The epilogue.</param>
    public static void Run<TEpilogue>(CriticLayer layer, int network, int rows, int width, bool forward, TEpilogue epilogue)
        where TEpilogue : struct, IEpilogue
    {
        Fp32SmallProduct product = default;
        Factors factors = default;
        factors.Left = layer.Input.Of(network);
        factors.Right = layer.Weight.Of(network);
        factors.LeftRowStride = layer.Depth;
        factors.LeftDepthStride = 1;
        factors.RightRowStride = forward ? layer.Depth : 1;
        factors.RightDepthStride = forward ? 1 : width;
        factors.LeftIsAlongDepth = 1;
        factors.RightIsAlongDepth = forward ? 1 : 0;
        factors.LeftIsAligned = layer.Input.IsAligned != 0 && (layer.Depth & 3) == 0 ? 1 : 0;
        factors.RightIsAligned = layer.Weight.IsAligned != 0 && ((forward ? layer.Depth : width) & 3) == 0 ? 1 : 0;
        factors.Depth = layer.Depth;
        Factors none = factors;
        none.Depth = 0;
        TilePlace tile = default;
        tile.FirstRow = Grid.IdxX * product.TileRows;
        tile.FirstColumn = Grid.IdxY * product.TileColumns;
        tile.Rows = rows;
        tile.Columns = width;
        tile.RowStride = width;
        tile.ColumnStride = 1;
        var memory = product.Sum(factors, none, tile.FirstRow, tile.FirstColumn, rows, width);
        TileEpilogue<Fp32SmallProduct, TEpilogue>.Run(memory, epilogue, tile);
    }
}
