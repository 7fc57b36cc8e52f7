using EDA.Kernels.Cpu.Matrix;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>The rows one thread takes through a whole pass at a time. No result depends on how many.</summary>
internal static class PanelTile
{
    // A panel of weights read from the outer caches serves this many panels of activations: two halve the weights' traffic of
    // one, four gained nothing more and leave less to share out between threads.
    private const int ForVectors = 2;

    // Tiles multiply so fast that weights on their way would take a third of the time.
    private const int ForTiles = 4;

    /// <summary>Panels in a tile.</summary>
    /// <param name="unit">What multiplies in blocks; null for nothing.</param>
    public static int PanelsOf(MatrixUnit? unit) => unit is null or MatrixUnit.DotProducts ? ForVectors : ForTiles;

    /// <summary>Rows in so many panels.</summary>
    public static int Rows(int panels) => panels * PanelRows;
}
