using EDA.Engine.Runs;
using EDA.Host.Experiments.Report;
using EDA.Host.Figures;
using EDA.Host.Reports;

namespace EDA.Host.Experiments.Paper;

/// <summary>The bandits' own figures below each other, as the paper's Figures 3, 7 and 8 have them.</summary>
internal static class BanditGallery
{
    private const string Overview = "overview";

    /// <summary>Collects them.</summary>
    /// <param name="report">The report on the runs.</param>
    /// <returns>A figure for each run on a bandit.</returns>
    public static IEnumerable<Figure> Of(RunReport report)
    {
        foreach (var run in report.Search.Runs.Where(run => run.Request.Settings.Kind == RunKind.Bandit && File.Exists(run.Folder.Figure(Overview))))
        {
            string name = Path.GetFileName(run.Folder.FullPath);

            // On one page no two images may have parts of one name.
            string prefix = string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-'));
            string svg = File.ReadAllText(run.Folder.Figure(Overview)).Replace($"\"{Overview}-", $"\"{prefix}-", StringComparison.Ordinal).Replace($"#{Overview}-", $"#{prefix}-", StringComparison.Ordinal);
            var settings = run.Request.Settings;
            yield return new Figure(prefix, $"{run.Request.Task.Name}, {RunPresentation.Of(settings).Overview(settings)}", svg);
        }
    }
}
