namespace EDA.Tests.Software;

/// <summary>The grid of groups.</summary>
public static class Grid
{
    /// <summary>This group's column.</summary>
    public static int IdxX => ItemContext.GroupX;

    /// <summary>This group's row.</summary>
    public static int IdxY => ItemContext.GroupY;

    /// <summary>This group's layer.</summary>
    public static int IdxZ => ItemContext.GroupZ;

    /// <summary>The number of columns.</summary>
    public static int DimX => ItemContext.GridX;

    /// <summary>The number of rows.</summary>
    public static int DimY => ItemContext.GridY;

    /// <summary>The number of layers.</summary>
    public static int DimZ => ItemContext.GridZ;
}
