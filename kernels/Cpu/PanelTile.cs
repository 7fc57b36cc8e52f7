using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>The rows one thread takes through a whole pass at a time.</summary>
internal static class PanelTile
{
    /// <summary>
    /// Panels in a tile. A panel of weights read from the outer caches serves this many panels of activations: two
    /// halve the weights' traffic of one, four gained nothing more and leave less to share out between threads.
    /// </summary>
    public const int Panels = 2;

    /// <summary>Rows in a tile.</summary>
    public const int Rows = Panels * PanelRows;
}
