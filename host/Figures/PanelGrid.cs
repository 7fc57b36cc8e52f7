using OxyPlot;

namespace EDA.Host.Figures;

/// <summary>Panels with titles, two in a row, under one legend.</summary>
public static class PanelGrid
{
    private const double Width = 440;
    private const double Height = 235;
    private const double HeadRoom = 22;
    private const double RowGap = 10;
    private const double TitleGap = 3;
    private const double LegendLine = 20;
    private const double LegendFont = 12;
    private const double CharacterWidth = 6.4;
    private const int MostInRow = 2;

    /// <summary>Draws them.</summary>
    /// <param name="name">The figure's name.</param>
    /// <param name="panels">The panels, at least one.</param>
    /// <param name="legend">The curves' names and colours.</param>
    /// <param name="heading">What stands before the names; empty for nothing.</param>
    /// <returns>The image, an SVG document.</returns>
    public static string Draw(string name, IReadOnlyList<(string Title, PlotModel Plot)> panels, IReadOnlyList<(string Name, string Color)> legend, string heading)
    {
        const double RowHeight = HeadRoom + Height + RowGap;
        double width = Math.Min(panels.Count, MostInRow) * Width;
        var words = Place(legend, heading, width);
        double top = words.Count == 0 ? 0 : words[^1].Y + 8;
        int rows = (panels.Count + MostInRow - 1) / MostInRow;
        var sheet = new SvgSheet(name, width, top + (rows * RowHeight) - RowGap);
        foreach (var (text, color, x, y) in words)
            sheet.Write(text, x, y, LegendFont, "start", color: color);
        for (int i = 0; i < panels.Count; i++)
        {
            double left = i % MostInRow * Width, above = top + (i / MostInRow * RowHeight) + HeadRoom;
            sheet.Write(panels[i].Title, left + (Width / 2) + 18, above - TitleGap);
            sheet.Add(panels[i].Plot, left, above, Width, Height);
        }

        return sheet.ToDocument();
    }

    private static List<(string Text, string Color, double X, double Y)> Place(IReadOnlyList<(string Name, string Color)> legend, string heading, double width)
    {
        const string Ink = "#222", Dot = "●";
        var words = new List<(string, string, double, double)>();
        double x = 16, y = LegendLine - 4;
        if (legend.Count > 0 && heading.Length > 0)
            Add(heading, Ink, 14);
        foreach (var (name, color) in legend)
        {
            if (x > 16 && x + 14 + (name.Length * CharacterWidth) > width)
                (x, y) = (16, y + LegendLine);
            Add(Dot, color, 6);
            Add(name, Ink, 16);
        }

        return words;

        void Add(string text, string color, double gap)
        {
            words.Add((text, color, x, y));
            x += (text.Length * CharacterWidth) + gap;
        }
    }
}
