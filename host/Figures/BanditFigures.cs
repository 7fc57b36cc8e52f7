namespace EDA.Host.Figures;

/// <summary>The figures of a bandit run, laid out as in the paper's Figure 3.</summary>
public static class BanditFigures
{
    private const int PointLimit = 2000;
    private const double ColumnGap = 8;
    private const double RowGap = 12;
    private const double HeadRoom = 22;
    private const double TitleGap = 3;
    private const double RowLabel = 24;

    /// <summary>Draws every figure.</summary>
    /// <param name="data">What they show.</param>
    /// <returns>The figures, the overview first.</returns>
    public static IReadOnlyList<Figure> Draw(BanditFigureData data)
    {
        var behavior = FieldScale.Normalise(data.BehaviorDensity, data.Extent);
        var policy = FieldScale.Normalise(data.PolicyDensity, data.Extent);
        var energy = FieldScale.Center(data.Energy, behavior);
        var figures = new List<Figure>
        {
            new(
                "overview",
                "Left: the dataset coloured by Q; "
                + (data.IdentityLabel.Length > 0
                    ? "the exact answer π*, the dataset reweighted by exp(qQ/β); the identity Q_{θ} = qQ + const on held-out behavior points"
                    : "for comparison the value objective's answer, the dataset reweighted by exp(qQ/β)")
                + ". Right: log-density of the behavior model and of the aligned policy, and Q_{θ} = β(f_{θ} − f_{φ}), at four diffusion times (0 stands for 10^{−3}); grey where there is no behavior to compare with.",
                Overview(data, behavior, policy, energy)),
            new("samples", "Data and samples, coloured by the Q of the nearest dataset point.", Samples(data)),
        };
        if (data.Losses.Count > 0)
            figures.Add(CurveFigure.Losses(data.Losses));
        return figures;
    }

    private static string Overview(
        BanditFigureData data,
        IReadOnlyList<PlanarField> behavior,
        IReadOnlyList<PlanarField> policy,
        IReadOnlyList<PlanarField> energy)
    {
        var labelled = PanelLabels.Left | PanelLabels.Bottom;
        var first = Panels.Size(labelled | PanelLabels.ColorBar);
        var inner = Panels.Size(PanelLabels.Bottom);
        var last = Panels.Size(PanelLabels.Bottom | PanelLabels.ColorBar);
        int times = behavior.Count;
        double mapsLeft = RowLabel + first.Width + 22;
        double width = mapsLeft + ((times - 1) * (inner.Width + ColumnGap)) + last.Width;
        double rowHeight = first.Height + RowGap + 12;
        var sheet = new SvgSheet("overview", width, HeadRoom + (3 * rowHeight) - RowGap);
        var quality = Quality(data);
        // Behavior and policy share a scale: brighter means denser in both.
        var densityColors = FieldScale.DensityColors(behavior.Concat(policy));
        var shownEnergy = FieldScale.Blank(energy, behavior, densityColors.Low);

        for (int row = 0; row < 3; row++)
        {
            double top = HeadRoom + (row * rowHeight);
            var fields = row switch { 0 => behavior, 1 => policy, _ => shownEnergy };
            var range = row < 2 ? densityColors : FieldScale.EnergyColors(energy, behavior);
            double center = RowLabel + Panels.LeftMargin + (Panels.Side / 2);
            switch (row)
            {
                case 0:
                    sheet.Write("dataset, colour: Q", center, top - TitleGap);
                    sheet.Add(Panels.Scatter(data.Dataset.AtMost(PointLimit), data.Extent, quality, labelled | PanelLabels.ColorBar), RowLabel, top, first.Width, first.Height);
                    break;
                case 1:
                    sheet.Write(data.TargetName, center, top - TitleGap);
                    sheet.Add(Panels.Scatter(data.Target.AtMost(PointLimit), data.Extent, quality, labelled | PanelLabels.ColorBar), RowLabel, top, first.Width, first.Height);
                    break;
                case 2 when data.IdentityLabel.Length > 0:
                    var size = Panels.IdentitySize;
                    sheet.Write("Q_{θ} (upward) against qQ", center, top - TitleGap);
                    var (label, value) = Identity(data);
                    sheet.Add(Panels.Identity(label, value), RowLabel, top, size.Width, size.Height);
                    break;
            }

            string name = row switch { 0 => "log μ_{φ}(a_{t} | t)", 1 => "log π_{θ}(a_{t} | t)", _ => "Q_{θ} = β(f_{θ} − f_{φ})" };
            double middle = top + Panels.TopMargin + (Panels.Side / 2);
            sheet.Write(name, mapsLeft - 8, middle, 13, vertical: true);
            for (int i = 0; i < times; i++)
            {
                double left = mapsLeft + (i * (inner.Width + ColumnGap));
                if (row == 0)
                    sheet.Write($"t = {fields[i].TimeLabel}", left + Panels.ThinMargin + (Panels.Side / 2), top - TitleGap);
                var labels = PanelLabels.Bottom | (i == times - 1 ? PanelLabels.ColorBar : PanelLabels.None);
                var panel = i == times - 1 ? last : inner;
                sheet.Add(Panels.Map(fields[i].Values, data.Extent, range, labels), left, top, panel.Width, panel.Height);
            }
        }

        return sheet.ToDocument();
    }

    private static string Samples(BanditFigureData data)
    {
        (string Title, PlanarPoints Points)[] panels =
        [
            ("dataset", data.Dataset),
            ("behavior samples", data.BehaviorSamples),
            (data.TargetName, data.Target),
            ("policy samples", data.PolicySamples),
        ];
        var quality = Quality(data);
        var sizes = panels.Select((_, i) => Panels.Size(LabelsOf(i, panels.Length))).ToArray();
        double width = sizes.Sum(size => size.Width) + (ColumnGap * (panels.Length - 1));
        var sheet = new SvgSheet("samples", width, HeadRoom + sizes[0].Height);
        double left = 0;
        for (int i = 0; i < panels.Length; i++)
        {
            var labels = LabelsOf(i, panels.Length);
            double center = left + (i == 0 ? Panels.LeftMargin : Panels.ThinMargin) + (Panels.Side / 2);
            sheet.Write(panels[i].Title, center, HeadRoom - TitleGap);
            sheet.Add(Panels.Scatter(panels[i].Points.AtMost(PointLimit), data.Extent, quality, labels), left, HeadRoom, sizes[i].Width, sizes[i].Height);
            left += sizes[i].Width + ColumnGap;
        }

        return sheet.ToDocument();
    }

    private static PanelLabels LabelsOf(int index, int count) =>
        PanelLabels.Bottom
        | (index == 0 ? PanelLabels.Left : PanelLabels.None)
        | (index == count - 1 ? PanelLabels.ColorBar : PanelLabels.None);

    private static (double Low, double High) Quality(BanditFigureData data) =>
        (data.Dataset.Value.Min(), data.Dataset.Value.Max());

    // Q_θ is known up to a constant: it is moved onto the labels' mean, and thinned like any scatter.
    private static (float[] Label, float[] Energy) Identity(BanditFigureData data)
    {
        float shift = data.IdentityLabel.Average() - data.IdentityEnergy.Average();
        var points = new PlanarPoints(data.IdentityLabel, data.IdentityEnergy, data.IdentityLabel).AtMost(PointLimit);
        return (points.X, [.. points.Y.Select(value => value + shift)]);
    }
}
