namespace EDA.Host.Figures;

/// <summary>Points of generative models beside each other, as the paper's Figure 7 has them.</summary>
public static class GeneratorFigure
{
    private const int PointLimit = 2000;
    private const double ColumnGap = 8;
    private const double HeadRoom = 22;
    private const double FootRoom = 18;
    private const double TitleGap = 3;

    /// <summary>Draws a row of panels.</summary>
    /// <param name="columns">For each model its name, its points and its energy distance to the data.</param>
    /// <param name="extent">All axes run from −extent to extent.</param>
    /// <returns>The figure.</returns>
    public static Figure Draw(IReadOnlyList<(string Title, PlanarPoints Points, double EnergyDistance)> columns, double extent)
    {
        var sizes = columns.Select((_, i) => Panels.Size(LabelsOf(i))).ToArray();
        var sheet = new SvgSheet("overview", sizes.Sum(size => size.Width) + (ColumnGap * (columns.Count - 1)), HeadRoom + sizes[0].Height + FootRoom);
        double left = 0;
        for (int i = 0; i < columns.Count; i++)
        {
            var labels = LabelsOf(i);
            double center = left + (i == 0 ? Panels.LeftMargin : Panels.ThinMargin) + (Panels.Side / 2);
            sheet.Write(columns[i].Title, center, HeadRoom - TitleGap);
            sheet.Add(Panels.Cloud(columns[i].Points.AtMost(PointLimit), extent, labels), left, HeadRoom, sizes[i].Width, sizes[i].Height);
            sheet.Write(Number(columns[i].EnergyDistance), center, HeadRoom + sizes[i].Height + FootRoom - 5);
            left += sizes[i].Width + ColumnGap;
        }

        return new Figure("overview", "Points of each model, and beneath them their energy distance to fresh points of the bandit.", sheet.ToDocument());
    }

    /// <summary>An energy distance as the figure and its tables write it.</summary>
    internal static string Number(double distance) => distance.ToString("0.0000", CultureInfo.InvariantCulture).Replace('-', '−');

    private static PanelLabels LabelsOf(int column) => PanelLabels.Bottom | (column == 0 ? PanelLabels.Left : PanelLabels.None);
}
