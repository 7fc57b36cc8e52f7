using System.Xml.Linq;

namespace EDA.Host.Figures;

/// <summary>
/// Rewrites a scatter plot's circles as one path per colour: a dot is a stroke of no length with round ends. Ten
/// bytes a point instead of a hundred, so that thousands of points stay a small file.
/// </summary>
internal static class SvgCompaction
{
    /// <summary>Rewrites every run of circles alike in size and style.</summary>
    /// <param name="root">The plot.</param>
    public static void Apply(XElement root)
    {
        foreach (var parent in root.DescendantsAndSelf().ToList())
        {
            var circles = parent.Elements().Where(e => e.Name.LocalName == "ellipse" && e.Attribute("rx")?.Value == e.Attribute("ry")?.Value).ToList();
            foreach (var alike in circles.GroupBy(e => (Radius: Value(e, "rx"), Style: (string?)e.Attribute("style") ?? string.Empty)))
            {
                if (alike.Count() < 2 || Fill(alike.Key.Style) is not { } fill)
                    continue;
                var path = string.Concat(alike.Select(e => $"M{SvgSheet.Number(Value(e, "cx"))} {SvgSheet.Number(Value(e, "cy"))}h0"));
                alike.First().AddBeforeSelf(new XElement(
                    root.Name.Namespace + "path",
                    new XAttribute("d", path),
                    new XAttribute("fill", "none"),
                    new XAttribute("stroke", fill),
                    new XAttribute("stroke-width", SvgSheet.Number(2 * alike.Key.Radius)),
                    new XAttribute("stroke-linecap", "round")));
                alike.Remove();
            }
        }
    }

    private static double Value(XElement element, string name) =>
        double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    // The fill of a style such as "fill:#440154;stroke:none"; null where the circle has an outline too.
    private static string? Fill(string style)
    {
        var pairs = style.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(pair => pair.Split(':', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        bool outlined = pairs.TryGetValue("stroke", out string? stroke) && stroke != "none"
            && !(pairs.TryGetValue("stroke-width", out string? width) && width == "0");
        return !outlined && pairs.TryGetValue("fill", out string? fill) ? fill : null;
    }
}
