namespace EDA.Host.Figures;

/// <summary>The figure of rollouts: a dot for each episode, by policy.</summary>
public static class ScoreFigure
{
    // Of the figure, and of a policy, whose name has to find room.
    private const double LeastWidth = 640;
    private const double PolicyWidth = 116;
    private const double Height = 280;

    /// <summary>Draws it.</summary>
    /// <param name="scores">The scores of the episodes, by policy; at least one.</param>
    /// <param name="score">What a score is: normalised score, or return.</param>
    /// <param name="published">The paper's score, drawn as a line; null for none.</param>
    /// <returns>The figure.</returns>
    public static Figure Draw(IReadOnlyList<(string Name, double[] Scores)> scores, string score, double? published)
    {
        double width = Math.Max(LeastWidth, scores.Count * PolicyWidth);
        var sheet = new SvgSheet("scores", width, Height);
        sheet.Add(Panels.Dots(scores, score, published), 0, 0, width, Height);
        return new Figure(
            "scores",
            $"The {score} of every episode; the bars are the means." + (published is null ? string.Empty : " Dashed: the paper's policy with rejection sampling."),
            sheet.ToDocument());
    }
}
