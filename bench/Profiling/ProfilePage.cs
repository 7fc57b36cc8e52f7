using EDA.Host.Figures;
using EDA.Host.Reports;

namespace EDA.Bench.Profiling;

/// <summary>index.html of a profile: where the time goes, in a sentence, in tables and under the roofline.</summary>
internal static class ProfilePage
{
    /// <summary>Writes it.</summary>
    /// <param name="document">The profile.</param>
    /// <param name="sentence">Where the time goes.</param>
    /// <param name="tables">The tables, as the console shows them.</param>
    /// <param name="roofline">The roofline, an SVG document.</param>
    /// <returns>The page.</returns>
    public static string Write(ProfileDocument document, string sentence, string tables, string roofline) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{IndexPage.Text(document.Recipe)}, profile</title>
        <style>
        {IndexPage.Style}
        </style>
        </head>
        <body>
        <h1>{IndexPage.Text(document.Recipe)}</h1>
        <p class="lead">{IndexPage.Text(document.Device)}, {IndexPage.Text(document.Precision)}; EDA.Engine {IndexPage.Text(document.Version.Split('+')[0])}</p>
        <p>{IndexPage.Text(sentence)} (Of a whole run, in proportion to its steps; episodes that end early take less.)</p>
        <h2>Stages and operations</h2>
        <pre>{IndexPage.Text(tables)}</pre>
        <h2>Roofline</h2>
        <figure>
        {IndexPage.Inline(new Figure("roofline", string.Empty, roofline))}
        </figure>
        <h2>Reproduce</h2>
        <pre><code>{IndexPage.Text(document.Command)}</code></pre>
        </body>
        </html>

        """;
}
