using System.Text;
using EDA.Host.Reports;

namespace EDA.Host.View;

/// <summary>What all pages of the web view have in common: head, navigation, and a part that is asked for again and again.</summary>
internal static class ViewPage
{
    /// <summary>A page whose parts change while it is looked at.</summary>
    /// <param name="title">The title.</param>
    /// <param name="parts">Where its parts are asked for; null for a page that stays as it is.</param>
    /// <param name="body">The parts as they are now, HTML.</param>
    /// <returns>The page.</returns>
    public static string Write(string title, string? parts, string body) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{Text(title)}</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/view.css">
        <link rel="stylesheet" href="/player.css">
        <script src="/player.js" defer></script>
        <script src="/view.js" defer></script>
        </head>
        <body>
        <header><nav aria-label="EDA.Engine"><a href="/">Runs</a></nav><span id="connection" role="status"></span></header>
        <main{(parts is null ? string.Empty : $" data-parts=\"{Text(parts)}\"")}>
        {body}
        </main>
        </body>
        </html>

        """;

    /// <summary>A part of a page, which is put in place of the one of the same name where its text has changed.</summary>
    /// <param name="name">Its name on the page.</param>
    /// <param name="html">What is in it.</param>
    /// <param name="heading">Its heading; null for none.</param>
    /// <returns>The part.</returns>
    public static string Part(string name, string html, string? heading = null) =>
        $"<section data-part=\"{Text(name)}\"{(heading is null ? string.Empty : $" aria-label=\"{Text(heading)}\"")}>{(heading is null ? string.Empty : $"<h2>{Text(heading)}</h2>")}\n{html}</section>\n";

    /// <summary>A page that says why there is none.</summary>
    /// <param name="heading">What went wrong.</param>
    /// <param name="reason">Why.</param>
    /// <returns>The page.</returns>
    public static string Refusal(string heading, string reason) => Write(heading, null, $"<h1>{Text(heading)}</h1><p class=\"note\">{Text(reason)}</p><p><a href=\"/\">All runs</a></p>");

    /// <summary>A bar that is filled so far.</summary>
    /// <param name="share">From 0 to 1.</param>
    /// <param name="what">What is measured, for who does not see it.</param>
    /// <returns>The bar.</returns>
    public static string Bar(double share, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"<progress max=\"1\" value=\"{Math.Clamp(share, 0, 1):0.####}\" aria-label=\"{Text(what)}\"></progress>");

    /// <summary>A state as a word with its colour.</summary>
    /// <param name="state">The state.</param>
    /// <returns>The mark.</returns>
    public static string State(string state) => $"<span class=\"state {Text(state)}\">{Text(state)}</span>";

    /// <summary>A table of text.</summary>
    /// <param name="heads">The heads.</param>
    /// <param name="rows">The rows, HTML in their cells.</param>
    /// <returns>The table.</returns>
    public static string Table(IEnumerable<string> heads, IEnumerable<IEnumerable<string>> rows)
    {
        var table = new StringBuilder("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"table\"><table><thead><tr>");
        foreach (string head in heads)
            table.Append($"<th scope=\"col\">{Text(head)}</th>");
        table.Append("</tr></thead>\n<tbody>");
        foreach (var row in rows)
            table.Append($"<tr>{string.Concat(row.Select(cell => $"<td>{cell}</td>"))}</tr>\n");
        return table.Append("</tbody></table></div>\n").ToString();
    }

    /// <summary>Text as HTML.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The same, with its special letters escaped.</returns>
    public static string Text(string text) => IndexPage.Text(text);
}
