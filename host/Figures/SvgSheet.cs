using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OxyPlot;

namespace EDA.Host.Figures;

/// <summary>A sheet that plots and words are laid out on: one SVG image.</summary>
public sealed partial class SvgSheet
{
    /// <summary>The typefaces of every figure, the first that the reader's machine has.</summary>
    public const string Font = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";
    private static readonly XNamespace XLink = "http://www.w3.org/1999/xlink";

    private readonly List<XElement> _parts = [];
    private readonly string _name;
    private readonly double _width;
    private readonly double _height;

    /// <summary>Starts a sheet.</summary>
    /// <param name="name">Its name, unlike that of any sheet on the same page.</param>
    /// <param name="width">Its width in pixels.</param>
    /// <param name="height">Its height in pixels.</param>
    public SvgSheet(string name, double width, double height) => (_name, _width, _height) = (name, width, height);

    /// <summary>Puts a plot on the sheet.</summary>
    /// <param name="model">The plot.</param>
    /// <param name="x">Its left edge.</param>
    /// <param name="y">Its upper edge.</param>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    public void Add(PlotModel model, double x, double y, double width, double height)
    {
        var exporter = new SvgExporter { Width = width, Height = height, IsDocument = true };
        var root = XDocument.Parse(WithoutDocumentType(exporter.ExportToString(model))).Root
            ?? throw new InvalidOperationException("the plot exporter wrote no root element");
        SvgCompaction.Apply(root);
        PngCompaction.Apply(root);
        Lighten(root);
        MakeNamesUnique(root, $"{_name}-{_parts.Count}-");
        // Neighbouring cells of a colour bar would show the page between them if their edges were smoothed.
        foreach (var cell in root.Descendants(Svg + "rect"))
            cell.SetAttributeValue("shape-rendering", "crispEdges");
        root.SetAttributeValue("x", Number(x));
        root.SetAttributeValue("y", Number(y));
        root.SetAttributeValue("width", Number(width));
        root.SetAttributeValue("height", Number(height));
        root.SetAttributeValue("viewBox", $"0 0 {Number(width)} {Number(height)}");
        root.SetAttributeValue("version", null);
        _parts.Add(root);
    }

    /// <summary>Writes a line of text; <c>_{x}</c> and <c>^{x}</c> set x lower or higher.</summary>
    /// <param name="text">The text.</param>
    /// <param name="x">Where it is anchored.</param>
    /// <param name="y">Its baseline.</param>
    /// <param name="size">The font size in pixels.</param>
    /// <param name="anchor">start, middle or end.</param>
    /// <param name="vertical">Whether it reads upwards.</param>
    /// <param name="color">Its colour.</param>
    public void Write(string text, double x, double y, double size = 12, string anchor = "middle", bool vertical = false, string color = "#222")
    {
        var element = new XElement(
            Svg + "text",
            new XAttribute("x", Number(x)),
            new XAttribute("y", Number(y)),
            new XAttribute("font-size", Number(size)),
            new XAttribute("fill", color),
            new XAttribute("text-anchor", anchor));
        if (vertical)
            element.SetAttributeValue("transform", $"rotate(-90 {Number(x)} {Number(y)})");
        double shift = 0;
        foreach (Match match in Script().Matches(text))
        {
            bool script = match.Groups["mark"].Success;
            double wanted = !script ? 0 : match.Groups["mark"].Value == "_" ? 0.25 * size : -0.35 * size;
            var span = new XElement(Svg + "tspan", script ? match.Groups["body"].Value : match.Value);
            if (wanted != shift)
                span.SetAttributeValue("dy", Number(wanted - shift));
            if (script)
                span.SetAttributeValue("font-size", Number(0.75 * size));
            shift = wanted;
            element.Add(span);
        }

        _parts.Add(element);
    }

    /// <summary>The sheet as an SVG document.</summary>
    /// <returns>The text of the file.</returns>
    public string ToDocument()
    {
        var root = new XElement(
            Svg + "svg",
            new XAttribute(XNamespace.Xmlns + "xlink", XLink),
            new XAttribute("width", Number(_width)),
            new XAttribute("height", Number(_height)),
            new XAttribute("viewBox", $"0 0 {Number(_width)} {Number(_height)}"),
            new XAttribute("font-family", Font),
            new XElement(
                Svg + "rect",
                new XAttribute("width", "100%"),
                new XAttribute("height", "100%"),
                new XAttribute("fill", "#fff")),
            _parts);
        return new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n")
            .Append(root.ToString(SaveOptions.DisableFormatting)).Append('\n').ToString();
    }

    internal static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    // What makes the file long and nothing to see: thousandths of a pixel, lines without width, the sheet's own typefaces.
    private static void Lighten(XElement root)
    {
        foreach (var line in root.Descendants().Where(element => element.Name.LocalName is "polyline" or "polygon").ToList())
        {
            if ((string?)line.Attribute("shape-rendering") == "geometricPrecision")
                line.SetAttributeValue("shape-rendering", null);
            if (((string?)line.Attribute("style"))?.EndsWith("stroke-width:0", StringComparison.Ordinal) == true)
                line.Remove();
            else if (line.Attribute("points") is { } points)
                points.Value = LongNumber().Replace(points.Value, match => Number(double.Parse(match.Value, CultureInfo.InvariantCulture)));
        }

        foreach (var parent in root.DescendantsAndSelf().ToList())
            JoinTicks(parent);
        ShareClipPaths(root);
        foreach (var text in root.Descendants(Svg + "text").Where(text => (string?)text.Attribute("font-family") == Font))
            text.SetAttributeValue("font-family", null);
    }

    // Neighbouring lines of two points that look alike become one path.
    private static void JoinTicks(XElement parent)
    {
        XElement? path = null;
        string? look = null;
        foreach (var element in parent.Elements().ToList())
        {
            string[] ends = element.Name.LocalName == "polyline" ? ((string?)element.Attribute("points") ?? string.Empty).Split(' ') : [];
            string own = string.Join(';', element.Attributes().Where(attribute => attribute.Name.LocalName != "points"));
            if (ends.Length != 2)
            {
                path = null;
                continue;
            }

            string line = $"M{ends[0]}L{ends[1]}";
            if (path is not null && look == own)
            {
                path.SetAttributeValue("d", (string?)path.Attribute("d") + line);
                element.Remove();
                continue;
            }

            (path, look) = (new XElement(Svg + "path", new XAttribute("d", line), element.Attributes().Where(attribute => attribute.Name.LocalName != "points")), own);
            element.ReplaceWith(path);
        }
    }

    // Every series comes with a frame of its own to be clipped to, and it is the same one.
    private static void ShareClipPaths(XElement root)
    {
        var first = new Dictionary<string, string>();
        var shared = new Dictionary<string, string>();
        foreach (var clip in root.Descendants(Svg + "clipPath").ToList())
        {
            string id = (string)clip.Attribute("id")!, frame = string.Concat(clip.Elements());
            shared[$"url(#{id})"] = $"url(#{(first.TryAdd(frame, id) ? id : first[frame])})";
            if (first[frame] == id)
                continue;
            var parent = clip.Parent!;
            clip.Remove();
            if (parent.Name == Svg + "defs" && !parent.HasElements)
                parent.Remove();
        }

        foreach (var attribute in root.Descendants().SelectMany(element => element.Attributes("clip-path")))
            attribute.Value = shared.GetValueOrDefault(attribute.Value, attribute.Value);
    }

    // Plots name their clip paths alike; on one sheet, and on one page, the names must differ.
    private static void MakeNamesUnique(XElement root, string prefix)
    {
        foreach (var attribute in root.DescendantsAndSelf().SelectMany(e => e.Attributes()))
        {
            if (attribute.Name.LocalName == "id")
                attribute.Value = prefix + attribute.Value;
            else if (attribute.Value.Contains("url(#", StringComparison.Ordinal))
                attribute.Value = attribute.Value.Replace("url(#", "url(#" + prefix, StringComparison.Ordinal);
        }
    }

    private static string WithoutDocumentType(string document) => DocumentType().Replace(document, string.Empty);

    [GeneratedRegex(@"-?\d+\.\d{3,}")]
    private static partial Regex LongNumber();

    [GeneratedRegex("<!DOCTYPE[^>]*>")]
    private static partial Regex DocumentType();

    [GeneratedRegex(@"(?<mark>[_^])\{(?<body>[^}]*)\}|[^_^]+|[_^]")]
    private static partial Regex Script();
}
